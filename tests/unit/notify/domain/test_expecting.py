"""How each customer wants to be written to: who tolerates more is written to less, and nobody is kept from what is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from candor.contracts import FactKind, Standing, Statement, Tolerance
from notify_svc.compose.contact import Contact
from notify_svc.domain.basis import basis_of
from notify_svc.domain.episode import after_speaking, decide, observe
from notify_svc.domain.expecting import expected, rules_of, spared, warned_from
from notify_svc.domain.facts import Announcement, Episode, Expectation, Gap, Kind, Move, Promise, Reason, Rules
from notify_svc.domain.schedule import next_update, told_range
from notify_svc.domain.silence import Composed, outdated
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, NEW_YORK, RULES, gap, minutes, promise, step, told

LEAST, MOST = Tolerance.LOW, Tolerance.HIGH
STEPS = (LEAST, Tolerance.USUAL, MOST)
hours = st.none() | st.integers(1, 96).map(lambda n: timedelta(hours=n))
someone = st.builds(Expectation, tolerance=st.none() | st.sampled_from(STEPS), ahead=hours, pace=hours)


def ordered(one: Expectation, other: Expectation) -> tuple[Expectation, Expectation]:
    """Of two, what who tolerates least would say in each, and what who tolerates most would."""
    tolerances = sorted((one.tolerance or STEPS[1], other.tolerance or STEPS[1]), key=STEPS.index)
    aheads = sorted((one.ahead or timedelta.max, other.ahead or timedelta.max), reverse=True)
    paces = sorted((one.pace or timedelta(0), other.pace or timedelta(0)))
    first, second = ((None if ahead == timedelta.max else ahead) for ahead in aheads)
    return Expectation("", tolerances[0], first, paces[0]), Expectation("", tolerances[1], second, paces[1])


def of(own: Expectation, rules: Rules = RULES) -> Rules:
    return rules_of(rules, own)


class Happens(NamedTuple):
    """So many minutes later the newest forecast has this risk, with a P50 and a P80 so many minutes past the date."""

    later: int
    risk: float
    p50: int = 40
    width: int = 40


risks = st.sampled_from([0.0, 0.2, 0.4, 0.55, 0.72, 0.8, 0.9, 1.0])
happens = st.builds(Happens, st.integers(1, 90), risks, p50=st.integers(5, 400), width=st.integers(5, 120))


class Said(NamedTuple):
    at: datetime
    statement: Statement
    reason: Reason


def course(events: Sequence[Happens], rules: Rules, end: Standing | None = None) -> list[Said]:
    """What is said over a course of gaps, each looked at as it comes and whenever time alone may change it."""
    said: list[Said] = []
    episode, now = Episode(), NOON
    for number, one in enumerate(events, 1):
        until = now + minutes(one.later)
        newest = gap(one.risk, p50=DUE + minutes(one.p50), p80=DUE + minutes(one.p50 + one.width), as_of=now)
        newest = replace(newest, version=number, event_id=f"gap-{number}")
        episode, more = looked(observe(episode, newest, rules), newest, now, until, rules)
        said += more
        now = until
    if end is not None:
        last = gap(None, end, completed_at=now if end is Standing.KEPT else None)
        said += looked(episode, last, now, now + minutes(1), rules)[1]
    return said


def looked(episode: Episode, newest: Gap, now: datetime, until: datetime, rules: Rules) -> tuple[Episode, list[Said]]:
    said: list[Said] = []
    while True:
        decision = decide(episode, newest, promise(), now, rules)
        if decision.kind is Kind.SPEAK and decision.statement is not None:
            low, high = told_range(newest.forecast, now, NEW_YORK) or (None, None)
            by = next_update(now, high or DUE, NEW_YORK, rules, None, None, DUE)
            spoken = Announcement(decision.statement, now, low, high, by)
            said.append(Said(now, decision.statement, decision.reason))
            episode = after_speaking(episode, decision, spoken)
        elif decision.wake_at is not None and now < decision.wake_at < until:
            now = decision.wake_at
        else:
            return episode, said


def test_whoever_says_nothing_is_written_to_as_ever() -> None:
    assert of(Expectation()) is RULES
    assert of(Expectation("gold")) is RULES


@pytest.mark.parametrize(("tolerance", "risk"), [(None, 0.7), (LEAST, 0.5), (STEPS[1], 0.7), (MOST, 0.85)])
def test_each_tolerance_has_its_risk(tolerance: Tolerance | None, risk: float) -> None:
    assert warned_from(RULES, tolerance) == pytest.approx(risk)
    rules = of(Expectation(tolerance=tolerance))
    for p_slip, warned in ((risk + 0.01, True), (risk - 0.01, False)):
        said = course([Happens(30, p_slip)], rules)
        assert bool(said) is warned, (p_slip, said)


@given(st.floats(0, 0.98), st.floats(0.01, 1))
def test_a_warning_is_never_taken_back_at_once_whatever_the_tolerance(clear_at: float, share: float) -> None:
    warn_at = clear_at + (1 - clear_at) * share
    rules = Rules(warn_at=warn_at, clear_at=clear_at)
    low, usual, high = (warned_from(rules, one) for one in STEPS)
    assert clear_at <= low <= usual <= high <= 1
    assert low > clear_at or warn_at - clear_at < 1e-9


def test_their_own_word_is_before_their_tiers_and_that_before_everybodys() -> None:
    day, week = timedelta(days=1), timedelta(days=7)
    tiers = {"Key": Expectation("", LEAST, None, day), "*": Expectation("", MOST, week)}
    rules = replace(RULES, tiers=tiers)
    assert expected(rules, Expectation("key")) == Expectation("key", LEAST, None, day)
    assert expected(rules, Expectation("KEY", MOST, pace=week)) == Expectation("KEY", MOST, None, week)
    # Of a tier that nobody set, and of none, what holds for everybody.
    assert expected(rules, Expectation("silver")) == Expectation("silver", MOST, week)
    assert expected(rules, Expectation("", Tolerance.USUAL)) == Expectation("", Tolerance.USUAL, week)
    assert rules_of(rules, Expectation("key", Tolerance.USUAL)).warn_at == RULES.warn_at


def test_a_risk_far_ahead_is_told_once_the_promised_time_is_near() -> None:
    rules = of(Expectation(ahead=timedelta(hours=2)))
    held = Episode(slip_since=NOON)
    decision = decide(held, gap(), promise(), NOON + minutes(10), rules)
    assert (decision.kind, decision.reason, decision.statement) == (Kind.WAIT, Reason.TOLERATED, Statement.WARNING)
    assert (decision.wake_at, decision.evidence["spared"]) == (DUE - timedelta(hours=2), "ahead")
    assert course([Happens(359, 0.9)], rules)[0].at == DUE - timedelta(hours=2)


def test_a_step_that_is_about_to_be_overdue_is_looked_at_while_a_risk_is_tolerated() -> None:
    overdue = step(FactKind.MILESTONE_OVERDUE, minutes=0.0)
    decision = decide(Episode(slip_since=NOON), gap(0.75, facts=(overdue,)), promise(), NOON + minutes(10), of(HIGHEST))
    assert (decision.reason, decision.wake_at) == (Reason.TOLERATED, NOON + RULES.overdue)


HIGHEST = Expectation(tolerance=MOST, ahead=timedelta(hours=1), pace=timedelta(days=4))


def test_other_times_wait_for_the_pace_but_never_past_those_that_were_told() -> None:
    rules = of(Expectation(pace=timedelta(hours=24)))
    before = told(low=LOW, high=LOW + timedelta(hours=30), next_update_by=NOON + timedelta(days=2))
    later = gap(p50=LOW + timedelta(hours=40), p80=LOW + timedelta(hours=50))
    for high, until in ((before.high, NOON + timedelta(hours=24)), (HIGH, HIGH)):
        episode = Episode(told=replace(before, high=high))
        waits = decide(episode, later, promise(), NOON + minutes(30), rules)
        assert (waits.reason, waits.statement, waits.wake_at) == (Reason.TOLERATED, Statement.UPDATE, until)
        assert until is not None
        assert decide(episode, later, promise(), until, rules).reason is Reason.RANGE_LEFT


def test_that_it_will_be_late_after_all_does_not_wait() -> None:
    rules = of(HIGHEST)
    either = Episode(told=told(low=DUE - minutes(60), high=DUE + timedelta(days=2)))
    late = gap(0.9, p50=DUE + timedelta(days=3), p80=DUE + timedelta(days=4))
    assert decide(either, late, promise(), NOON + minutes(1), rules).reason is Reason.RANGE_LEFT
    sure = Episode(told=told(low=DUE + minutes(60), high=DUE + timedelta(days=2)))
    assert decide(sure, late, promise(), NOON + minutes(1), rules).reason is Reason.TOLERATED


@pytest.mark.parametrize("days", [1, 4])
def test_no_update_is_announced_sooner_than_the_pace(days: int) -> None:
    now, pace = DUE + timedelta(hours=1), timedelta(days=days)
    by = next_update(now, DUE, NEW_YORK, of(Expectation(pace=pace)), None, None, DUE)
    assert pace <= by - now < pace + timedelta(days=1)
    assert next_update(now, DUE, NEW_YORK, RULES, None, None, DUE) - now == RULES.update_min


def test_an_announced_update_comes_when_it_was_announced() -> None:
    by = NOON + timedelta(hours=2)
    episode = Episode(told=told(next_update_by=by))
    decision = decide(episode, gap(), promise(), by, of(HIGHEST))
    assert (decision.kind, decision.reason) == (Kind.SPEAK, Reason.UPDATE_DUE)


@given(someone, st.floats(0, 1), st.integers(-600, 600), st.sampled_from(Reason), st.booleans())
def test_only_forecasts_are_spared_and_no_warning_of_a_date_that_has_passed(
    own: Expectation, risk: float, later: int, reason: Reason, before: bool
) -> None:
    now = DUE + minutes(later)
    why = spared(reason, told() if before else None, risk, gap(), promise(), now, of(own))
    if reason not in (Reason.SLIP_HELD, Reason.RANGE_LEFT) or (reason is Reason.SLIP_HELD and now >= DUE):
        assert why is None
    if why is not None and why.until is not None:
        assert why.until > now


ENDS = [
    (gap(None, Standing.CANCELLED), promise()),
    (gap(None, Standing.BROKEN), promise()),
    (gap(None, Standing.BROKEN, completed_at=DUE + timedelta(days=9)), promise()),
    (gap(None, Standing.KEPT, completed_at=DUE), promise()),
    (gap(0.1), promise()),
    (gap(0.1, facts=(step(),)), promise()),
    (gap(0.9, facts=(step(),)), promise()),
    (gap(0.9), promise(moves=(Move("m1", NOON, DUE, DUE + timedelta(days=1), agreed=False),))),
]


@pytest.mark.parametrize(("newest", "about"), ENDS)
@given(own=someone, before=st.booleans())
def test_what_has_happened_is_told_to_everybody_alike(
    newest: Gap, about: Promise, own: Expectation, before: bool
) -> None:
    episode = Episode(told=told() if before else None)
    usual = decide(episode, newest, about, NOON, RULES)
    theirs = decide(episode, newest, about, NOON, of(own))
    if usual.reason is not Reason.RANGE_LEFT:
        assert theirs == usual


@given(someone, someone, happens, st.integers(0, 600), st.booleans())
def test_in_one_situation_who_tolerates_more_is_told_no_more(
    one: Expectation, other: Expectation, now: Happens, waited: int, before: bool
) -> None:
    less, more = ordered(one, other)
    newest = gap(now.risk, p50=DUE + minutes(now.p50), p80=DUE + minutes(now.p50 + 40))
    episode = Episode(told=told() if before else None, slip_since=NOON)
    at = NOON + minutes(waited)
    theirs = decide(episode, newest, promise(), at, of(more))
    if theirs.kind is Kind.SPEAK:
        others = decide(episode, newest, promise(), at, of(less))
        assert (others.kind, others.statement) == (Kind.SPEAK, theirs.statement)


def counted(said: Sequence[Said]) -> Counter[Statement]:
    return Counter(one.statement for one in said)


@given(someone, someone, st.lists(happens, max_size=12), st.sampled_from([None, Standing.CANCELLED, Standing.KEPT]))
def test_over_a_course_who_tolerates_more_is_warned_no_more_often_and_no_earlier(
    one: Expectation, other: Expectation, events: list[Happens], end: Standing | None
) -> None:
    less, more = (course(events, of(own), end) for own in ordered(one, other))
    for statement in (Statement.WARNING, Statement.ALL_CLEAR):
        assert counted(more)[statement] <= counted(less)[statement]
    assert counted(more)[Statement.CANCELLED] == counted(less)[Statement.CANCELLED]
    for theirs, others in zip(
        *([said.at for said in found if said.statement is Statement.WARNING] for found in (more, less)), strict=False
    ):
        assert theirs >= others


short = st.none() | st.integers(1, 12).map(lambda n: timedelta(hours=n))
soon = st.builds(Expectation, tolerance=st.none() | st.sampled_from(STEPS), ahead=short, pace=short)
events_ = st.lists(happens, max_size=12)


@given(soon, soon, events_)
@example(Expectation("", LEAST), Expectation("", MOST), [Happens(60, 0.55), Happens(60, 0.9), Happens(60, 0.2)])
def test_of_the_same_times_who_tolerates_more_is_written_to_no_more_often(
    one: Expectation, other: Expectation, events: list[Happens]
) -> None:
    # Whoever was told other times hears when those do not hold: of such two, either may be told something more.
    steady = [event._replace(p50=40, width=40) for event in events]
    less, more = (course(steady, of(own)) for own in ordered(one, other))
    assert len(more) <= len(less)


@given(short, short, events_)
def test_at_a_longer_pace_nobody_is_written_to_more_often(
    one: timedelta | None, other: timedelta | None, events: list[Happens]
) -> None:
    less, more = (course(events, of(own)) for own in ordered(Expectation("", pace=one), Expectation("", pace=other)))
    assert len(more) <= len(less)


def waits(spoken_for: Reason = Reason.SLIP_HELD, risk: float = 0.75, before: Announcement | None = None) -> Composed:
    said = told(next_update_by=NOON + timedelta(hours=3))
    basis = basis_of(promise(), gap(risk), said, closing=False)
    return Composed(Statement.WARNING, spoken_for, said, closing=False, basis=basis, risk=risk, before=before)


def test_a_message_that_waits_is_given_up_if_its_customer_has_come_to_tolerate_it() -> None:
    newest, ahead, tolerant = gap(0.75), Expectation(ahead=timedelta(hours=1)), Expectation(tolerance=MOST)
    assert outdated(waits(), promise(), newest, NOON, RULES) is None
    assert outdated(waits(), promise(), newest, NOON, of(tolerant)) is Reason.TOLERATED
    assert outdated(waits(), promise(), newest, NOON, of(ahead)) is Reason.TOLERATED
    later = replace(waits(), told=replace(waits().told, next_update_by=DUE))
    assert outdated(later, promise(), newest, DUE - minutes(61), of(ahead)) is Reason.TOLERATED
    assert outdated(later, promise(), newest, DUE - minutes(59), of(ahead)) is None
    assert outdated(waits(Reason.MILESTONE_MISSED), promise(), newest, NOON, of(HIGHEST)) is None


def test_a_risk_that_moves_while_its_message_waits_takes_it_back_no_more_than_others() -> None:
    # Decided on a greater risk, or greater by now: either way it is what they are told of.
    tolerant = of(Expectation(tolerance=MOST))
    assert outdated(waits(risk=0.9), promise(), gap(0.75), NOON, tolerant) is None
    assert outdated(waits(risk=0.75), promise(), gap(0.9), NOON, tolerant) is None


def test_other_times_that_wait_are_given_up_while_the_pace_goes_on() -> None:
    earlier = told(at=NOON - timedelta(hours=1), high=HIGH + timedelta(days=3))
    said, calm = waits(Reason.RANGE_LEFT, before=earlier), of(Expectation(pace=timedelta(hours=3)))
    assert outdated(said, promise(), gap(0.9), NOON + minutes(119), calm) is Reason.TOLERATED
    assert outdated(said, promise(), gap(0.9), NOON + minutes(121), calm) is None
    assert outdated(said, promise(), gap(0.9), NOON, RULES) is None


@given(
    st.none() | st.sampled_from([*Tolerance, "endless", ""]),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.integers(-(10**30), 10**30),
)
def test_whatever_a_contact_says_can_be_decided_by(
    tolerance: str | None, ahead: float | None, pace: int | None
) -> None:
    own = Contact(tolerance=tolerance, ahead_hours=ahead, pace_hours=pace).expectation()
    assert own.tolerance in (None, *Tolerance)
    found = decide(Episode(told=told(), slip_since=NOON), gap(), promise(), NOON + minutes(10), of(own))
    assert found.kind in Kind
