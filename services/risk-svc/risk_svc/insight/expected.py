"""What a customer expected of a promise before it ended: the date they hold, or what they were told last of it."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from candor.contracts import NoticeState, Statement
from risk_svc.domain import pauses
from risk_svc.domain.state import PromiseState

OPEN_END: Final = math.inf


class Expected(NamedTuple):
    """From when to when a promise was expected, in epoch seconds, and what was said last of it; None: nothing was."""

    begin: float | None
    end: float | None
    told_before: str | None


UNKNOWN: Final = Expected(None, None, None)


def expected(state: PromiseState, ended: float | None) -> Expected:
    """What the customer expected when a promise ended; UNKNOWN of one that is open, and of history.

    That is the range of the last message that went out before it ended. Without a message, and after an all-clear, it
    is the date they hold, up to the deadline, which moves by what was waited for them; after another message without a
    range, no end is known.
    """
    if ended is None or state.historical or state.placeholder:
        return UNKNOWN
    deadline = pauses.deadline(state, ended)
    said = [one for one in state.notices if one.state == NoticeState.SENT and one.at < ended]
    if not said:
        return Expected(state.held_due, deadline, None)
    last = max(said, key=lambda one: one.at)
    if last.statement == Statement.ALL_CLEAR:
        return Expected(state.held_due, deadline, last.statement)
    if last.low is not None and last.high is not None:
        return Expected(last.low, last.high, last.statement)
    return Expected(state.held_due, OPEN_END, last.statement)
