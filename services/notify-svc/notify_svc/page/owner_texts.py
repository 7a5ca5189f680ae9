"""Every text of the page by which a promise's owner decides who tells the customer."""

from __future__ import annotations

from typing import Final

HEADING: Final = "Your customer is to be told this"
TELL: Final = "I tell them myself"
TELL_MEANS: Final = "If you tell them yourself, come back here and write what you said. Otherwise the message goes out."
SEND: Final = "Send it now"
TAKEN: Final = "It was taken over: until {until} nothing is sent. Then the message goes out, if it still holds."
SAID: Final = "What you said to the customer, who may read it on their page"
ANSWERED: Final = "What they answered (optional)"
RECORD: Final = "I have told them this"
NO_WORDS: Final = "Write what you said, in at most 2,000 characters."
NOT_THE_FORM: Final = "This is not the form. Try again."
TOO_LATE: Final = "Somebody was faster, or it is not so any more."
SENT: Final = "The customer was told."
ON_ITS_WAY: Final = "It is on its way, after a last look at the facts."
NOT_SAID: Final = "This is not said: it is no longer so, or somebody held it."


def over(state: str, reason: str) -> str:
    """What became of a message that waits no more."""
    if state in ("sent", "unknown") or reason == "said_by_phone":
        return SENT
    return ON_ITS_WAY if state in ("pending", "sending") else NOT_SAID
