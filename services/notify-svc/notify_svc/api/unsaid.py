"""Why something was not said to a customer, in words that follow "Not said:" on their record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WHY: Final[Mapping[str, str]] = {
    "withdrawn": "the promise was withdrawn first",
    "disputed": "the customer and we see differently how it ended",
    "historical": "the promise was entered as history, and nobody is written to about that",
    "no_contact": "there is no contact of the customer",
    "no_consent": "the customer has not agreed to be written to",
    "unsubscribed": "the customer wants no messages",
    "purpose_not_wanted": "the customer wants no messages of this kind",
    "bad_contact": "the customer's contact cannot be used",
    "address_refused": "there is no such address as the customer's contact has",
    "daily_cap": "the customer had as many messages within a day as are sent at most",
    "quiet_hours": "the customer's quiet hours had begun; it was decided anew when they ended",
    "tolerated": "the customer has come to expect no message of such a risk, so early, or so soon after the last",
    "dropped": "it was held with a mass of others, and a person dropped it",
    "withheld": "a person decided not to say it",
    "refused": "the provider refused the message",
    "gave_up": "no attempt could send it",
    "returned": "it came back",
    "operator_not_sent": "a person found that it had not gone out",
    "noted": "it was noted, and no message tells of it",
}
OTHERWISE: Final = "it could not be sent"


def why_unsaid(reason: str) -> str:
    """The words for a reason; "" for none."""
    return WHY.get(reason, OTHERWISE) if reason else ""
