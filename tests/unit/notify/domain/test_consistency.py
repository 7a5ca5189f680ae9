"""No letter contradicts itself: range, chance, first sentence and times fit together in every part of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from candor.calendar import Calendar, parse_business_hours
from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.compose.drafting import Draft, Matter, draft
from notify_svc.compose.house import ActionRule, House
from notify_svc.compose.letter import compose
from notify_svc.compose.owner_letter import to_the_owner
from notify_svc.domain.consistency import LetterFigures, contradictions, late_fits, range_beside
from notify_svc.domain.episode import decide, observe
from notify_svc.domain.facts import Announcement, Decision, Episode, Forecast, Gap, Kind, Promise, Reason, Rules
from notify_svc.domain.lint import Rule
from notify_svc.domain.silence import Composed, outdated
from notify_svc.store.read_model import PromiseRecord
from tests.support.clocks import NOON
from tests.support.notify import REACH, sealed
from tests.unit.notify.facts import DUE, HIGH, LOW, RULES, gap, minutes, promise, step, told

CUSTOMER, _ = REACH.look(sealed())
WORKDAYS = Rules(calendar=Calendar(parse_business_hours("mon-fri 08:00-17:00"), "America/New_York"))
BEFORE, ACROSS, PAST = (DUE - minutes(60), DUE - minutes(20)), (DUE - minutes(20), DUE + minutes(40)), (LOW, HIGH)


def stated(**changes: Any) -> LetterFigures:
    fitting = LetterFigures(
        statement=Statement.WARNING, lead="slip", now=NOON, due=DUE, deadline=DUE, told=PAST, next_update_by=DUE
    )
    return replace(fitting, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"chance": 49},
        {"chance": 14},
        {"told": (DUE, HIGH), "lead": "may", "chance": 50},
        {"told": ACROSS, "lead": "may", "chance": 49},
        {"told": ACROSS, "lead": "may", "chance": 81},
        {"told": BEFORE, "lead": "may", "chance": 79},
        {"told": None, "chance": 50},
        {"told": ACROSS},
        {"now": DUE, "lead": "may", "told": None, "chance": 60, "next_update_by": HIGH},
        {"lead": "late"},
        {"lead": "back", "statement": Statement.ALL_CLEAR, "next_update_by": None},
        {"lead": "back", "now": DUE, "told": None, "next_update_by": None},
        {"lead": "done", "statement": Statement.ALL_CLEAR, "told": None, "completed_at": HIGH, "next_update_by": None},
        {"lead": "done", "statement": Statement.UPDATE, "told": None, "completed_at": DUE, "next_update_by": None},
        {"now": LOW + minutes(1), "lead": "late", "next_update_by": HIGH},
        {"next_update_by": NOON},
        {"next_update_by": DUE + minutes(10)},
        {"lead": "same", "earlier": (LOW, HIGH + minutes(5))},
        {"lead": "later", "earlier": (LOW + minutes(5), HIGH - minutes(5))},
        {"lead": "earlier", "earlier": (LOW, HIGH + minutes(60))},
    ],
)
def test_two_statements_that_cannot_both_hold_are_found(changes: dict[str, Any]) -> None:
    assert contradictions(stated(**changes)) != []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lead": "step"},
        {"told": None, "chance": 49},
        {"told": ACROSS, "lead": "may", "chance": 50},
        {"told": ACROSS, "lead": "step", "chance": 80},
        {"told": BEFORE, "lead": "step", "chance": 80},
        {"now": DUE + minutes(1), "lead": "late", "next_update_by": HIGH},
        {"lead": "back", "told": BEFORE, "next_update_by": None},
        {"lead": "done_after", "told": None, "completed_at": HIGH, "next_update_by": None},
        {"lead": "same", "earlier": PAST},
        {"lead": "later", "earlier": ACROSS},
    ],
)
def test_what_fits_together_is_let_through(changes: dict[str, Any]) -> None:
    assert contradictions(stated(**changes)) == []


def test_an_all_clear_gives_no_range_past_the_date_it_expects_to_keep() -> None:
    assert range_beside(Statement.ALL_CLEAR, BEFORE, DUE) == (BEFORE, "")
    for told_range in (ACROSS, PAST):
        ranged, why = range_beside(Statement.ALL_CLEAR, told_range, DUE)
        assert ranged is None
        assert "past the promised time" in why
        assert range_beside(Statement.UPDATE, told_range, DUE) == (told_range, "")


def test_the_owner_reads_a_chance_only_where_the_quoted_range_says_the_same() -> None:
    assert late_fits(86, PAST, DUE)
    assert late_fits(86, None, DUE)
    assert not late_fits(49, PAST, DUE)
    assert not late_fits(86, ACROSS, DUE)
    assert late_fits(30, ACROSS, DUE)
    assert not late_fits(30, BEFORE, DUE)


def drafted(
    at: Gap, decision: Decision, now: datetime, about: Promise, episode: Episode, rules: Rules = RULES
) -> Draft:
    assert decision.statement is not None
    assert CUSTOMER is not None
    known = PromiseRecord(
        promise_id="p1", customer_id="c1", partition=0, gap_version=1, gap=at, promise=about, episode=episode
    )
    matter = Matter(known=known, promise=about, gap=at, decision=decision, statement=decision.statement)
    return draft(matter, CUSTOMER, rules, House(), now)


def test_what_is_left_out_is_named_with_its_reason_in_the_evidence() -> None:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    made = drafted(gap(0.51), decision, NOON, promise(), Episode())
    assert made.letter.findings == ()
    assert "on time" not in made.letter.text
    assert '"left_out":{"chance":"the range lies past the promised time"}' in made.notice.evidence
    back = Decision(Kind.SPEAK, Reason.RECOVERED, Statement.ALL_CLEAR)
    made = drafted(gap(0.2), back, NOON, promise(), Episode(told=told()))
    assert (made.notice.told.low, made.notice.told.high) == (None, None)
    assert '"left_out":{"range":"the range ends past' in made.notice.evidence
    fitting = drafted(gap(0.4, p50=DUE - minutes(9)), decision, NOON, promise(), Episode())
    assert "60 in 100 that it is still on time" in fitting.letter.text
    assert "left_out" not in fitting.notice.evidence


def test_a_chance_against_another_date_than_the_one_promised_is_not_told() -> None:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    made = drafted(gap(0.9, p50=None, held_due=DUE - minutes(60)), decision, NOON, promise(), Episode())
    assert "in 100" not in made.letter.text
    assert "another date" in made.notice.evidence


@pytest.mark.parametrize("where", ["action", "public_reason"])
def test_odds_in_somebody_elses_words_are_left_out_with_the_reason(where: str) -> None:
    odds = "there are 49 in 100 that it is on time"
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    careless = House.model_construct(actions=(ActionRule.model_construct(says={"*": odds}),))
    fact = Fact(kind=FactKind.MILESTONE_LATE, event_id="ev-d", name="departed", at=NOON, minutes=9, public_reason=odds)
    made = drafted(gap(facts=(fact,) if where == "public_reason" else ()), decision, NOON, promise(), Episode())
    found = compose(made.snapshot, careless if where == "action" else House())
    assert "49 in 100" not in found.text
    assert found.findings == ()
    assert (where, f"contradiction: 49 in 100, in {odds!r}") in found.left_out


shifts = st.integers(-500, 3_000)
ahead_of = st.none() | st.integers(0, 900)


@st.composite
def promises(draw: st.DrawFn) -> Promise:
    """With and without tolerance and owner; now and then about another date than the forecast's."""
    tolerance, moved = minutes(draw(st.sampled_from([0, 15, 240]))), minutes(draw(st.sampled_from([0, 0, 0, 120])))
    return promise(held_due=DUE + moved, tolerance=tolerance, owner=draw(st.sampled_from([None, "anna"])))


