"""How long an end is waited for of a promise that was first heard of after its date."""

from __future__ import annotations

import math
from typing import Any

import pytest

from risk_svc.domain import untaught
from risk_svc.domain.state import PromiseState

DAY = 86_400.0


def heard(lead: float, after: float, **fields: Any) -> PromiseState:
    """A promise made at 0 for `lead`, heard of so long after its date."""
    state = PromiseState(promise_id="p", customer_id="c", promise_version=1, held_due=lead, latest_due=lead, **fields)
    untaught.first_heard(state, lead + after)
    return state


@pytest.mark.parametrize(("lead", "wait"), [(3600.0, DAY), (9 * DAY, 9 * DAY), (400 * DAY, 30 * DAY)])
def test_an_end_is_waited_for_as_long_as_the_promise_was_made_for(lead: float, wait: float) -> None:
    state = heard(lead, 5 * DAY)
    assert untaught.taught_from(state) == pytest.approx(lead + 5 * DAY + wait)
    assert untaught.is_kept_back(state, untaught.taught_from(state) - 1)
    assert not untaught.is_kept_back(state, untaught.taught_from(state))


def test_what_is_heard_of_in_time_or_has_ended_is_not_kept_back() -> None:
    assert untaught.taught_from(heard(DAY, -1)) == math.inf
    assert untaught.taught_from(heard(DAY, 1, withdrawn=True)) == math.inf


def test_history_is_looked_at_again_while_it_waits_and_no_longer() -> None:
    state = heard(2 * DAY, 1, historical=True)
    assert state.view.review == untaught.taught_from(state)
    untaught.teach(state)
    assert (state.view.review, untaught.taught_from(state)) == (0.0, math.inf)
