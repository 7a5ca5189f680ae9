"""A wish as letters and the customer's page say it: in approved words, with the day on which it is looked at again."""

from __future__ import annotations

from notify_svc.compose.localize import Localizer
from notify_svc.compose.quoting import Quotes, one_line
from notify_svc.domain.wished import Wished


def bare(words: str) -> str:
    """Words in one line, without the full stop that the sentence around them has."""
    return one_line(words).rstrip(".。 ")


def wished_in_letter(wish: Wished | None, civil: Localizer, quotes: Quotes) -> dict[str, str] | None:
    """What a letter says of a wish; None where there is none, its day is over, or the lint objects to its words."""
    if wish is None or wish.look_again_on < civil.today():
        return None
    what = quotes.taken("wish", bare(wish.what))
    if not what:
        return None
    workaround = quotes.taken("workaround", bare(wish.workaround))
    return {"what": what, "workaround": workaround, "day": civil.date_text(wish.look_again_on)}
