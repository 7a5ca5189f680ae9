"""A real process: how it starts, how it stops, how it dies."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.component.web.wire import exchange, head

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@asynccontextmanager
async def process(what: str = "", **environment: str) -> AsyncIterator[tuple[Process, int]]:
    port = int(environment.get("PORT", free_port()))
    settings = {"PORT": str(port), "DRAIN_PAUSE_SECONDS": "0.3", "DRAIN_SECONDS": "5"} | environment
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.component.web.process", what, cwd=ROOT, stdout=PIPE, stderr=PIPE,
        env=os.environ | settings,
    )  # fmt: skip
    try:
        yield started, port
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def until(running: Process, event: str) -> list[dict[str, Any]]:
    """Reads lines until one with this event, or the end."""
    seen = []
    assert running.stdout
    async with asyncio.timeout(60):
        while raw := await running.stdout.readline():
            seen.append(json.loads(raw) if raw.startswith(b"{") else {"event": raw.decode().strip()})
            if event in seen[-1]["event"]:
                return seen
    return seen


async def ended(running: Process) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, the remaining lines, standard error."""
    rest = await until(running, "never written")
    assert running.stderr
    error = (await running.stderr.read()).decode()
    async with asyncio.timeout(60):
        return await running.wait(), rest, error


def events(lines: list[dict[str, Any]]) -> list[str]:
    return [line["event"] + (" " + line["part"] if "part" in line else "") for line in lines]


async def test_sigterm_lets_requests_end_and_stops_in_order() -> None:
    async with process() as (running, port):
        await until(running, "Uvicorn running")
        request = asyncio.create_task(exchange(port, head("GET", "/slow")))
        await until(running, "request began")
        running.send_signal(signal.SIGTERM)
        lines = await until(running, "stopping")
        async with httpx.AsyncClient() as http:
            ready = await http.get(f"http://127.0.0.1:{port}/readyz")
        assert (ready.status_code, ready.json()["wrong"]) == (503, {"process": "stopping"})
        assert (await request).body == b"done"
        status, rest, error = await ended(running)
    order = [line for line in events(lines + rest) if line.split(" ")[0] in ("request", "part", "closed", "stopped")]
    stops = [f"part stopped {name}" for name in ("intake", "relay", "loop-lag", "host-watch")]
    assert order == ["request", *stops, "closed", "stopped"]
    assert (status, error) == (0, "")


async def test_a_request_without_end_does_not_hold_the_process() -> None:
    async with process("hangs", DRAIN_SECONDS="1", DRAIN_PAUSE_SECONDS="0") as (running, port):
        await until(running, "Uvicorn running")
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("GET", "/slow"))
        await until(running, "request began")
        running.send_signal(signal.SIGTERM)
        status, rest, _ = await ended(running)
        writer.close()
    assert status == 0
    assert "part stopped relay" in events(rest)
    assert events(rest)[-1] == "stopped"


async def test_a_second_signal_skips_the_pause() -> None:
    async with process(DRAIN_PAUSE_SECONDS="3600") as (running, _):
        await until(running, "Uvicorn running")
        running.send_signal(signal.SIGINT)
        await until(running, "stopping")
        running.send_signal(signal.SIGINT)
        status, rest, _ = await ended(running)
    assert status == 0
    assert "part stopped relay" in events(rest)


async def test_a_background_that_dies_takes_the_process_down() -> None:
    async with process("raises") as (running, _):
        status, lines, _ = await ended(running)
    assert status == 1
    died = next(line for line in lines if line["event"].startswith("a part of the process died"))
    assert (died["level"], died["part"], died["reason"]) == ("critical", "relay", "RuntimeError: the disk is gone")
    assert "part stopped intake" in events(lines)
    assert lines[-1]["event"] == "stopped because a part of the process died"


async def test_a_background_that_just_ends_is_a_death_too() -> None:
    async with process("returns") as (running, _):
        status, lines, _ = await ended(running)
    assert status == 1
    assert lines[-1]["parts"] == ["relay"]


async def test_what_a_part_needs_and_finds_otherwise_is_one_line_that_it_could_not_start() -> None:
    async with process("refuses") as (running, _):
        status, lines, _ = await ended(running)
    assert status == 3
    said = [line for line in lines if line.get("level") in ("error", "critical")]
    assert [(line["event"], line["reason"]) for line in said] == [
        ("could not start", "PARTITIONS is 8: set PARTITIONS=4")
    ]


async def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with process(PORT=str(taken.getsockname()[1])) as (running, port):
            status, lines, _ = await ended(running)
    assert status == 3
    assert lines[-1]["event"] == "could not start"
    assert lines[-1]["port"] == port
    assert "address already in use" in lines[-1]["reason"]


async def test_a_database_away_at_start_is_told_and_ends_it() -> None:
    async with process("no-database") as (running, _):
        status, lines, _ = await ended(running)
    assert status == 3
    assert not [line for line in lines if line["event"].startswith("Traceback")]
    assert [line["event"] for line in lines].count("could not start") == 1
    assert lines[-1]["reason"] == "ConnectionError: no PostgreSQL at 127.0.0.1:1"


async def test_a_wrong_setting_is_told_before_anything_starts() -> None:
    async with process(DATABASE_URL="mysql://u:hunter2@h/", PARTITIONS="0") as (running, _):
        status, lines, error = await ended(running)
    assert (status, lines) == (2, [])
    assert [line.split(":")[1].strip() for line in error.splitlines()] == ["DATABASE_URL", "PARTITIONS"]
    assert "hunter2" not in error


async def test_every_line_of_a_process_is_json() -> None:
    async with process() as (running, port):
        await until(running, "Uvicorn running")
        await exchange(port, b"nonsense\r\n\r\n")
        await exchange(port, head("GET", "/nowhere"))
        running.send_signal(signal.SIGTERM)
        _, lines, error = await ended(running)
    assert error == ""
    assert all("time" in line for line in lines if line["event"] != "closed")
