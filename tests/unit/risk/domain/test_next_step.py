"""What staff do next: each answer by a case of its own, and what holds of any promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Component
from risk_svc.domain.next_step import CALM, DOUBTFUL, NOTHING_BELOW, WORDS, NextStep, Seen, next_step

LATE, SCOPE, INCIDENTS = Component.LATENESS, Component.SCOPE, Component.INCIDENTS
seen = st.builds(
    Seen,
    score=st.floats(0, 99.9),
    p_slip=st.none() | st.floats(0, 1),
    told=st.booleans(),
    missed=st.booleans(),
    shares=st.dictionaries(st.sampled_from(Component), st.floats(0.001, 1)),
)


def case(
    score: float = 60.0, p_slip: float | None = 0.8, *, told: bool = True, missed: bool = False, **shares: float
) -> Seen:
    return Seen(score, p_slip, told, missed, {Component(name): share for name, share in shares.items()})


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (case(4.0, 0.1, lateness=1.0), NextStep.NOTHING),
        (case(4.0, None, lateness=1.0), NextStep.NOTHING),
        (case(NOTHING_BELOW, 0.1, lateness=1.0), NextStep.WATCH),
        (case(4.0, 0.31, lateness=1.0), NextStep.WATCH),
        (case(4.0, 0.1, missed=True, lateness=1.0), NextStep.AGREE_DATE),
        (case(30.0, 0.2, lateness=0.4, unbacked=0.6), NextStep.HAVE_IT_ACCEPTED),
        (case(told=False, lateness=0.9, unbacked=0.1), NextStep.HAVE_IT_ACCEPTED),
        (case(told=False, lateness=1.0), NextStep.TELL_CUSTOMER),
        (case(40.0, None, told=False, missed=True, lateness=1.0), NextStep.TELL_CUSTOMER),
        (case(lateness=0.4, incidents=0.6), NextStep.ANSWER_INCIDENT),
        (case(lateness=0.6, incidents=0.4), NextStep.AGREE_DATE),
        (case(20.0, 0.2, lateness=0.4, incidents=0.6), NextStep.WATCH),
        (case(lateness=0.4, scope=0.6), NextStep.AGREE_SCOPE),
        (case(30.0, 0.1, scope=1.0), NextStep.AGREE_SCOPE),
        (case(30.0, 0.4, lateness=1.0), NextStep.WATCH),
        (case(60.0, DOUBTFUL, silence=1.0), NextStep.AGREE_DATE),
    ],
)
def test_the_first_that_applies(one: Seen, expected: NextStep) -> None:
    assert next_step(one) is expected


@given(seen)
def test_every_promise_has_one_and_it_has_words(one: Seen) -> None:
    assert WORDS[next_step(one)]


@given(seen)
def test_nothing_is_said_only_where_little_is_open_and_no_slip_is_likely(one: Seen) -> None:
    calm = one.score < NOTHING_BELOW and (one.p_slip or 0.0) <= CALM and not one.missed
    assert (next_step(one) is NextStep.NOTHING) == calm


@given(seen)
def test_a_customer_who_was_told_is_never_to_be_told_again(one: Seen) -> None:
    assert not (one.told and next_step(one) is NextStep.TELL_CUSTOMER)
