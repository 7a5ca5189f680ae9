"""An import file through the live service's own fold: what its events say to the engine and to the answer book."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from candor.errors import OperatorError
from candor.replay.stream import StreamError, StreamEvent, write_stream
from risk_svc.backtest.history import HistoryFold, lines
from risk_svc.backtest.outcomes import OutcomeLedger
from risk_svc.backtest.run import history
from risk_svc.forecast.evaluation import ScoredForecast
from risk_svc.forecast.view import IncidentSnapshot

MADE = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = MADE + 10 * HOUR
Body = dict[str, Any]


def text(at: datetime) -> str:
    return at.isoformat()


def made(name: str = "p1", at: datetime = MADE, **said: Any) -> StreamEvent:
    body = {
        "promise_id": name,
        "customer_id": "c1",
        "kind": "install",
        "what": "Machine",
        "due": text(DUE),
        "labels": {"maker": "x"},
        "milestones": [{"name": "left", "planned": text(MADE + 4 * HOUR)}, {"name": "done"}],
        "depends_on": [{"kind": "site", "id": "EWR"}],
        "references": [{"system": "erp", "id": f"R-{name}"}],
    }
    return StreamEvent(f"{name}.made", "promise.made", at, body | said)


def said(what: str, hours: float, name: str = "p1", **body: Any) -> StreamEvent:
    return StreamEvent(f"{name}.{what}.{hours}", what, MADE + hours * HOUR, {"promise_id": name} | body)


def step(milestone: str, hours: float, status: str = "reached", name: str = "p1", **body: Any) -> StreamEvent:
    at = body.pop("at", text(MADE + hours * HOUR))
    return said("milestone.reported", hours, name, milestone=milestone, status=status, at=at, **body)


def told(*events: StreamEvent) -> list[tuple[str, float, Body]]:
    """(type, hours, data) of every line that something follows from."""
    found: list[tuple[str, float, Body]] = []
    for line in lines(events, HistoryFold()):
        assert line["entries"] or found
        hours = (datetime.fromisoformat(line["time"]) - MADE) / HOUR
        found.append((line["type"].partition(".")[2], round(hours, 3), line["data"]))
    return found


def scored(folder: Path, *events: StreamEvent) -> tuple[list[ScoredForecast], int]:
    """The record of a file that ends a hundred hours later."""
    path, ledger = folder / "history.jsonl", OutcomeLedger()
    end = StreamEvent("end", "contact.set", MADE + 100 * HOUR, {})
    write_stream(path, [*events, end])
    n = history(path, None, lambda _: None, ledger)
    return ledger.scored()[0], n


def test_every_event_says_what_it_made_known() -> None:
    found = told(made(), step("left", 3), step("done", 9))
    assert [(what, hours) for what, hours, _ in found] == [("made", 0), ("reached", 3), ("reached", 9)]
    assert found[0][2]["kind"] == "install"
    assert datetime.fromisoformat(found[0][2]["due"]) > DUE
    assert found[1][2] == {"milestone": "left"}
    assert found[2][2]["final"]


def test_reports_find_their_promise_by_its_name_elsewhere_and_those_that_do_not_are_counted() -> None:
    imported = HistoryFold()
    reference = {"system": "erp", "id": "R-p1"}
    events = [
        made(),
        said("milestone.reported", 3, milestone="left", status="reached", at=text(MADE), reference=reference),
    ]
    strange = [
        step("left", 4, name="p9"),
        said("milestone.reported", 5, milestone="left", reference={"system": "erp", "id": "?"}),
    ]
    known = [line for line in lines([*events, *strange], imported) if line["entries"]]
    assert [line["type"] for line in known] == ["promise.made", "milestone.reached"]
    assert imported.unmatched == 2


def test_a_plan_that_moves_and_a_start_say_nothing_to_the_answer_book_but_reach_the_engine() -> None:
    events = [made(), step("left", 1, "redated", planned=text(MADE + 6 * HOUR))]
    _, line = lines(events, HistoryFold())
    assert line["type"] == "promise.known"
    assert line["entries"][0].view.plans["left"] == (MADE + 6 * HOUR).timestamp()


def test_what_was_reported_ahead_of_its_time_waits_for_it_and_gives_way_to_a_newer_word() -> None:
    ahead = step("done", 2, at=text(MADE + 8 * HOUR))
    assert [(what, hours) for what, hours, _ in told(made(), ahead)] == [("made", 0), ("known", 2), ("reached", 8)]
    found = told(made(), ahead, said("promise.withdrawn", 5, reason="called off"))
    assert [(what, hours) for what, hours, _ in found][:3] == [("made", 0), ("known", 2), ("withdrawn", 5)]


def test_incidents_reach_the_engine_until_they_are_over() -> None:
    body = {"incident_id": "i1", "severity": 0.5, "category": "snow", "title": "Snow", "opened_at": text(MADE)}
    body["affects"] = [{"kind": "site", "id": "EWR"}]
    events = [
        StreamEvent("i1.1", "incident.reported", MADE, body | {"status": "opened"}),
        StreamEvent("i1.2", "incident.reported", DUE, body | {"status": "resolved"}),
    ]
    found = [entry for line in lines(events, HistoryFold()) for entry in line["entries"]]
    assert all(isinstance(entry, IncidentSnapshot) for entry in found)
    assert [entry.incident is not None for entry in found] == [True, False]


@pytest.mark.parametrize(
    ("events", "outcome", "hours"),
    [
        ([step("done", 9)], 0, 9.0),
        ([step("done", 10)], 0, 10.0),
        ([step("done", 11)], 1, 11.0),
        ([step("done", 20, at=text(MADE + 9 * HOUR))], 0, 9.0),
        ([step("done", 4, "cancelled", final=True)], 1, None),
        ([step("done", 4, "cancelled", final=True), step("done", 6, correction=True)], 0, 6.0),
        ([said("promise.settled", 12, verdict="kept")], 0, 10.0),
        ([said("promise.settled", 12, verdict="kept", completed_at=text(MADE + 7 * HOUR))], 0, 7.0),
        ([step("done", 9), said("promise.settled", 12, verdict="disputed")], 1, 9.0),
        ([said("promise.settled", 12, verdict="broken")], 1, None),
        ([], 1, None),
    ],
)
def test_what_became_of_a_promise_is_what_the_live_service_would_say(
    tmp_path: Path, events: list[StreamEvent], outcome: int, hours: float | None
) -> None:
    found, _ = scored(tmp_path, made(), *events)
    assert {one.outcome for one in found} == {outcome}
    first = next(one for one in found if one.lead == "made")
    assert first.hours == (None if hours is None else pytest.approx(hours, abs=1e-3))


def test_a_withdrawn_promise_has_no_record_and_another_date_ends_the_asking(tmp_path: Path) -> None:
    assert scored(tmp_path, made(), said("promise.withdrawn", 6, reason="called off")) == ([], 3)
    asked = {"asked_by": "customer", "reason": "holiday", "due": text(DUE + 9 * HOUR)}
    found, n = scored(tmp_path, made(), said("promise.revised", 4, **asked), step("done", 15))
    assert [(one.lead, one.outcome) for one in found] == [("made", 1), ("left75", 1)]
    assert n == 2
    pushed = {"asked_by": "company", "reason": "no crew", "due": text(DUE + 9 * HOUR)}
    found, n = scored(tmp_path, made(), said("promise.revised", 4, **pushed), step("done", 15))
    assert n == 4, "a date that the customer did not agree to changes nothing"


def test_the_tolerance_belongs_to_the_date(tmp_path: Path) -> None:
    found, _ = scored(tmp_path, made(tolerance_s=7200), step("done", 11.5))
    assert {one.outcome for one in found} == {0}


def test_a_promise_may_be_named_by_its_event(tmp_path: Path) -> None:
    nameless = made()
    del nameless.data["promise_id"]
    found, _ = scored(tmp_path, nameless, step("done", 9, name=nameless.id))
    assert {one.promise for one in found} == {nameless.id}


def test_forecasts_are_written_under_the_promises_own_names(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    write_stream(path, [StreamEvent("c", "contact.set", MADE, {}), made(), step("left", 3), step("done", 9)])
    read: list[int] = []
    with (tmp_path / "out.jsonl").open("wb") as out:
        assert history(path, out, read.append) == 5
    ids = [json.loads(line)["decision_id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert ids == ["p1/made", "p1/left75", "p1/at:left", "p1/left50", "p1/left25"]
    assert sum(read) == 4


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (made(due="tomorrow"), "p1.made"),
        (StreamEvent("e", "promise.made", MADE, {"promise_id": "p"}), "customer_id"),
        (StreamEvent("e", "incident.reported", MADE, {"incident_id": "i"}), "e of 2026-03-01"),
    ],
)
def test_a_body_that_is_none_is_named(event: StreamEvent, words: str, tmp_path: Path) -> None:
    with pytest.raises(StreamError, match=words):
        HistoryFold().entries(event)
    write_stream(tmp_path / "bad.jsonl", [event])
    with pytest.raises(OperatorError, match=words):
        history(tmp_path / "bad.jsonl", None, lambda _: None)


def test_a_file_out_of_order_is_refused_with_its_line(tmp_path: Path) -> None:
    write_stream(tmp_path / "h.jsonl", [made(at=MADE + HOUR), made("p2")])
    with pytest.raises(OperatorError, match="line 2: earlier"):
        history(tmp_path / "h.jsonl", None, lambda _: None)
