"""Bulk import against a real HTTP receiver: order, batches, rejected lines, resuming."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from candor.replay.importing import Importer, ImportProgress, ImportRefusedError, RejectedLine
from candor.replay.sending import ImportSender, Unreachable
from candor.replay.stream import StreamError, StreamEvent, as_json, write_stream
from candor.replay.teaching import Teaching
from tests.component.demo.receiver import KEY, Receiver, serving

NOON = datetime(2013, 2, 5, 12, tzinfo=UTC)


def stream_of(path: Path, promises: int) -> Path:
    """Each promise is made, reaches a milestone five minutes later and is arrived five minutes after that."""
    events = []
    for number in range(promises):
        for step, kind in enumerate(("promise.made", "milestone.reported", "milestone.reported")):
            at = NOON + timedelta(minutes=number + 5 * step)
            events.append(StreamEvent(f"e{number}.{step}", kind, at, {"promise_id": f"p{number}"}))
    write_stream(path, sorted(events, key=lambda event: event.time))
    return path


async def load(receiver: Receiver, path: Path, *, key: str = KEY, tries: int = 3) -> ImportProgress:
    async with serving(receiver), httpx.AsyncClient() as client:
        sender = ImportSender(client, key, tries)
        teaching = Teaching(client, f"{receiver.url}/risk", key) if receiver.learnt else None
        where = receiver.endpoints
        return await Importer(sender, where, path.parent / "marks", batch=20, teaching=teaching).run(path)


async def test_every_line_goes_to_its_service_once_and_in_order(tmp_path: Path) -> None:
    receiver = Receiver()
    imported = await load(receiver, stream_of(tmp_path / "s.jsonl", 50))
    assert (imported.total, imported.accepted, imported.done, imported.rejected) == (150, 150, 150, [])
    for service, kind in (("promise", "promise.made"), ("delivery", "milestone.reported")):
        sent = [event for to, batch in receiver.batches if to == service for event in batch]
        assert {event["type"] for event in sent} == {kind}
        assert [event["time"] for event in sent] == sorted(event["time"] for event in sent)
    assert max(len(batch) for _service, batch in receiver.batches) == 20


async def test_promises_stay_ahead_of_their_milestones(tmp_path: Path) -> None:
    receiver = Receiver()
    await load(receiver, stream_of(tmp_path / "s.jsonl", 100))
    made: set[str] = set()
    for service, batch in receiver.batches:
        names = {event["data"]["promise_id"] for event in batch}
        if service == "promise":
            made |= names
        else:
            assert names <= made


async def test_rejected_lines_are_named(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.bad_types.add("promise.made")
    imported = await load(receiver, stream_of(tmp_path / "s.jsonl", 3))
    assert [(item.id, item.code) for item in imported.rejected] == [(f"e{n}.0", "invalid_field") for n in range(3)]
    assert [item.line for item in imported.rejected] == [1, 2, 3]
    assert imported.done == imported.total == 9


async def test_rejected_lines_may_be_taken_one_by_one_and_are_counted_all_the_same(tmp_path: Path) -> None:
    receiver, taken = Receiver(), list[RejectedLine]()
    receiver.bad_types.add("milestone.reported")
    async with serving(receiver), httpx.AsyncClient() as client:
        sender, path = ImportSender(client, KEY, 3), stream_of(tmp_path / "s.jsonl", 3)
        importer = Importer(sender, receiver.endpoints, tmp_path / "marks", batch=4, reject=taken.append)
        imported = await importer.run(path)
    assert [(line.line, line.code) for line in taken] == [(number, "invalid_field") for number in range(4, 10)]
    assert (imported.refused, imported.rejected, imported.done, imported.total) == (6, [], 9, 9)


async def test_a_batch_that_is_too_large_goes_in_parts_and_a_line_that_is_is_rejected(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.largest = 1000
    path = stream_of(tmp_path / "s.jsonl", 30)
    huge = StreamEvent("huge", "promise.made", NOON + timedelta(days=1), {"promise_id": "p99", "what": "x" * 1000})
    with path.open("ab") as file:
        file.write(msgspec.json.encode(as_json(huge)) + b"\n")
    imported = await load(receiver, path)
    assert [(item.line, item.id, item.code) for item in imported.rejected] == [(91, "huge", "too_large")]
    assert (imported.total, imported.accepted, imported.done) == (91, 90, 91)
    sent = [event["id"] for service, batch in receiver.batches for event in batch if service == "promise"]
    assert sent == [f"e{number}.0" for number in range(30)]


async def test_an_interrupted_import_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = stream_of(tmp_path / "s.jsonl", 50)
    dead_from_the_fourth = Receiver(lambda _id, attempt: 503 if attempt >= 4 else 202)
    with pytest.raises(Unreachable):
        await load(dead_from_the_fourth, path, tries=1)
    before = sum(len(batch) for _service, batch in dead_from_the_fourth.batches)
    well = Receiver()
    imported = await load(well, path)
    assert imported.skipped == before == 60
    assert imported.accepted == 90
    sent = [
        event["id"] for receiver in (dead_from_the_fourth, well) for _s, batch in receiver.batches for event in batch
    ]
    assert len(sent) == len(set(sent)) == 150


async def test_a_changed_file_is_another_import(tmp_path: Path) -> None:
    receiver = Receiver()
    await load(receiver, stream_of(tmp_path / "s.jsonl", 3))
    again = await load(receiver, stream_of(tmp_path / "s.jsonl", 4))
    assert again.skipped == 0
    assert (again.accepted, again.replayed) == (3, 9)


async def test_a_wrong_key_is_said_at_once(tmp_path: Path) -> None:
    receiver = Receiver()
    with pytest.raises(ImportRefusedError, match="401 unauthorized"):
        await load(receiver, stream_of(tmp_path / "s.jsonl", 3), key="guess")
    assert receiver.batches == []


async def test_a_bad_line_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    path = stream_of(tmp_path / "s.jsonl", 3)
    path.write_text(path.read_text() + "{}\n")
    receiver = Receiver()
    with pytest.raises(StreamError, match="line 10"):
        await load(receiver, path)
    assert receiver.batches == []


@pytest.mark.parametrize(
    ("learnt", "late"),
    [
        ([None], 0),
        (["2013-02-05T11:59:00Z"], 0),
        (["2013-02-05T12:09:00Z"], 10),
        # Learning goes on while the import does: the last of three batches comes too late.
        ([None, None, "2026-11-28T17:00:00Z"], 10),
        (["2026-11-28T17:00:00Z"], 50),
    ],
)
async def test_promises_that_learning_has_passed_are_counted(
    tmp_path: Path, learnt: list[str | None], late: int
) -> None:
    receiver = Receiver()
    receiver.learnt = list(learnt)
    imported = await load(receiver, stream_of(tmp_path / "s.jsonl", 50))
    assert (imported.promises, imported.too_late, imported.accepted) == (50, late, 150)
    assert imported.teaches_from == learnt[-1]


async def test_what_was_known_already_is_not_said_to_come_too_late(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.learnt = [None]
    await load(receiver, stream_of(tmp_path / "s.jsonl", 3))
    receiver.learnt = ["2026-11-28T17:00:00Z"]
    imported = await load(receiver, stream_of(tmp_path / "s.jsonl", 5))
    assert (imported.replayed, imported.accepted, imported.too_late) == (9, 6, 2)


async def test_an_answer_that_cannot_be_read_is_said_and_not_asked_for_again(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.learnt = ["yesterday"]
    imported = await load(receiver, stream_of(tmp_path / "s.jsonl", 50))
    assert (imported.accepted, imported.too_late) == (150, 0)
    assert "risk-svc does not answer" in imported.not_asked


async def test_reports_about_promises_that_the_file_does_not_make_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    own = {"promise_id": "p", "references": [{"system": "oms", "id": "7"}]}
    report = {"milestone": "done", "status": "reached"}
    events = [
        StreamEvent("e1", "promise.made", NOON, own),
        StreamEvent("e2", "milestone.reported", NOON, report | {"promise_id": "p"}),
        StreamEvent("e3", "milestone.reported", NOON, report | {"reference": {"system": "oms", "id": "7"}}),
        StreamEvent("e4", "milestone.reported", NOON, report | {"promise_id": "q"}),
        StreamEvent("e5", "milestone.reported", NOON, report | {"reference": {"system": "oms", "id": "8"}}),
    ]
    write_stream(path, events)
    assert (await load(Receiver(), path)).elsewhere == 2
