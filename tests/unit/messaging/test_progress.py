"""When a worker says that it does not get on."""

from __future__ import annotations

from candor.messaging.planning import OwnedPartition
from candor.messaging.progress import Patience, Progress


class Scene:
    """Two partitions, a clock, and how many events wait."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waiting = {0: 5, 1: 0}
        self.leased = {number: OwnedPartition(partition=number, epoch=1, offsets={"promises": 10}) for number in (0, 1)}
        behind = lambda own: self.waiting[own.partition]  # noqa: E731
        self.progress = Progress(self.leased, behind, Patience(turns=3, seconds=60), lambda: self.now)

    def later(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.progress.look()


def test_a_partition_that_does_not_move_while_events_wait_is_told_and_an_idle_one_is_not() -> None:
    scene = Scene()
    scene.later(61)
    assert scene.progress.problems() == []
    scene.later(1)
    assert scene.progress.problems() == ["partition 0: nothing applied for 61 s while 5 events wait"]


def test_moving_or_catching_up_ends_it() -> None:
    scene = Scene()
    scene.later(70)
    scene.leased[0].offsets["promises"] = 11
    scene.later(1)
    assert scene.progress.problems() == []
    scene.later(70)
    assert scene.progress.problems()
    scene.waiting[0] = 0
    scene.later(1)
    assert scene.progress.problems() == []


def test_time_counts_from_when_events_began_to_wait() -> None:
    scene = Scene()
    scene.later(100)
    scene.waiting[1] = 1
    scene.later(60)
    assert not any("partition 1" in each for each in scene.progress.problems())


def test_halted_and_lost_partitions_are_told_elsewhere() -> None:
    scene = Scene()
    scene.later(70)
    scene.leased[0].halted = "20 dead letters in a row"
    assert scene.progress.problems() == []
    scene.leased[0].halted = ""
    del scene.leased[0]
    assert scene.progress.problems() == []


def test_turns_that_fail_in_a_row_are_told_with_their_reason() -> None:
    scene = Scene()
    for _ in range(2):
        scene.progress.failed("the database is away")
    assert scene.progress.problems() == []
    scene.progress.failed("the database is away")
    assert scene.progress.problems() == ["3 turns in a row failed: the database is away"]
    scene.progress.done()
    assert scene.progress.problems() == []


def test_what_the_clock_sets_off_may_fail_while_its_culprit_is_searched_for() -> None:
    scene = Scene()
    for _ in range(23):
        scene.progress.tick_failed("LookupError")
    assert scene.progress.problems() == []
    scene.progress.tick_failed("LookupError")
    assert scene.progress.problems() == ["reviews by the clock failed 24 times in a row: LookupError"]
    scene.progress.tick_done()
    assert scene.progress.problems() == []
