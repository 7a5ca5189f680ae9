"""What mails briefs killed (-9) or stopped at each step: never two mails, and what is unknown stays so."""

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
from notify_svc.briefs import kept
from tests.component.notify.briefs.test_briefs import sender, states
from tests.component.notify.channels.smtp_script import GATE, Script, serving
from tests.component.notify.delivery.test_killed_sender import script_of, told
from tests.support.briefs import weekly
from tests.support.notify import Desk
from tests.support.waiting import until

PATIENCE = 150.0
"""Seconds in which the process is to come so far, also on a busy machine."""
ROOT = Path(__file__).parents[4]


@asynccontextmanager
async def process_of(desk: Desk, port: int, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The sender in a process of its own, on the desk's database."""
    module = "tests.component.notify.briefs.brief_process"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, desk.database.url, str(port), "30", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def expired(desk: Desk) -> None:
    """The dead process's lease runs out and somebody notices."""
    await desk.database.pool.execute("UPDATE brief_mail SET lease_until = now() WHERE state = 'sending'")
    async with unit_of_work(desk.database) as uow:
        assert await kept.expire(uow, 30)


@pytest.mark.parametrize("step", ["banner", "mail", "rcpt"])
async def test_killed_before_data_it_goes_out_once(desk_: Desk, step: str) -> None:
    await desk_.take(weekly())
    script = script_of(step)
    async with serving(script), process_of(desk_, script.port) as process:
        await asyncio.wait_for(script.reached.wait(), PATIENCE)
        process.kill()
        await process.wait()
        await expired(desk_)
    assert [one[1:] for one in await states(desk_)] == [("pending", "claim_expired")]
    assert await sender(desk_).once() == 1
    assert len(script.took) + len(desk_.received()) == 1
    assert await sender(desk_).once() == 0


@pytest.mark.parametrize(("step", "sink"), [("data", 0), ("dot", 1)])
async def test_killed_after_data_began_it_is_never_sent_again(desk_: Desk, step: str, sink: int) -> None:
    await desk_.take(weekly())
    script = script_of(step)
    async with serving(script), process_of(desk_, script.port) as process:
        await asyncio.wait_for(script.reached.wait(), PATIENCE)
        process.kill()
        await process.wait()
        await expired(desk_)
    await desk_.take(weekly())
    assert await sender(desk_).once() == 0
    assert len(script.took) + len(desk_.received()) == sink
    assert [one[1:] for one in await states(desk_)] == [("unknown", "outcome_unknown")]


async def test_killed_after_the_250_and_before_it_was_written_down_it_is_never_sent_again(desk_: Desk) -> None:
    await desk_.take(weekly())
    script = Script()
    async with serving(script), process_of(desk_, script.port, "stuck") as process:
        assert process.stdout is not None
        assert await asyncio.wait_for(told(process.stdout), PATIENCE) == "told sent"
        process.kill()
        await process.wait()
        await expired(desk_)
    assert await sender(desk_).once() == 0
    assert len(script.took) == 1
    assert [one[1] for one in await states(desk_)] == ["unknown"]


async def test_stopped_before_data_and_woken_later_it_sends_nothing(desk_: Desk) -> None:
    await desk_.take(weekly())
    script = Script(rcpt=GATE)
    async with serving(script), process_of(desk_, script.port) as process:
        await asyncio.wait_for(script.reached.wait(), PATIENCE)
        os.kill(process.pid, signal.SIGSTOP)
        await expired(desk_)
        assert await sender(desk_).once() == 1
        script.go.set()
        os.kill(process.pid, signal.SIGCONT)
        await until(lambda: script.closed)
    assert script.took == []
    assert len(desk_.received()) == 1
    assert [one[1] for one in await states(desk_)] == ["sent"]
