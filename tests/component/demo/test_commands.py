"""`candor replay` and `candor import` as processes, against a receiver on a real port."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from datetime import UTC, datetime, timedelta
from pathlib import Path

from candor.replay.stream import StreamEvent, write_stream
from tests.component.demo.receiver import KEY, SECRET, Receiver, serving

NOON = datetime(2013, 2, 5, 12, tzinfo=UTC)
PROGRAM = """
from candor.cli import main
main()
"""


def stream(folder: Path, count: int = 5, apart: timedelta = timedelta(minutes=1)) -> Path:
    path = folder / "stream.jsonl"
    events = [
        StreamEvent(f"e{number}", "promise.made", NOON + number * apart, {"promise_id": f"p{number}"})
        for number in range(count)
    ]
    write_stream(path, events)
    (folder / "secrets.json").write_text(json.dumps({"sources": {"replay": {"secrets": [SECRET]}}}))
    return path


async def start(folder: Path, receiver: Receiver, *arguments: str) -> Process:
    urls = ["--promise-url", receiver.endpoints.promise, "--delivery-url", receiver.endpoints.delivery]
    environment = {"CANDOR_HOME": str(folder), "PATH": "", "TERM": "dumb"}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, *arguments, *urls, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
    )


async def test_replay_sends_the_past_at_once_and_says_how_it_went(tmp_path: Path) -> None:
    async with serving(Receiver()) as receiver:
        file = stream(tmp_path)
        process = await start(tmp_path, receiver, "replay", str(file), "--secrets", "secrets.json", "--json")
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert json.loads(out)["sent"] == json.loads(out)["total"] == 5
    assert sorted(receiver.ids) == [f"e{n}" for n in range(5)]


async def test_replay_names_what_was_refused(tmp_path: Path) -> None:
    async with serving(Receiver(lambda event_id, _attempt: 422 if event_id == "e3" else 202)) as receiver:
        process = await start(tmp_path, receiver, "replay", str(stream(tmp_path)), "--secrets", "secrets.json")
        _out, err = await process.communicate()
    assert process.returncode == 1
    assert "refused e3 (promise.made): invalid_field told to" in err.decode()


async def test_ctrl_c_stops_a_replay_cleanly(tmp_path: Path) -> None:
    async with serving(Receiver()) as receiver:
        file = stream(tmp_path, apart=timedelta(days=1))
        clock = ["--clock", "2013-02-05T12:00:00Z@1", "--clock-origin", datetime.now(UTC).isoformat()]
        process = await start(tmp_path, receiver, "replay", str(file), "--secrets", "secrets.json", "--json", *clock)
        await receiver.received(1)
        process.send_signal(signal.SIGINT)
        out, _err = await process.communicate()
    assert process.returncode == 130
    assert json.loads(out)["stopped"] is True
    assert receiver.ids == ["e0"]


async def test_replay_says_which_source_has_no_secret(tmp_path: Path) -> None:
    async with serving(Receiver()) as receiver:
        arguments = ["replay", str(stream(tmp_path)), "--secrets", "secrets.json", "--source", "erp"]
        process = await start(tmp_path, receiver, *arguments)
        _out, err = await process.communicate()
    assert process.returncode == 2
    assert "no secret of source 'erp'" in " ".join(err.decode().split())
    assert receiver.ids == []


async def test_import_writes_rejected_lines_to_a_file(tmp_path: Path) -> None:
    async with serving(Receiver()) as receiver:
        receiver.bad_types.add("promise.made")
        arguments = ["import", str(stream(tmp_path, 2)), "--key", KEY, "--json", "--rejects", "rejects.jsonl"]
        process = await start(tmp_path, receiver, *arguments)
        out, err = await process.communicate()
    assert process.returncode == 1, err.decode()
    assert len(json.loads(out)["rejected"]) == 2
    lines = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [(line["line"], line["code"]) for line in lines] == [(1, "invalid_field"), (2, "invalid_field")]


async def test_an_import_that_comes_too_late_to_teach_says_so_with_the_reason(tmp_path: Path) -> None:
    async with serving(Receiver()) as receiver:
        receiver.learnt = ["2026-11-28T17:00:00Z"]
        arguments = ["import", str(stream(tmp_path, 3)), "--key", KEY, "--risk-url", f"{receiver.url}/risk"]
        process = await start(tmp_path, receiver, *arguments)
        _out, err = await process.communicate()
        again = await start(tmp_path, receiver, *arguments, "--json")
        out, _err = await again.communicate()
    said = " ".join(err.decode().split())
    assert process.returncode == 3, said
    assert "3 of 3 promises came too late to teach." in said
    assert "What came due before 2026-11-28T17:00:00Z can no longer be learnt" in said
    # What it said before: a second run sends nothing, and says nothing of what it did not send.
    assert again.returncode == 0
    assert (json.loads(out)["skipped"], json.loads(out)["too_late"]) == (3, 0)


async def test_an_import_says_when_it_could_not_ask_whether_it_teaches(tmp_path: Path) -> None:
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, "import", str(stream(tmp_path)), "--key", KEY)
        _out, err = await process.communicate()
    assert process.returncode == 0
    assert "it is not known whether these promises teach: no address of risk-svc" in " ".join(err.decode().split())


async def test_import_with_a_wrong_key_fails_in_words(tmp_path: Path) -> None:
    async with serving(Receiver()) as receiver:
        process = await start(tmp_path, receiver, "import", str(stream(tmp_path)), "--key", "guess")
        _out, err = await process.communicate()
    assert process.returncode == 2
    assert "401 unauthorized" in err.decode()
