"""The dashboard of messages: whether customers and owners hear what they should, in time."""

from __future__ import annotations

from typing import Final

from tools.grafana.panels import RED, YELLOW, Dashboard, Panel, Query, Section, firing, stat

IN_STATE: Final = 'max(job_state:candor_notices_in_state:max{{state="{}"}})'
CHANGED: Final = 'sum by (statement) (increase(candor_notices_changed_total{{state="{}"}}[1h]))'

FIRST: Final = (
    firing("messages"),
    stat(
        "Sending",
        "Whether messages go out. Off: they are kept as previews and no customer is told anything, until an admin "
        "turns it on.",
        "max(candor_sending_enabled)",
        base=YELLOW,
        steps=((1, "green"),),
        words={0: "off", 1: "on"},
        runbook="sending-off",
    ),
    stat(
        "Kill switch",
        "On: somebody stopped every message. Find out why before you lift it.",
        "max(candor_kill_switch_engaged)",
        steps=((1, RED),),
        words={0: "off", 1: "on"},
        runbook="sending-off",
    ),
    stat(
        "Oldest unsent",
        "How long ago the oldest message that has not gone out was decided. Ten minutes are the wait for an owner; "
        "above half an hour somebody is woken.",
        "max(job:candor_notice_unsent_oldest_age_seconds:max)",
        unit="s",
        steps=((900, YELLOW), (1800, RED)),
        runbook="late-messages",
    ),
    stat(
        "Unknown outcome",
        "Messages of which nobody knows whether they went out. They are never sent again by themselves: find out and "
        "say so.",
        IN_STATE.format("unknown"),
        steps=((1, YELLOW),),
        runbook="unknown-messages",
    ),
    stat(
        "Held",
        "Messages held because of their wording. Their customers have not been told: read them and decide.",
        IN_STATE.format("held"),
        steps=((1, YELLOW),),
        runbook="held-messages",
    ),
)
SENT: Final = (
    Panel(
        title="Sent, each hour",
        text="Messages that went out within the last hour, by what they say. Many warnings at once have one cause: "
        "look at the incidents on the board.",
        queries=(Query(CHANGED.format("sent"), "{{statement}}"),),
        width=12,
        low=0,
        runbook="late-messages",
    ),
    Panel(
        title="From decision to sent",
        text="Time until half, and until 9 of 10, messages went out, the wait for the owner included. If it rises, "
        "see the channels below.",
        queries=tuple(
            Query(
                f"histogram_quantile({share}, sum by (le) (rate(candor_notice_seconds_bucket[$__rate_interval])))",
                legend,
            )
            for share, legend in ((0.5, "half"), (0.9, "9 of 10"))
        ),
        unit="s",
        width=12,
        low=0,
        steps=((1800, RED),),
        runbook="late-messages",
    ),
)
NOT_SENT: Final = (
    Panel(
        title="On their way or stopped",
        text="Messages by state. Queued ones that grow: see the channels; unknown and held ones: a person must decide.",
        queries=(Query('job_state:candor_notices_in_state:max{state!~"sent|suppressed"}', "{{state}}"),),
        low=0,
        runbook="late-messages",
    ),
    Panel(
        title="Failed for good, each hour",
        text="Messages refused by the mail server, or not sent in twelve attempts. More than five an hour: look at "
        "what the server says.",
        queries=(Query(CHANGED.format("failed"), "{{statement}}"),),
        low=0,
        steps=((5, RED),),
        runbook="late-messages",
    ),
    Panel(
        title="Not sent on purpose, each hour",
        text="Messages that were not worth sending any more, or that the customer does not want, by reason. If most "
        "are of one reason, look at what it means in the runbook.",
        queries=(
            Query("sum by (reason) (increase(candor_notices_suppressed_total[1h]))", "{{reason}}"),
            Query("sum(increase(candor_notices_suppressed_total[1h])) or vector(0)", "all"),
        ),
        low=0,
        runbook="late-messages",
    ),
)
CHANNELS: Final = (
    Panel(
        title="Channel away",
        text="1 while no process reaches the channel's server. Messages wait and are tried again; see whether the "
        "server is down or refuses us.",
        queries=(Query('min by (check) (candor_check_failed{check=~"channel .+"})', "{{check}}"),),
        low=0,
        high=1,
        decimals=0,
        runbook="late-messages",
    ),
    Panel(
        title="For a channel that is gone",
        text="Messages that wait for a channel which no process has. Set it up again, or they are decided anew after "
        "an hour.",
        queries=(Query("max(candor_deliveries_without_channel) or vector(0)", "messages"),),
        low=0,
        steps=((1, RED),),
        runbook="late-messages",
    ),
    Panel(
        title="Error budget left",
        text="What is left, over 28 days, of the messages that may go out late. Below 0: see what made them late "
        "before changing anything else.",
        queries=(Query('slo:candor_error_budget_left:ratio{slo="messages-in-time"}', "messages in time"),),
        unit="percentunit",
        low=-1,
        high=1,
        base="red",
        steps=((0, "green"),),
        runbook="late-messages",
    ),
)
DASHBOARD: Final = Dashboard(
    "messages",
    "Candor: messages",
    "Whether customers hear what they should, in time. First row: what to act on now.",
    (
        Section("Now", FIRST),
        Section("What goes out", SENT),
        Section("What does not", NOT_SENT),
        Section("Channels", CHANNELS),
    ),
)
