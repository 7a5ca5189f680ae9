"""Tasks that end for certain, also where a cancellation is lost; and work that is given up at the word to stop."""

from __future__ import annotations

import asyncio
import gc

import pytest

from candor.ops import tasks


async def deaf(times: int, heard: list[int]) -> None:
    """Loses its first cancellations, as `asyncio.wait_for` of Python 3.11 may."""
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            heard.append(1)
            if len(heard) > times:
                raise


async def failing() -> None:
    try:
        await asyncio.sleep(3600)
    finally:
        raise OSError("while it was cleaning up")


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_task_that_loses_cancellations_is_ended(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.001)
    heard: list[int] = []
    task = asyncio.create_task(deaf(times, heard))
    await asyncio.sleep(0)
    await tasks.end(task)
    assert (task.cancelled(), len(heard)) == (True, times + 1)


async def test_an_error_while_ending_is_discarded_and_logged_by_nobody(caplog: pytest.LogCaptureFixture) -> None:
    task = asyncio.create_task(failing())
    done = asyncio.create_task(asyncio.sleep(0, "done"))
    await done
    await tasks.end(task, done)
    del task
    gc.collect()
    assert (done.result(), caplog.text) == ("done", "")
    await tasks.end()


async def test_work_is_done_unless_the_word_to_stop_comes_first() -> None:
    stopping = asyncio.Event()
    told: list[int] = []
    assert await tasks.unless(stopping, asyncio.sleep(0), alive=lambda: told.append(1))
    assert told
    with pytest.raises(OSError, match="no broker"):
        await tasks.unless(stopping, refused())
    giving_up = asyncio.create_task(tasks.unless(stopping, asyncio.sleep(3600)))
    await asyncio.sleep(0)
    stopping.set()
    assert not await giving_up


async def refused() -> None:
    raise OSError("no broker")


# Its own loop: other fixtures' tasks come and go in that of the session.
@pytest.mark.asyncio(loop_scope="function")
async def test_who_waits_may_be_cancelled_and_leaves_no_work_behind() -> None:
    heard: list[int] = []
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(tasks.unless(asyncio.Event(), deaf(0, heard)))
    while not waiting.done() and not heard:
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert asyncio.all_tasks() <= before


async def test_a_task_that_ends_by_itself_in_its_grace_is_not_cut_short() -> None:
    leaving = asyncio.Event()
    task = asyncio.create_task(leaving.wait())
    asyncio.get_running_loop().call_soon(leaving.set)
    await tasks.end(task, grace=30)
    assert task.result() is True


async def test_a_task_that_outstays_its_grace_is_ended() -> None:
    task = asyncio.create_task(asyncio.sleep(3600))
    await tasks.end(task, grace=0.001)
    assert task.cancelled()
