"""Bulk import against a real HTTP receiver: order, batches, rejected lines, resuming."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from candor.replay.importing import Imported, Importer, ImportRefusedError
from candor.replay.sending import ImportSender, Unreachable
from candor.replay.stream import StreamError, StreamEvent, write_stream
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


async def load(receiver: Receiver, path: Path, *, key: str = KEY, tries: int = 3) -> Imported:
    async with serving(receiver), httpx.AsyncClient() as client:
        sender = ImportSender(client, key, tries)
        return await Importer(sender, receiver.endpoints, path.parent / "marks", batch=20).run(path)


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
