"""Stream files and the lanes that keep order."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from candor.local.secret_files import PROMISES, REPORTS, SOURCES
from candor.replay.stream import (
    DELIVERY_TYPES,
    PROMISE_TYPES,
    Lanes,
    StreamError,
    StreamEvent,
    read_stream,
    write_stream,
)

NOON = datetime(2013, 2, 5, 12, tzinfo=UTC)


def event(kind: str = "milestone.reported", **data: object) -> StreamEvent:
    return StreamEvent("e1", kind, NOON, dict(data))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    events = [event(promise_id="p1"), event("promise.made", promise_id="p2", due="2013-02-06T00:00:00Z")]
    assert write_stream(path, events) == 2
    assert [(1, events[0]), (2, events[1])] == list(read_stream(path))


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        '{"id":"a","type":"promise.made","time":"2013-02-05T12:00:00","data":{}}',
        '{"id":"a","type":"promise.dreamt","time":"2013-02-05T12:00:00Z","data":{}}',
        '{"id":"a","type":"promise.made","data":{}}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "stream.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(StreamError, match="line 2"):
        list(read_stream(path))


def test_events_of_one_promise_share_a_lane_however_they_are_named() -> None:
    lanes = Lanes()
    reference = {"system": "flights", "id": "UA1"}
    first = lanes.lanes(event("contact.set", customer_id="c1"))
    assert lanes.lanes(event("promise.made", customer_id="c1", promise_id="p1", references=[reference])) == first
    assert lanes.lanes(event(reference=reference)) == first
    assert lanes.lanes(event("promise.withdrawn", promise_id="p1")) == first
    assert lanes.lanes(event(reference={"system": "crm", "id": "UA1"})) != first
    assert lanes.lanes(event("incident.reported", incident_id="i1")) != first


def test_a_promise_of_which_there_was_word_before_keeps_the_order_of_both() -> None:
    lanes = Lanes()
    (word,) = lanes.lanes(event("statement.made", promise_id="p1", statement_id="s1"))
    (contact,) = lanes.lanes(event("contact.set", customer_id="c1"))
    made = lanes.lanes(event("promise.made", customer_id="c1", promise_id="p1"))
    assert word != contact
    assert sorted(made) == sorted((word, contact))
    assert lanes.lanes(event("handoff.requested", promise_id="p1", handoff_id="h1")) == [word]
    assert lanes.lanes(event("handoff.accepted", handoff_id="h1")) == [word]


def test_a_stream_takes_every_event_that_the_local_stack_lets_a_replay_send() -> None:
    assert SOURCES["replay"] == {"promise-svc": PROMISES, "delivery-svc": REPORTS}
    assert frozenset(PROMISES) == PROMISE_TYPES
    assert frozenset(REPORTS) == DELIVERY_TYPES


def test_what_becomes_of_a_review_comes_after_it() -> None:
    lanes = Lanes()
    said = lanes.lanes(event("review.published", source="s1", source_id="r1"))
    assert lanes.lanes(event("review.tagged", review_id="s1:r1")) == said
    assert lanes.lanes(event("review.tagged", review_id="s1:r2")) != said
    stated = lanes.lanes(event("lead_time.stated", lead_time_id="l1"))
    assert lanes.lanes(event("lead_time.withdrawn", lead_time_id="l1")) == stated != said


@pytest.mark.parametrize("time", ["2013-02-05T13:00:00+0100", "2013-02-05t12:00:00,000z", "2013-02-05 12:00:00 UTC"])
def test_a_time_is_read_as_the_services_read_it(tmp_path: Path, time: str) -> None:
    path = tmp_path / "stream.jsonl"
    path.write_text(f'{{"id": "e1", "type": "promise.made", "time": "{time}", "data": {{}}}}\n')
    ((_, event),) = read_stream(path)
    assert event.time == datetime(2013, 2, 5, 12, tzinfo=UTC)


def test_a_mark_that_says_utf_8_is_read_over_and_utf_16_is_said(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    line = '{"id": "e1", "type": "promise.made", "time": "2026-03-01T09:00:00Z", "data": {}}\n'
    path.write_text(line, encoding="utf-8-sig")
    assert [event.id for _, event in read_stream(path)] == ["e1"]
    path.write_text(line, encoding="utf-16")
    with pytest.raises(StreamError, match="is encoded in UTF-16: save it as UTF-8"):
        list(read_stream(path))
