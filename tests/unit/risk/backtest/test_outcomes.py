"""A recorded stream as its own answer book: what became of promises, what was known when, who is asked when."""

from __future__ import annotations

from typing import Any

import pytest

from risk_svc.backtest.baseline import RENEWED, Baseline
from risk_svc.backtest.outcomes import OutcomeLedger, natural
from risk_svc.backtest.stream import seconds
from risk_svc.forecast.engine import Forecast
from tests.support.stream import iso, stream

SAID = Forecast(0.3, 10.0, 20.0, 30.0, 5)
Line = dict[str, Any]


def made(name: str, at: float, due: float, kind: str = "parcel") -> Line:
    data = {"kind": kind, "due": iso(due), "milestones": ["shipped", "delivered"]}
    return {"id": f"m-{name}", "type": "promise.made", "promise_id": name, "time": iso(at), "data": data}


def reached(name: str, at: float, *, final: bool = True) -> Line:
    data = {"milestone": "delivered", "final": True} if final else {"milestone": "shipped"}
    return {"id": f"r-{name}", "type": "milestone.reached", "promise_id": name, "time": iso(at), "data": data}


def ended(name: str, at: float, how: str) -> Line:
    return {"id": f"e-{name}", "type": f"promise.{how}", "promise_id": name, "time": iso(at), "data": {}}


def ask(name: str, at: float, kind: str = "made") -> Line:
    return {"decision_id": f"{name}/{kind}", "time": iso(at), "promise_id": name, "kind": kind}


def fed(*lines: Line) -> OutcomeLedger:
    ledger = OutcomeLedger()
    for line in lines:
        if "decision_id" in line:
            ledger.asked(line, SAID)
        else:
            ledger.event(line)
    return ledger


def clock(at: float) -> Line:
    """Any event, by which time passes."""
    return {"id": "t", "type": "perception.reported", "time": iso(at), "data": {}}


@pytest.mark.parametrize(
    ("completed", "outcome", "hours"), [(9.0, 0, 8.0), (10.0, 1, 9.0), (15.0, 1, 14.0), (None, 1, None)]
)
def test_late_is_what_was_not_complete_before_its_due_date(
    completed: float | None, outcome: int, hours: float | None
) -> None:
    end = [reached("p", completed)] if completed is not None else []
    found, waiting = fed(made("p", 0, 10), ask("p", 1), *end, clock(20)).scored()
    [one] = found
    assert (one.promise, one.lead, one.kind, one.p, one.told) == ("p", "made", "parcel", 0.3, (10.0, 20.0, 30.0))
    assert (one.outcome, one.hours, waiting) == (outcome, hours, 0)
    # Kept or not, it counts on its due date: by completion the last days of a stream would hold only late ones.
    assert one.settled == seconds(iso(10))


def test_what_is_not_due_yet_waits_even_if_it_is_complete() -> None:
    lines = [made("p", 0, 10), ask("p", 1), reached("p", 2), made("q", 2, 30), ask("q", 2), ask("q", 3, "left75")]
    assert fed(*lines).scored() == ([], 3)
    assert fed(*lines, clock(10)).scored()[1] == 2


def test_an_outcome_counts_in_the_base_rate_only_from_its_due_date_on() -> None:
    found, _ = fed(
        made("p", 0, 10),
        ask("p", 1),
        made("q", 2, 40),
        reached("p", 3),
        ask("q", 4),
        made("r", 9, 50),
        ask("r", 9.9),
        made("s", 10, 60),
        ask("s", 10),
        clock(70),
    ).scored()
    assert [(one.promise, one.base) for one in found] == [("p", 1 / 2), ("q", 1 / 2), ("r", 1 / 2), ("s", 1 / 3)]


def test_a_yardstick_is_that_of_its_kind_of_decision_and_knows_lateness_from_completion_on() -> None:
    found, _ = fed(
        made("p", 0, 10),
        ask("p", 1),
        reached("p", 12),
        made("q", 20, 30),
        ask("q", 21),
        ask("q", 22, "left75"),
        clock(40),
    ).scored()
    by_lead = {one.lead: one for one in found if one.promise == "q"}
    assert by_lead["made"].base == 2 / 3
    assert by_lead["made"].base_told == pytest.approx((11.0, 11.0, 11.0))
    assert by_lead["left75"].base == 1 / 2
    assert by_lead["left75"].base_told == (None, None, None)


