"""What becomes of a promise, by hand: how long it takes, whether it is kept, and what its events say of it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from candor.replay.stream import StreamEvent
from candor_demo.fieldservice import chain, jobs
from candor_demo.fieldservice.jobs import UNIFORMS, Fates, Job
from candor_demo.fieldservice.naming import Naming
from candor_demo.fieldservice.params import Params
from candor_demo.fieldservice.stories import Stories
from candor_demo.fieldservice.troubles import Troubles
from tests.support.companies import small

MADE = datetime(2025, 1, 7, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def job(*, promised: float = 10, stretch: float = 0, has: tuple[bool, ...] = (False, False), **u: float) -> Job:
    """A promise to which nothing special happens, unless `u` says so."""
    return Job(
        number=7,
        made=MADE,
        kind="repair",
        maker="sales-north",
        crew="crew-1",
        site="kiel",
        customer=3,
        promised=promised,
        stretch=stretch,
        value=900,
        has=has,
        u=dict.fromkeys(UNIFORMS, 0.99) | u,
    )


def happens(one: Job, u: dict[str, float]) -> Job:
    """The same promise with other draws."""
    return replace(one, u=one.u | u)


def fates(params: Params | None = None, *, held_up: bool = False) -> Fates:
    return Fates(params or small(), lambda _job: held_up)


def told(one: Job, params: Params | None = None) -> dict[str, list[StreamEvent]]:
    given = params or small()
    story = Stories(given, fates(given), Naming(given, 1))
    found: dict[str, list[StreamEvent]] = {}
    for event in story.of(one, np.random.default_rng(1)):
        found.setdefault(event.type, []).append(event)
    return found


def days_after(text: Any) -> float:
    return (datetime.fromisoformat(text) - MADE) / DAY


def test_each_part_of_the_time_multiplies() -> None:
    assert fates().days(job(stretch=math.log(1.5))) == pytest.approx(15)
    assert fates().days(job(has=(True, False))) == pytest.approx(8)
    assert fates().days(job(parts=0)) == pytest.approx(13)
    assert fates(held_up=True).days(job(parts=0, has=(True, False))) == pytest.approx(10 * 0.8 * 1.3 * 1.2)
    assert fates().days(job(has=(True, False)), (False, False)) == pytest.approx(10), "as if it had none"


def test_times_stay_within_what_the_api_takes() -> None:
    assert fates().days(job(stretch=100)) == 1825
    assert fates().days(job(stretch=-100)) == 0.02


@pytest.mark.parametrize(
    ("stretch", "u", "kept"),
    [
        (-0.1, {}, True),
        (0.1, {}, False),
        (0.1, {"asked": 0}, True),
        (0.3, {"asked": 0}, False),
        (0.3, {"told": 0}, False),
        (0.3, {"told": 0, "agreed": 0}, True),
        (0.3, {"agreed": 0}, False),
    ],
)
def test_kept_is_done_by_the_date_that_the_customer_holds(stretch: float, u: dict[str, float], kept: bool) -> None:
    assert fates().kept(happens(job(stretch=stretch), u)) is kept


def test_a_tolerance_is_no_delay() -> None:
    late = job(stretch=math.log(1.05))
    assert not fates(small(tolerance_hours=11)).kept(late)
    assert fates(small(tolerance_hours=13)).kept(late)


def test_a_kept_promise_says_when_each_step_was_reached() -> None:
    events = told(job(stretch=math.log(0.8)))
    (made,) = events["promise.made"]
    assert days_after(made.data["due"]) == pytest.approx(10)
    assert (made.data["department"], made.data["deliverer"], made.data["accepted"]) == ("sales-north", "crew-1", True)
    assert made.data["labels"] == {"site-survey": False, "evening-slot": False, "site": "kiel"}
    steps = events["milestone.reported"]
    assert [step.data["milestone"] for step in steps] == ["scheduled", "parts-there", "on-site", "done"]
    assert [days_after(step.data["at"]) for step in steps] == pytest.approx([2, 4, 6, 8], abs=1e-4)
    assert [step.data.get("final", False) for step in steps] == [False, False, False, True]
    assert {"promise.revised", "promise.withdrawn", "handoff.requested"} & events.keys() == set()


def test_late_parts_move_the_next_step_before_it_is_reached() -> None:
    redated = next(event for event in told(job(parts=0))["milestone.reported"] if event.data["status"] == "redated")
    assert days_after(redated.data["at"]) == pytest.approx(3, abs=1e-4)
    assert redated.data["milestone"] == "scheduled"
    assert days_after(redated.data["planned"]) == pytest.approx(3.25)


def test_new_dates_say_who_asked_and_whether_the_customer_agreed() -> None:
    asked, told_late = told(job(stretch=math.log(2), asked=0, told=0))["promise.revised"]
    assert asked.data["asked_by"] == "customer"
    assert days_after(asked.data["due"]) == pytest.approx(13)
    assert (told_late.data["asked_by"], told_late.data["agreed"]) == ("company", False)
    assert days_after(told_late.data["due"]) == pytest.approx(20 + 1 / 24, abs=1e-4)
    assert asked.time < told_late.time < MADE + 10 * DAY


def test_after_a_withdrawal_nothing_is_done() -> None:
    events = told(job(withdrawn=0, parts=0, imposed=0))
    (withdrawn,) = events["promise.withdrawn"]
    assert all(event.time < withdrawn.time for found in events.values() for event in found if event is not withdrawn)
    assert not [event for event in events["milestone.reported"] if event.data.get("final")]


@pytest.mark.parametrize(("answer", "ends"), [(0.05, "declined"), (0.2, "agreed"), (0.5, "accepted")])
def test_an_imposed_promise_is_handed_off_and_answered(answer: float, ends: str) -> None:
    events = told(job(imposed=0, answer=answer))
    assert events["promise.made"][0].data["accepted"] is False
    handed = sorted(
        (event for kind, found in events.items() if "handoff" in kind for event in found), key=lambda e: e.time
    )
    assert (handed[0].type, handed[-1].type) == ("handoff.requested", f"handoff.{ends}")
    assert handed[-1].time < MADE + 10 * DAY


def test_statements_lead_to_the_promised_date_and_one_hop_moves_it() -> None:
    params = small(statements={"share": 1, "drift": {"success": {"days": -9, "certainty": 1, "forgets": 1}}})
    found = list(chain.told(params, job(), "p", Naming(params, 1), np.random.default_rng(1)))
    assert [event.data["said_by"] for event in found] == ["engineering", "product", "success", "sales"]
    assert [days_after(event.data["due"]) for event in found] == pytest.approx([19, 19, 10, 10])
    assert [event.data["certainty"] for event in found] == [2, 2, 3, 3]
    assert [len(event.data["conditions"]) for event in found] == [2, 2, 0, 0]
    assert [event.time for event in found] == sorted(event.time for event in found)
    assert found[-1].time < MADE
    assert (
        list(chain.told(small(statements={"share": 0}), job(), "p", Naming(params, 1), np.random.default_rng(1))) == []
    )


def test_an_incident_holds_up_open_work_where_it_hits() -> None:
    params = small(incidents={"per_week": 50, "severity": 1, "crews": 1, "sites": 0})
    troubles = Troubles(params, np.random.default_rng(3))
    first = next(one for one in troubles.all if one.hits == (("crew", "crew-1"),))
    before = replace(job(hit=0), made=first.begins - DAY)
    assert troubles.hold_up(before)
    assert not troubles.hold_up(replace(before, crew="crew-9"))
    assert not troubles.hold_up(replace(before, promised=1.9)), "half of its time is over"
    assert not Troubles(small(incidents={"per_week": 50, "severity": 0.5}), np.random.default_rng(3)).hold_up(
        happens(before, {"hit": 0.6})
    )


def test_promises_are_made_in_working_hours_of_the_company_from_monday_to_friday() -> None:
    params = small(zone="America/Santiago", promises_per_week=500)
    for day in (date(2025, 4, 4), date(2025, 4, 5), date(2025, 4, 7)):
        made = jobs.of_day(params, np.random.default_rng(2), day, 0)
        assert bool(made) is (day.weekday() < 5)
        # Clocks went back on 6 April: the offset is -3 before and -4 after.
        offset = 3 if day.day < 6 else 4
        assert all(8 <= (one.made - timedelta(hours=offset)).hour < 17 for one in made)