@st.composite
def gaps(draw: st.DrawFn, now: datetime) -> Gap:
    """Forecasts that fit and that do not: chances and quantiles are drawn apart."""
    p50, width = draw(st.none() | shifts), draw(ahead_of)
    low = None if p50 is None else DUE + minutes(p50)
    high = None if low is None or width is None else low + minutes(width)
    facts = draw(st.lists(st.builds(step, st.sampled_from(FactKind), minutes=st.floats(0, 90)), max_size=2))
    standing = draw(st.sampled_from([Standing.OPEN] * 6 + [Standing.KEPT, Standing.BROKEN, Standing.CANCELLED]))
    done = None
    if standing in (Standing.KEPT, Standing.BROKEN):
        late = draw(st.integers(1, 400)) if standing is Standing.BROKEN else draw(st.integers(-300, 240))
        done = DUE + minutes(late)
    forecast = Forecast(draw(st.floats(0, 1)), low, high, 412)
    return Gap(
        version=2,
        event_id="gap-2",
        standing=standing,
        as_of=now,
        held_due=DUE,
        forecast=forecast,
        facts=tuple(facts),
        completed_at=done,
    )


@st.composite
def episodes(draw: st.DrawFn, now: datetime) -> Episode:
    """Nothing said yet, or a word before `now` with a range or without."""
    if draw(st.booleans()):
        return Episode()
    at = now - minutes(draw(st.integers(1, 600)))
    low = None if draw(st.booleans()) else at + minutes(draw(st.integers(0, 900)))
    high = None if low is None else low + minutes(draw(st.integers(5, 300)))
    return Episode(told=Announcement(Statement.WARNING, at, low, high, at + minutes(draw(st.integers(1, 2_900)))))


