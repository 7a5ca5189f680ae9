"""Promises that were first heard of after their date without an end: what is not told yet is not taken for an answer.

Of a history that comes in promise by promise the ends may come later. Until its end comes, such a promise teaches
nothing; after a time in which it would have come, that there is none counts from its date on. Pure.
"""

from __future__ import annotations

import math
from typing import Final

from candor.contracts import Standing
from risk_svc.domain.pauses import deadline
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState

LEAST_S: Final = 86_400.0
MOST_S: Final = 30 * LEAST_S
"""How long an end is waited for: as long as the promise was made for, but no less than a day and no more than 30."""


def first_heard(state: PromiseState, now: float) -> None:
    """Note when a promise was heard of, if that was after its date and without an end."""
    if _is_overdue(state, now):
        state.view.untaught = now
        if state.historical:
            # History is reviewed by no forecast.
            state.view.review = taught_from(state)


def taught_from(state: PromiseState) -> float:
    """From when on it teaches that it has no end; inf of one that is taught."""
    if state.view.untaught is None:
        return math.inf
    return state.view.untaught + min(max(state.lead, LEAST_S), MOST_S)


def is_kept_back(state: PromiseState, now: float) -> bool:
    """Whether nothing is learnt of it yet."""
    return _is_overdue(state, now) and now < taught_from(state)


def teach(state: PromiseState) -> None:
    """From now on it teaches like any other."""
    state.view.untaught = None
    if state.historical:
        state.view.review = 0.0


def _is_overdue(state: PromiseState, now: float) -> bool:
    return standing(state) is Standing.OPEN and deadline(state, now) < now
