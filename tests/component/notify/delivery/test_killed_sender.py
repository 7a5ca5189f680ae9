"""The sending process killed (-9) or stopped at each step: never two messages, and what is unknown is held."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from candor.store.unit_of_work import unit_of_work
from notify_svc.delivery import claims
from tests.component.notify.channels.smtp_script import GATE, STALL, Script, serving
from tests.support.notify import LATE, Desk, gap
from tests.support.waiting import until

ROOT = Path(__file__).parents[4]


@asynccontextmanager
async def sender(desk: Desk, port: int, *options: str, lease: float = 30) -> AsyncIterator[asyncio.subprocess.Process]:
    """The sender in a process of its own, on the desk's database."""
    command = [
        sys.executable,
        "-m",
        "tests.component.notify.delivery.sender_process",
        desk.database.url,
        str(port),
        str(lease),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def script_of(step: str) -> Script:
    """A server that answers nothing from `step` on."""
    script = Script()
    setattr(script, step, STALL)
    return script


async def expired(desk: Desk) -> None:
    """The dead process's lease runs out and somebody notices."""
    await desk.leases_run_out()
    async with unit_of_work(desk.database) as uow:
        await claims.expire(uow, desk.clock.now(), 30)


@pytest.mark.parametrize("step", ["banner", "mail", "rcpt"])
async def test_killed_before_data_it_goes_out_once(desk_: Desk, step: str) -> None:
    await desk_.warned()
    script = script_of(step)
    async with serving(script), sender(desk_, script.port) as process:
        await asyncio.wait_for(script.reached.wait(), 60)
        process.kill()
        await process.wait()
        await expired(desk_)
    assert await desk_.states() == [("warning", "pending", "claim_expired")]
    await desk_.send()
    assert len(script.took) + len(desk_.received()) == 1
    assert await desk_.states() == [("warning", "sent", "delivered")]


@pytest.mark.parametrize(("step", "sink"), [("data", 0), ("dot", 1)])
async def test_killed_after_data_began_it_is_held_and_never_sent_again(desk_: Desk, step: str, sink: int) -> None:
    await desk_.warned()
    script = script_of(step)
    async with serving(script), sender(desk_, script.port) as process:
        await asyncio.wait_for(script.reached.wait(), 60)
        process.kill()
        await process.wait()
        await expired(desk_)
    await desk_.retry_now()
    await desk_.later(10, gap(2, LATE, at=desk_.clock.now()))
    assert await desk_.send() == 0
    assert len(script.took) + len(desk_.received()) == sink
    assert await desk_.states() == [("warning", "unknown", "outcome_unknown")]


async def test_killed_after_the_250_and_before_it_was_written_down_it_is_held(desk_: Desk) -> None:
    await desk_.warned()
    script = Script()
    async with serving(script), sender(desk_, script.port, "stuck") as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(told(process.stdout), 60)
        assert line == "told sent"
        process.kill()
        await process.wait()
        await expired(desk_)
    assert await desk_.send() == 0
    assert len(script.took) == 1
    assert await desk_.states() == [("warning", "unknown", "outcome_unknown")]


async def told(stream: asyncio.StreamReader) -> str:
    while line := await stream.readline():
        if line.startswith(b"told"):
            return line.decode().strip()
    return ""


async def test_stopped_before_data_and_woken_later_it_sends_nothing(desk_: Desk) -> None:
    await desk_.warned()
    script = Script(rcpt=GATE)
    async with serving(script), sender(desk_, script.port) as process:
        await asyncio.wait_for(script.reached.wait(), 60)
        os.kill(process.pid, signal.SIGSTOP)
        await expired(desk_)
        assert await desk_.send() == 1
        assert await desk_.states() == [("warning", "sent", "delivered")]
        script.go.set()
        os.kill(process.pid, signal.SIGCONT)
        await until(lambda: script.closed)
    assert script.took == []
    assert len(desk_.received()) == 1


async def test_stopped_after_data_began_and_woken_later_it_sends_once_and_is_known_in_the_end(desk_: Desk) -> None:
    await desk_.warned()
    script = Script(data=GATE)
    async with serving(script), sender(desk_, script.port) as process:
        await asyncio.wait_for(script.reached.wait(), 60)
        os.kill(process.pid, signal.SIGSTOP)
        await expired(desk_)
        assert await desk_.states() == [("warning", "unknown", "outcome_unknown")]
        assert await desk_.send() == 0
        script.go.set()
        os.kill(process.pid, signal.SIGCONT)

        async def known() -> bool:
            return await desk_.states() == [("warning", "sent", "delivered")]

        await until(known)
    assert len(script.took) == 1
    assert desk_.received() == []
