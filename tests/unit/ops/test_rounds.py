"""A background of rounds: rests as long as a round says, ends without resting, and fails as a round fails."""

from __future__ import annotations

import asyncio

import pytest

from candor.ops.rounds import Rounds


class Counted(Rounds):
    """Rests as it is told; the last round stops it, and after `bad` rounds it fails."""

    def __init__(self, pauses: list[float], bad: int = 99) -> None:
        super().__init__()
        self.pauses = pauses
        self.bad = bad
        self.done = 0
        self.reached = asyncio.Event()

    async def round(self) -> float:
        if self.done >= self.bad:
            raise ValueError("a bug")
        self.done += 1
        pause = self.pauses.pop(0)
        if not self.pauses:
            self.reached.set()
        return pause


async def test_rounds_follow_each_other_and_a_rest_ends_when_it_is_stopped() -> None:
    rounds = Counted([0.0, 0.001, 3600.0])
    running = asyncio.create_task(rounds.run())
    await rounds.reached.wait()
    await asyncio.sleep(0)
    await rounds.stop()
    await running
    assert rounds.done == 3


async def test_one_that_is_stopped_before_it_begins_does_nothing() -> None:
    rounds = Counted([0.0])
    await rounds.stop()
    await rounds.run()
    assert rounds.done == 0


async def test_what_a_round_does_not_catch_ends_it() -> None:
    with pytest.raises(ValueError, match="a bug"):
        await Counted([0.0, 0.0, 0.0], bad=2).run()
