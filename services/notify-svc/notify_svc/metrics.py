"""Metrics specific to notify-svc."""

from __future__ import annotations

from typing import Final

from candor.ops.metrics import counter, gauge, histogram

NOTICES: Final = gauge("notices_in_state", "Notices by state.", "state")
NOTICES_TOTAL: Final = counter("notices_changed_total", "Notices that reached a state.", "state", "statement")
NOTICE_UNKNOWN_AGE_SECONDS: Final = gauge(
    "notice_unknown_oldest_age_seconds", "Age of the oldest notice of which nobody knows whether it went out."
)
DELIVERIES_WITHOUT_CHANNEL: Final = gauge(
    "deliveries_without_channel", "Deliveries that wait for a channel which this process does not have.", "channel"
)
NOTICES_SUPPRESSED: Final = counter("notices_suppressed_total", "Notices not sent, by the reason kept.", "reason")
NEXT_UPDATES: Final = counter(
    "next_updates_total", "Next updates that were due, by whether they were written in time.", "state"
)
NOTICE_UNSENT_AGE_SECONDS: Final = gauge(
    "notice_unsent_oldest_age_seconds", "Age of the oldest message that was decided and has not gone out."
)
NOTICE_SECONDS: Final = histogram(
    "notice_seconds",
    "From the decision to the provider's yes, the wait for the owner included.",
    (1, 5, 30, 60, 300, 600, 900, 1800, 3600, 14400),
)
FACTS_AGE_SECONDS: Final = gauge(
    "facts_age_seconds", "Age of the oldest facts that messages of this process's partitions would rest on."
)
UPSTREAM_AGE_SECONDS: Final = gauge(
    "upstream_age_seconds", "Seconds since which a process upstream has not said that its work is done.", "process"
)
DECISIONS_WAITED: Final = counter("decisions_waited_total", "Promises not decided on because their facts were too old.")
NOTICES_WAITING: Final = gauge(
    "notices_waiting_for_facts", "Messages that are due and wait because their facts are too old."
)
SENDING_ENABLED: Final = gauge("sending_enabled", "1 while messages are sent, 0 while they are kept as previews.")
MASS_HELD: Final = gauge(
    "mass_held_customers", "Customers to whom letters were due when a mass of them was held; 0 while none is."
)
APPROVALS_WAITING: Final = gauge("approvals_waiting", "Messages to customers that wait for a person's word.")
APPROVALS_OVERDUE: Final = gauge(
    "approvals_overdue", "Messages to customers that have waited for a person longer than APPROVAL_WAIT_MINUTES."
)
TEMPLATES_FAILING: Final = gauge(
    "templates_failing", "Templates in use that made no letter of some facts, so that the built-in one was used."
)
UNSUBSCRIBED: Final = counter("unsubscribed_total", "Customers who left our messages, or came back.", "state")
MAIL_REPORTS: Final = counter("mail_reports_total", "Mails in the mailbox of bounces, by what they said.", "reason")
KILL_SWITCH: Final = gauge("kill_switch_engaged", "1 while the kill switch stops every message.")
