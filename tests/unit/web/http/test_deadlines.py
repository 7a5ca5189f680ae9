"""What takes too long is ended as by asyncio.timeout, and a cancellation of somebody else's is obeyed."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from candor.web.http.deadlines import Deadlines


async def for_ever() -> None:
    await asyncio.Event().wait()


async def within(deadlines: Deadlines) -> str:
    try:
        with deadlines.begin():
            await for_ever()
    except TimeoutError:
        return "over"
    return "done"


class Hands:
    """A loop's clock and timers, moved by hand."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.timers: list[float] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, *_: Any) -> None:
        self.timers.append(at)


async def test_one_timer_ends_whoever_is_over_and_is_set_again_for_the_next() -> None:
    deadlines = Deadlines(3600)
    tasks = [asyncio.create_task(within(deadlines)) for _ in range(3)]
    await asyncio.sleep(0)
    first, second, third = list(deadlines._running)
    second.at, third.at = first.at, first.at + 1
    hands = Hands(first.at)
    deadlines._look(cast(Any, hands))
    assert [await task for task in tasks[:2]] == ["over"] * 2
    assert (hands.timers, third.over) == ([third.at], False)
    hands.now = third.at
    deadlines._look(cast(Any, hands))
    assert await tasks[2] == "over"
    assert hands.timers == [third.at]


async def test_the_next_one_is_over_as_well() -> None:
    deadlines = Deadlines(0.01)
    assert [await within(deadlines) for _ in range(3)] == ["over"] * 3


async def test_the_task_goes_on_after_it() -> None:
    assert await within(Deadlines(0.01)) == "over"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_was_lifted_or_has_ended_is_left_alone() -> None:
    deadlines = Deadlines(0.01)
    with deadlines.begin():
        pass
    with deadlines.begin() as lifted:
        lifted.lift()
        # Another one that began later is over, so this one's time was up.
        assert await asyncio.create_task(within(deadlines)) == "over"
    assert not lifted.over


async def test_a_cancellation_from_outside_is_obeyed() -> None:
    task = asyncio.create_task(within(Deadlines(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_outside_is_obeyed_though_the_time_is_up_as_well() -> None:
    deadlines = Deadlines(0)
    task = asyncio.create_task(within(deadlines))
    await asyncio.sleep(0)
    task.cancel()
    deadlines._look(asyncio.get_running_loop())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_work_itself_is_not_ours() -> None:
    with pytest.raises(TimeoutError) as caught, Deadlines(60).begin() as limit:
        raise TimeoutError("its own")
    assert (str(caught.value), limit.over) == ("its own", False)
