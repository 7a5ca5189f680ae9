"""Letters as the customer reads them; the golden ones were read by a person and are compared word for word."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Fact, FactKind, Standing, Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, compose
from notify_svc.domain.consistency import range_beside
from notify_svc.domain.episode import left
from notify_svc.domain.facts import Announcement, Decision, Gap, Kind, Reason
from notify_svc.domain.lint import Rule
from notify_svc.domain.schedule import next_update, told_range
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, NEW_YORK, RULES, gap, minutes, promise, snapshot, step, told

LATER = NOON + minutes(60)
LETTERS = Path(__file__).parent / "letters"
DEPARTED = Fact(
    kind=FactKind.MILESTONE_LATE,
    event_id="ev-d",
    name="departed",
    at=NOON + minutes(55),
    minutes=47,
    reason="tail 4711 again, ops asleep",
    told=True,
    public_reason="late aircraft",
)
SNOW = Fact(
    kind=FactKind.INCIDENT_OPEN,
    event_id="ev-i",
    name="weather",
    at=NOON - minutes(95),
    text="METAR job 4711: SN at EWR",
    public_text="Snow and wind at Newark",
)


def letter(
    at: Gap,
    statement: Statement = Statement.WARNING,
    reason: Reason = Reason.SLIP_HELD,
    *,
    now: datetime = LATER,
    earlier: Announcement | None = None,
    closing: bool = False,
    **changes: Any,
) -> Letter:
    tells = statement is not Statement.CANCELLED and not closing
    ranged = told_range(at.forecast, now, NEW_YORK) if tells else None
    low, high = range_beside(statement, ranged, DUE)[0] or (None, None)
    goes_on = tells and statement is not Statement.ALL_CLEAR
    by = next_update(now, high or DUE, NEW_YORK, RULES, due=DUE) if goes_on else None
    decision = Decision(Kind.SPEAK, reason, statement, changes.pop("evidence", {}), closing=closing)
    about, told_now = promise(**changes), {"low": low, "high": high, "next_update_by": by, "earlier": earlier}
    return compose(snapshot(decision, statement, promise=about, gap=at, now=now, **told_now), House())


def golden(name: str, made: Letter) -> None:
    """Compares with the letter on file; to change one, edit the file and read it as the customer would."""
    assert f"Subject: {made.subject}\n\n{made.text}" == (LETTERS / f"{name}.txt").read_text()


def test_a_warning() -> None:
    made = letter(gap(0.86, facts=(DEPARTED, SNOW)))
    assert made.findings == ()
    golden("warning", made)


def test_an_update_that_is_worse() -> None:
    worse = gap(0.97, p50=HIGH + minutes(20), p80=HIGH + minutes(75), facts=(DEPARTED, SNOW))
    made = letter(worse, Statement.UPDATE, Reason.RANGE_LEFT, earlier=told(), now=NOON + minutes(200))
    assert made.findings == ()
    golden("update", made)


def test_a_cancellation() -> None:
    fact = step(FactKind.MILESTONE_CANCELLED, event_id="ev-c", at=NOON + minutes(30), public_reason="crew out of hours")
    made = letter(gap(1.0, Standing.CANCELLED, facts=(fact,)), Statement.CANCELLED, Reason.CANCELLED, earlier=told())
    assert made.findings == ()
    golden("cancelled", made)


CASES = [
    (gap(0.86), Statement.WARNING, Reason.SLIP_HELD, False, "We are probably going to be late"),
    (gap(0.1, facts=(step(),)), Statement.WARNING, Reason.MILESTONE_MISSED, False, "We missed a planned step"),
    (gap(0.99, p50=None, p80=None), Statement.WARNING, Reason.SLIP_HELD, False, "We are probably going to be late"),
    (gap(1.0, Standing.BROKEN), Statement.WARNING, Reason.NOT_KEPT, True, "We did not keep this promise"),
    (gap(0.9, p50=HIGH + minutes(9), p80=HIGH + minutes(50)), Statement.UPDATE, Reason.RANGE_LEFT, False, "This takes"),
    (gap(0.8, p50=LOW - minutes(30), p80=LOW), Statement.UPDATE, Reason.RANGE_LEFT, False, "Not done yet, but earlier"),
    (
        gap(0.8, p50=LOW, p80=HIGH),
        Statement.UPDATE,
        Reason.UPDATE_DUE,
        False,
        "Still not done, and we have nothing new",
    ),
    (gap(0.8, p50=LOW, p80=HIGH - minutes(20)), Statement.UPDATE, Reason.UPDATE_DUE, False, "Still not done:"),
    (gap(0.9, p50=None, p80=None), Statement.UPDATE, Reason.RANGE_LEFT, False, "Still not done:"),
    (gap(1.0, Standing.BROKEN), Statement.UPDATE, Reason.NOT_KEPT, True, "We did not keep this promise"),
    (
        gap(1.0, Standing.BROKEN, completed_at=HIGH + minutes(40)),
        Statement.UPDATE,
        Reason.DONE_OUTSIDE_RANGE,
        True,
        "We were late with this",
    ),
    (gap(0.2), Statement.ALL_CLEAR, Reason.RECOVERED, False, "We warned you, and now expect to keep"),
    (gap(0.0, Standing.KEPT, completed_at=DUE), Statement.ALL_CLEAR, Reason.KEPT, True, "Done on time after all"),
    (gap(1.0, Standing.CANCELLED), Statement.CANCELLED, Reason.CANCELLED, False, "This is cancelled"),
]


@pytest.mark.parametrize(("at", "statement", "reason", "closing", "opening"), CASES)
def test_every_statement_opens_with_its_news_and_passes_the_lint(
    at: Gap, statement: Statement, reason: Reason, closing: bool, opening: str
) -> None:
    earlier = None if statement is Statement.WARNING else told()
    made = letter(at, statement, reason, earlier=earlier, closing=closing, evidence={"milestone": "departed"})
    assert made.findings == ()
    assert made.news.startswith(opening)
    assert made.text.startswith(f"Hello,\n\n{made.news}\n")
    assert opening in made.html
    assert "Flight UA 1545" in made.subject


def test_past_its_date_a_promise_is_late_and_not_probably_late() -> None:
    made = letter(gap(1.0, p50=HIGH, p80=HIGH + minutes(30)), now=DUE + minutes(1))
    assert made.news.startswith("We are late with this, and it is not done yet")
    assert "probably" not in made.text
    assert "still on time" not in made.text


def test_within_the_tolerance_it_is_not_called_late_yet() -> None:
    made = letter(gap(0.9), now=DUE + minutes(1), tolerance=minutes(15))
    assert made.news.startswith("We are probably going to be late")


def test_a_cause_is_told_only_where_an_event_names_it() -> None:
    assert "Reason given: late aircraft." in letter(gap(facts=(DEPARTED,))).text
    unnamed = msgspec.structs.replace(DEPARTED, event_id="")
    made = letter(gap(facts=(unnamed,)))
    assert "late aircraft" not in made.text
    assert "departed" not in made.text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            FactKind.MILESTONE_MISSED,
            '"departed" was planned for Fri 8 Mar, 06:00 and did not take place; we have known',
        ),
        (
            FactKind.MILESTONE_CANCELLED,
            '"departed", planned for Fri 8 Mar, 06:00, is cancelled; we have known this since',
        ),
    ],
)
def test_a_step_that_the_customer_knows_of_is_named_with_its_plan(kind: FactKind, words: str) -> None:
    planned = step(kind, planned=NOON - minutes(60))
    made = letter(gap(0.86, facts=(planned,)))
    assert made.findings == ()
    assert words in " ".join(made.text.split())
    assert words in html.unescape(" ".join(made.html.split()))
    inside = letter(gap(0.86, facts=(msgspec.structs.replace(planned, told=False),)))
    assert "06:00" not in inside.text


def test_our_own_words_speak_of_no_forecast_where_none_is_given() -> None:
    made = letter(gap(None, facts=(step(),)), reason=Reason.MILESTONE_MISSED, evidence={"milestone": "departed"})
    assert "We cannot give you a new time yet." in made.text
    assert "forecast" not in made.text


def test_an_incident_is_a_circumstance_and_no_cause() -> None:
    made = letter(gap(facts=(SNOW,)))
    assert "Snow and wind at Newark" in made.text
    assert "We do not know whether it is the cause." in made.text
    assert "Reason given" not in made.text


def test_words_of_others_that_break_the_rules_are_left_out_and_the_message_stays() -> None:
    blaming = msgspec.structs.replace(DEPARTED, public_reason="the fault of the handling agent, fixed shortly")
    made = letter(gap(facts=(blaming,)))
    assert made.findings == ()
    assert "fault" not in made.text
    assert "47 minutes late" in made.text


def test_what_cannot_be_said_honestly_is_reported() -> None:
    decision = Decision(Kind.SPEAK, Reason.SLIP_HELD, Statement.WARNING)
    low, high = told_range(gap().forecast, NOON, NEW_YORK) or (LOW, HIGH)
    found = compose(snapshot(decision, low=low, high=high), House(), Form(longest=50)).findings
    assert [finding.rule for finding in found] == [Rule.TOO_LONG]


def test_every_statement_names_the_event_that_supports_it() -> None:
    made = letter(gap(0.86, facts=(DEPARTED, SNOW)))
    assert {(item.says, item.event) for item in made.support} == {
        ("promised", "ev-p"),
        ("slip_held", "gap-1"),
        ("range", "gap-1"),
        ("milestone_late departed", "ev-d"),
        ("incident_open weather", "ev-i"),
    }


def test_a_customers_text_is_no_markup_and_no_template() -> None:
    made = letter(gap(), what="<script>alert(1)</script> {{ 7 * 7 }}")
    assert "<script>" not in made.html
    assert "&lt;script&gt;" in made.html
    assert "{{ 7 * 7 }}" in made.text


def test_times_are_the_customers_own() -> None:
    made = letter(gap())
    assert "by Fri 8 Mar, 13:00" in made.text
    assert "New York time" in made.text


def test_with_little_history_the_letter_says_so() -> None:
    at = gap()
    assert at.forecast is not None
    made = letter(replace(at, forecast=replace(at.forecast, p50=None, n=4)))
    assert "from 4 similar cases. That is little history, so take it with care." in made.text


moments = st.one_of(st.none(), st.integers(-300, 5_000).map(lambda value: DUE + minutes(value)))
kinds = st.sampled_from(FactKind)
facts = st.builds(
    Fact,
    kind=kinds,
    event_id=st.sampled_from(["", "ev-1"]),
    name=st.sampled_from(["departed", "arrived"]),
    at=st.integers(-300, 0).map(lambda value: NOON + minutes(value)),
    text=st.just("internal title"),
    minutes=st.floats(0, 5_000),
    reason=st.just("internal reason"),
    told=st.booleans(),
    public_text=st.sampled_from(["", "Snow at Newark", "Fixed shortly", "because of you"]),
    public_reason=st.sampled_from(["", "late aircraft", "due to weather", "guaranteed by noon"]),
)


@given(st.floats(0.5, 1), moments, moments, st.lists(facts, max_size=6), st.integers(0, 4_000))
def test_no_letter_has_a_bare_best_case_or_a_cause_without_an_event(
    p_slip: float, p50: datetime | None, p80: datetime | None, given_facts: list[Fact], later: int
) -> None:
    at = gap(p_slip, p50=p50, p80=p80, facts=tuple(given_facts))
    now = NOON + minutes(later)
    made = letter(at, now=now)
    assert made.findings == ()
    ranged = told_range(at.forecast, now, NEW_YORK)
    assert ("We now expect: between" in made.text) == (ranged is not None)
    if ranged and p50:
        assert ranged[0] >= p50
        assert not left(told(low=ranged[0], high=ranged[1], at=now), at, RULES)
    for fact in given_facts:
        said = fact.public_reason
        if said and not any(other.public_reason == said and other.event_id for other in given_facts):
            assert said not in made.text
    assert "internal" not in made.text
    assert "Next update by" in made.text


def test_the_year_is_said_where_it_is_another() -> None:
    made = letter(gap(p50=NOON + timedelta(days=400), p80=NOON + timedelta(days=430)))
    assert "Apr 2014" in made.subject


def test_an_incident_is_named_beside_however_many_steps_it_made_us_miss() -> None:
    missed = [step(name=f"stop {number}", at=NOON + minutes(number), event_id=f"ev-{number}") for number in range(6)]
    made = letter(gap(facts=(SNOW, *missed)), reason=Reason.MILESTONE_MISSED)
    assert "- Snow and wind at Newark, since Fri 8 Mar, 05:25. We do not know whether it is the cause." in made.text
    assert [f'"stop {number}"' in made.text for number in range(6)] == [False, False, True, True, True, True]
    assert ("incident_open weather", "ev-i") in {(one.says, one.event) for one in made.support}
    many = [
        msgspec.structs.replace(SNOW, event_id=f"ev-i{number}", public_text=f"Snow {number}") for number in range(9)
    ]
    assert letter(gap(facts=(*many, *missed))).text.count("We do not know whether it is the cause.") == 4
