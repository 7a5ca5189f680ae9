"""What the board says, without a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from candor.contracts import Component, Standing
from risk_svc import schemas
from risk_svc.board import look
from risk_svc.domain.gap import BAND_NAMES

NOW = datetime(2013, 3, 8, 22, 5, tzinfo=UTC)


def detail(**changed: Any) -> schemas.GapDetail:
    values: dict[str, Any] = {
        "promise_id": "p1",
        "customer_id": "c1",
        "kind": "flight",
        "what": "Flight <b>XA</b> 1",
        "standing": Standing.OPEN,
        "score": 63.4,
        "band": "high",
        "p_slip": 0.823,
        "base_rate": 0.3,
        "too_little_history": None,
        "held_due": NOW + timedelta(hours=2),
        "as_of": NOW,
        "told": True,
        "contributions": [
            schemas.ContributionOut(component=Component.INCIDENTS, x=0.3, share=0.2, evidence="Snow at EWR"),
            schemas.ContributionOut(component=Component.LATENESS, x=0.7, share=0.8, evidence="70 min late"),
        ],
        "forecast": None,
        "facts": [],
        "history": [point(-60)],
        "dates": schemas.DatesOut(
            made_at=NOW - timedelta(hours=12),
            requested_due=None,
            first_due=NOW + timedelta(hours=2),
            latest_due=NOW + timedelta(hours=2),
            held_due=NOW + timedelta(hours=2),
            deadline=NOW + timedelta(hours=2),
            revisions=0,
        ),
        "milestones": [],
        "scope": [],
        "incidents": [],
        "notices": [],
        "labels": {},
        "depends_on": [],
        "value": None,
        "currency": None,
        "owner": None,
        "department": None,
        "zone": "America/New_York",
        "completed_at": None,
    }
    return schemas.GapDetail(**(values | changed))


def point(minutes: float, p_slip: float | None = 0.1, **changed: Any) -> schemas.PointOut:
    """The forecast that held from `minutes` after NOW."""
    values: dict[str, Any] = {
        "at": NOW + timedelta(minutes=minutes),
        "score": 20,
        "p_slip": p_slip,
        "p50": None,
        "p80": None,
        "p90": None,
        "model": 3,
        "why": "",
    }
    return schemas.PointOut(**(values | changed))


def milestone(**changed: Any) -> schemas.MilestoneOut:
    values: dict[str, Any] = {
        "name": "departed",
        "status": "reached",
        "planned": NOW,
        "expected": None,
        "at": NOW + timedelta(minutes=42),
        "told": True,
        "final": False,
        "reason": "",
    }
    return schemas.MilestoneOut(**(values | changed))


def test_times_are_shown_in_the_promises_own_zone() -> None:
    assert look.clock_text(NOW, "America/New_York") == "Fri 8 Mar 17:05"
    assert look.clock_text(NOW) == "Fri 8 Mar 22:05"


def test_a_settled_promise_says_what_is_missing_of_it() -> None:
    part = schemas.ContributionOut(component=Component.SCOPE, x=0.2, share=1.0, evidence="2 of 3 items delivered")
    kept = detail(standing=Standing.KEPT, contributions=[part])
    assert look.why(kept) == "Kept; 2 of 3 items delivered"
    assert look.why(detail(standing=Standing.BROKEN)) == "Broken"


def test_why_is_the_largest_part_in_words() -> None:
    assert look.why(detail()) == "70 min late"


def test_why_without_evidence_names_the_component() -> None:
    bare = schemas.ContributionOut(component=Component.SILENCE, x=1, share=1, evidence="")
    assert look.why(detail(contributions=[bare])) == "silence"


def test_a_promise_without_a_gap_is_on_course() -> None:
    assert look.why(detail(contributions=[])) == "on course"


@pytest.mark.parametrize(("standing", "words"), [(Standing.KEPT, "Kept"), (Standing.BROKEN, "Broken")])
def test_a_settled_promise_says_how_it_ended(standing: Standing, words: str) -> None:
    row = look.row(detail(standing=standing))
    assert (row["why"], row["standing"], row["slip"]) == (words, words, "–")


def test_too_little_history_is_shown_in_the_place_of_a_probability() -> None:
    said = "too little history (7); 31 % of such promises slip"
    young = detail(p_slip=None, too_little_history=said)
    assert look.row(young)["slip"] == look.slip(young) == said
    assert look.slip(detail(p_slip=None)) == "–"
    unknown = [point(0, None)]
    assert look.course_chart(detail(history=unknown))["series"][1]["data"][0][1] is None


def test_a_row_is_text_and_numbers_only() -> None:
    row = look.row(detail())
    assert row["what"] == "Flight <b>XA</b> 1"
    assert row["slip"] == "82%"
    assert row["colour"] == look.COLOURS["high"]
    assert all(isinstance(value, str | int) for value in row.values())


def test_every_band_and_standing_has_its_colour_and_word() -> None:
    assert set(look.COLOURS) == set(BAND_NAMES)
    assert set(look.STATES) == {standing.value for standing in Standing}


def test_the_bar_holds_every_open_promise() -> None:
    chart = look.bands_chart({"none": 3, "severe": 2})
    assert sum(series["data"][0] for series in chart["series"]) == 5
    assert chart["xAxis"]["max"] == 5
    assert look.bands_chart({})["xAxis"]["max"] == 1


def test_the_course_reaches_to_the_held_date_in_local_time() -> None:
    chart = look.course_chart(detail())
    due = datetime(2013, 3, 8, 19, 5, tzinfo=UTC).timestamp() * 1000
    assert chart["xAxis"]["max"] == due
    assert chart["series"][0]["markLine"]["data"] == [{"xAxis": due}]
    assert chart["series"][0]["data"][0][1] == 20
    assert chart["series"][1]["data"][0][1] == 10


def test_the_course_of_a_promise_without_history_is_empty() -> None:
    chart = look.course_chart(detail(history=[]))
    assert [series["data"] for series in chart["series"]] == [[], []]


def test_the_timeline_is_in_order_and_tells_all() -> None:
    incident = schemas.IncidentOut(
        incident_id="i1",
        category="freezing",
        title="Snow at EWR",
        severity=0.3,
        opened_at=NOW - timedelta(hours=3),
        resolved_at=NOW + timedelta(hours=1),
        expected_end=None,
    )
    notice = schemas.NoticeOut(
        notice_id="n1",
        statement="warning",
        state="sent",
        at=NOW + timedelta(minutes=5),
        told_low=NOW + timedelta(hours=3),
        told_high=NOW + timedelta(hours=4),
        next_update_by=NOW + timedelta(hours=1),
    )
    told = detail(
        milestones=[milestone(reason="crew late"), milestone(name="arrived", at=None)],
        incidents=[incident],
        notices=[notice],
        completed_at=NOW + timedelta(hours=5),
        standing=Standing.BROKEN,
    )
    lines = look.timeline(told)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [line.kind for line in lines] == ["made", "incident", "notice", "reached", "resolved", "broken"]
    assert lines[2].title == "Warned the customer"
    assert lines[2].detail == "told Fri 8 Mar 20:05 to Fri 8 Mar 21:05; next update by Fri 8 Mar 18:05"
    assert lines[3].detail == "42 min after its plan; crew late"


@pytest.mark.parametrize("state", ["preview", "pending", "sending", "held", "unknown", "failed", "suppressed"])
def test_what_was_not_sent_was_not_told(state: str) -> None:
    update = schemas.NoticeOut(
        notice_id="n1", statement="update", state=state, at=NOW, told_low=None, told_high=None, next_update_by=None
    )
    title = look.timeline(detail(notices=[update]))[-1].title
    assert title == f"Update to the customer: {look.NOT_SENT[state]}"


def test_a_step_on_plan_and_one_without_a_plan() -> None:
    on_plan = look.timeline(detail(milestones=[milestone(at=NOW)]))
    unplanned = look.timeline(detail(milestones=[milestone(planned=None)]))
    assert on_plan[-1].detail == "on plan"
    assert unplanned[-1].detail == ""
