"""The client's ledger, what it says of an event, and the figures of a report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from candor.replay.stream import StreamEvent
from tests.faults.rig.client import said
from tests.faults.rig.ledger import Ledger, read
from tests.faults.rig.nemesis import Recovery
from tests.faults.rig.oracle import expect
from tests.faults.rig.report import percentile, recovery_of
from tests.faults.rig.story import START, PlannedEvent
from tests.unit.faults.worlds import accepted


def test_what_was_noted_is_read_again_in_order(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.jsonl")
    ledger.note([StreamEvent("a", "promise.made", START, {"x": 1}), StreamEvent("b", "t", START, {})], historical=True)
    ledger.note([StreamEvent("c", "t", START, {})])
    ledger.close()
    assert ledger.count == 3
    assert [(one.id, one.historical) for one in read(ledger.path)] == [("a", True), ("b", True), ("c", False)]
    assert read(ledger.path)[0].data == {"x": 1}


def test_a_line_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.jsonl")
    ledger.note([StreamEvent("a", "t", START, {})])
    ledger.close()
    with ledger.path.open("ab") as file:
        file.write(b'{"id":"b","ty')
    assert [one.id for one in read(ledger.path)] == ["a"]


def test_an_event_is_said_with_times_counted_from_now() -> None:
    planned = PlannedEvent(
        "e", "t", "lane", {"at": timedelta(0), "deep": [{"due": timedelta(hours=1), "n": 2}], "s": "x"}
    )
    event = said(planned, START)
    assert event.time == START
    assert event.data == {"at": "2026-03-02T06:00:00Z", "deep": [{"due": "2026-03-02T07:00:00Z", "n": 2}], "s": "x"}


def test_the_oracle_counts_every_event_once() -> None:
    lines = accepted()
    expected = expect(lines)
    assert sorted(expected.events["promise"] + expected.events["delivery"]) == sorted(one.id for one in lines)
    assert expected.contacts == {"c-p0": 1, "c-p1": 1, "c-p2": 1}
    assert expected.incidents == {"i0": 3}
    assert {name: facts["milestone_version"] for name, facts in expected.folded.items()} == {
        name: len(expected.milestones[name]) for name in expected.folded
    }


def test_the_oracle_does_not_care_in_which_order_the_two_services_answered() -> None:
    lines = accepted()
    delivery = [one for one in lines if one.type in ("milestone.reported", "incident.reported")]
    others = [one for one in lines if one not in delivery]
    assert expect(delivery + others) == expect(others + delivery)


def test_recovery_is_told_by_target_and_kind() -> None:
    found = recovery_of([Recovery("a", "kill", seconds) for seconds in (1.0, 2.0, 9.0)] + [Recovery("b", "pause", 8)])
    assert found["a kill"] == {"median": 2.0, "p95": 9.0, "max": 9.0}
    assert list(found) == ["a kill", "b pause"]


def test_percentiles() -> None:
    assert percentile([float(n) for n in range(1, 21)], 0.95) == 19
    assert percentile([5.0], 0.95) == 5
