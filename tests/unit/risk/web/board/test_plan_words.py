"""The words of the page Plans and of a promise's plans: what is to be done, what a driver did, and what was tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from candor.contracts import Component
from risk_svc.insight.measures.drivers import Outcome, Tried, records
from risk_svc.insight.plans import PlanFilter
from risk_svc.web.api.plan_examples import PLANS
from risk_svc.web.board import plan_words
from risk_svc.web.board.lists import linked_promise
from risk_svc.web.board.pages import plans
from risk_svc.web.board.style import COLOURS


def read(**changes: Any) -> dict[str, Any]:
    """The plan of the example as the database has it."""
    item = PLANS["items"][0]
    times = {name: datetime.fromisoformat(item[name]) for name in item if str(item[name]).endswith("Z")}
    return {**item, **times, **changes}


OPEN: dict[str, Any] = {"state": "open", "outcome": None, "beside": None, "after": 0.62}


def test_a_plan_as_a_row_leads_to_its_promise() -> None:
    row = plans.row(read())
    assert (row["state"], row["promise"], row["link"]) == ("done", "PR-1001", linked_promise("PR-1001"))
    assert (row["action"], row["department"], row["note"]) == (
        "add-crew, against lateness",
        "operations",
        "install · acme",
    )
    assert plans.row(read(promise_standing=None, department=None))["link"] == ""
    assert plans.row(read(department=None))["department"] == "–"
    assert plans.row(read(state="overdue"))["colour"] == COLOURS["severe"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "lateness fell from 62% to 21%; one like it did not"),
        ({"beside": "fell"}, "lateness fell from 62% to 21%; one like it fell by itself"),
        ({"beside": None}, "lateness fell from 62% to 21%"),
        ({"beside": "unknown"}, "lateness fell from 62% to 21%"),
        ({"outcome": "did_not_fall", "after": 0.6}, "lateness did not fall: 62%, then 60%; one like it did not"),
        ({"outcome": "awaited"}, "lateness 62%, 21% so far; looked at until Thu 12 Mar 09:00"),
        ({"outcome": "not_there", "before": 0.05}, "lateness was below 10% when it was opened"),
        ({"outcome": "unknown", "before": None}, "not known: no score of its time was heard"),
        (OPEN, "lateness 62% when it was opened, 21% now"),
        ({**OPEN, "before": None, "now": None}, "lateness unknown when it was opened, unknown now"),
    ],
)
def test_what_the_driver_did(changes: dict[str, Any], said: str) -> None:
    assert plan_words.did_words(read(**changes)) == said


@pytest.mark.parametrize("outcome", [None, *Outcome])
@pytest.mark.parametrize("beside", [None, *Outcome])
def test_every_outcome_has_words(outcome: Outcome | None, beside: Outcome | None) -> None:
    assert len(plan_words.did_words(read(outcome=outcome, beside=beside))) > 10


def test_a_plan_of_a_promise_is_a_line() -> None:
    assert plan_words.line(read()) == (
        "add-crew by operations, done Thu 5 Mar 09:00 UTC: lateness fell from 62% to 21%; one like it did not."
    )
    assert plan_words.line(read(**{**OPEN, "state": "overdue", "department": None})) == (
        "add-crew, due Fri 6 Mar 17:00 UTC, overdue: lateness 62% when it was opened, 21% now."
    )
    assert "dropped Thu 5 Mar" in plan_words.line(read(state="dropped"))


def test_what_is_under_way_is_said_so_that_nobody_begins_it_anew() -> None:
    assert plan_words.still_open([read(), read(**OPEN)]) == (
        "Under way: add-crew (operations), due Fri 6 Mar 17:00 UTC."
    )
    assert plan_words.still_open([read(), read(state="dropped")]) == ""
    assert plan_words.still_open([]) == ""


def tried(action: str, fell: int, stayed: int, beside: Outcome | None = None) -> list[Tried]:
    return [
        Tried(
            "lateness", action, Outcome.FELL if at < fell else Outcome.DID_NOT_FALL, 0.4 if at < fell else 0.0, beside
        )
        for at in range(fell + stayed)
    ]


def test_the_three_best_are_offered_and_what_fell_by_itself_stands_beside_them() -> None:
    found = records(
        [
            *tried("add-crew", 9, 1, Outcome.DID_NOT_FALL),
            *tried("call", 7, 3),
            *tried("wait", 1, 9),
            *tried("reorder", 5, 5),
            *tried("once", 1, 0),
        ]
    )
    assert plan_words.best("lateness", found) == [
        "After these lateness fell most surely:",
        "add-crew: 90% (60–98%), n\u00a010; by itself 0% (0–28%), n\u00a010",
        "call: 70% (40–89%), n\u00a010",
        "reorder: 50% (24–76%), n\u00a010",
    ]


def test_of_few_plans_it_is_said_that_there_is_too_little_history() -> None:
    assert plan_words.best("lateness", records(tried("once", 1, 0))) == [
        "Too little history of what helps against lateness: 1 plan done so far."
    ]
    assert plan_words.best("scope", []) == ["Too little history of what helps against scope: 0 plans done so far."]


def test_an_action_is_a_row_of_its_driver_alone() -> None:
    plans_done = [
        *tried("call", 6, 2, Outcome.FELL),
        Tried("lateness", "call", Outcome.AWAITED),
        *[one._replace(driver="silence") for one in tried("call", 1, 0)],
    ]
    late, silent = (plan_words.action_row(one) for one in records(plans_done))
    assert (late["id"], late["plans"], late["fall"]) == ("call, against lateness", "9, 1 awaited", "30 of 100")
    assert (late["fell"], late["beside"]) == ("75% (41–93%), n\u00a08", "100% (68–100%), n\u00a08")
    assert (silent["id"], silent["fell"], silent["fall"]) == (
        "call, against silence",
        "too little history, n\u00a01",
        "–",
    )
    assert {name for name, _ in plan_words.ACTION_COLUMNS} == set(late)


def test_nothing_tried_and_very_much_tried_are_said() -> None:
    assert plans.tried_words(0, None).startswith("Nothing was done so far")
    assert plans.tried_words(0, Component.SCOPE).startswith("Nothing was done against scope so far")
    assert plans.tried_words(25, None) == ""
    assert plans.tried_words(26, None) == "The best 25 of 26 actions; the API has them all."


def test_the_csv_is_of_what_is_filtered() -> None:
    assert plans.csv_of(PlanFilter(), "due") == "/plans.csv?state=open&sort=due"
    wanted = PlanFilter("all", None, "c 1", "ops", Component.SCOPE, "call")
    assert plans.csv_of(wanted, "newest") == (
        "/plans.csv?state=all&sort=newest&customer=c+1&department=ops&driver=scope&action=call"
    )