def test_forecasts_of_unknown_complete_or_overdue_promises_are_not_scored() -> None:
    lines = [ask("x", 1), made("p", 0, 10), reached("p", 5), ask("p", 6), made("q", 6, 9), ask("q", 9), clock(30)]
    assert fed(*lines).scored() == ([], 0)


def test_a_withdrawn_promise_has_no_answer_and_a_cancelled_one_is_late_when_it_is_due() -> None:
    lines = [made("p", 0, 10), ask("p", 1), made("q", 0, 10), ask("q", 1)]
    found, waiting = fed(
        *lines, ended("p", 3, "withdrawn"), ended("q", 3, "cancelled"), ask("q", 4), clock(20)
    ).scored()
    assert [(one.promise, one.outcome, one.hours, one.base) for one in found] == [("q", 1, None, 0.5)]
    assert waiting == 0
    after, _ = fed(*lines, ended("q", 3, "cancelled"), ended("x", 4, "withdrawn"), ended("q", 11, "withdrawn")).scored()
    assert [one.promise for one in after] == ["p", "q"]


@pytest.mark.parametrize("how", ["cancelled", "withdrawn"])
def test_nobody_asks_about_a_promise_that_is_over(how: str) -> None:
    told = natural(iter([made("p", 0, 8), ended("p", 3, how), ended("x", 3, how), clock(9)]))
    assert [line["decision_id"] for decision, line in told if decision] == ["p/made", "p/left75"]


def test_a_promise_that_is_told_twice_or_due_before_it_is_made_changes_nothing() -> None:
    found, waiting = fed(
        made("p", 0, 10), ask("p", 1), made("p", 2, 90), made("q", 9, 3), ask("q", 9), clock(20)
    ).scored()
    assert [one.promise for one in found] == ["p"]
    assert waiting == 0


def test_everybody_is_asked_at_the_natural_leads_while_open_and_after_the_events_of_that_instant() -> None:
    events = [made("p", 0, 8), made("q", 0, 2), reached("p", 3, final=False), clock(4), reached("p", 6), clock(9)]
    told = [
        (line["decision_id"] if decision else line["id"], line["time"][11:19])
        for decision, line in natural(iter(events))
    ]
    assert told == [
        ("m-p", "00:00:00"),
        ("m-q", "00:00:00"),
        ("p/made", "00:00:00"),
        ("q/made", "00:00:00"),
        ("q/left75", "00:30:00"),
        ("q/left50", "01:00:00"),
        ("q/left25", "01:30:00"),
        ("p/left75", "02:00:00"),
        ("r-p", "03:00:00"),
        ("p/at:shipped", "03:00:00"),
        ("t", "04:00:00"),
        ("p/left50", "04:00:00"),
        ("r-p", "06:00:00"),
        ("t", "09:00:00"),
    ]


def test_natural_leads_never_come_before_what_they_may_know() -> None:
    events, _ = stream(120)
    last = ""
    for decision, line in natural(iter(events)):
        time = line["time"][:19]
        assert time >= last or not decision
        last = max(last, time)
        assert decision == ("decision_id" in line)


def test_the_rate_starts_at_a_half_and_the_quantiles_with_the_first_completion() -> None:
    yardstick = Baseline()
    assert yardstick.rate == 0.5
    assert yardstick.quantiles(5.0) is None
    yardstick.due(late=True)
    assert yardstick.rate == pytest.approx(2 / 3)
    yardstick.completed(-2.0)
    assert yardstick.quantiles(5.0) == (3.0, 3.0, 3.0)
    assert yardstick.quantiles(1.0) == (0.0, 0.0, 0.0)


def test_quantiles_are_never_older_than_a_fiftieth_of_what_they_rest_on() -> None:
    yardstick = Baseline()
    for n in range(1000):
        yardstick.completed(float(n))
        found = yardstick.quantiles(0.0)
        assert found is not None
        assert 0.9 * n / RENEWED - 1 <= found[2] <= 0.9 * n + 1e-9
        assert found[0] <= found[1] <= found[2]