@given(st.data(), st.integers(-400, 2_000), st.sampled_from([RULES, WORKDAYS, Rules(warn_at=0.4)]))
def test_no_letter_that_is_decided_upon_contradicts_itself(data: st.DataObject, shift: int, rules: Rules) -> None:
    now = NOON + minutes(shift)
    about, at = data.draw(promises()), data.draw(gaps(now))
    before = observe(data.draw(episodes(now)), at, rules)
    before = replace(before, slip_since=before.slip_since and now - timedelta(days=5))
    decision = decide(before, at, about, now, rules)
    assume(decision.kind is Kind.SPEAK)
    # What was late against the date of its day is not called late against one agreed since: it is held instead.
    assume(at.standing is Standing.OPEN or at.held_due == about.held_due)
    made = drafted(at, decision, now, about, before, rules)
    assert [item for item in made.letter.findings if item.rule is Rule.CONTRADICTION] == []
    if at.held_due == about.held_due:
        # What is decided upon is not withheld at once for what was known then: it would go round for ever.
        told_now = made.notice.told
        said = Composed(told_now.statement, decision.reason, told_now, decision.closing, made.basis)
        assert outdated(said, about, at, now, rules) is None
    owners = to_the_owner(made.snapshot, made.letter, "n-1", rules.warn_at)
    reads(made, [made.letter.subject, made.letter.text, made.letter.html], owners=[owners.text, owners.html])


def reads(made: Draft, parts: list[str], owners: list[str]) -> None:
    """The letter as a reader checks it, from its own words."""
    said, due, now = made.notice.told, made.snapshot.promise.held_due, made.snapshot.now
    odds = {int(found) for part in parts for found in re.findall(r"(\d+) in 100 that it is still on time", part)}
    late = {int(found) for part in owners for found in re.findall(r"(\d+) in 100 that it will be late", part)}
    probably = any("robably" in part for part in parts)
    if said.low is not None and said.high is not None:
        assert said.low >= now
        if said.low >= due:
            assert odds == set()
            assert all(percent >= 50 for percent in late)
        else:
            assert not probably
            assert all(percent >= (80 if said.high <= due else 50) for percent in odds)
            assert all(percent <= 50 for percent in late)
    assert not (odds and now >= due)
    assert not (probably and any(percent >= 50 for percent in odds))
    if said.next_update_by is not None:
        assert now < said.next_update_by
        assert said.next_update_by <= due or now >= due
    if any("now expect to keep" in part or "Done on time" in part for part in parts):
        assert said.high is None or said.high <= due
        assert now < due or made.letter.subject.startswith("Done")
