"""What is kept alive: said once, started again after a pause that grows to a limit."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from candor.errors import OperatorError
from candor.installation.folder import Folder
from candor.local import restarts as module
from candor.local.restarts import LONGEST_SECONDS, LOW_MIB, STEADY_SECONDS, DiskSpace, Restarts, kept_up


class Town:
    """Parts that are down or up as a test says."""

    def __init__(self, root: Path = Path()) -> None:
        self.folder = Folder(root, root)
        self.down: list[str] = []
        self.started: list[str] = []
        self.notes: list[tuple[str, str]] = []
        self.broken = False

    def stopped(self) -> list[str]:
        return list(self.down)

    def obituary(self, name: str) -> str:
        return f"  exit status 1; all of it in {name}.log"

    def note(self, name: str, text: str) -> None:
        self.notes.append((name, text))

    def start_again(self, name: str) -> None:
        if self.broken:
            raise OperatorError("no space left")
        self.started.append(name)
        self.down.remove(name)


def kept() -> tuple[Town, list[str], Restarts]:
    town, said = Town(), list[str]()
    return town, said, Restarts(town, said.append)


def test_a_death_is_said_once_with_its_last_words() -> None:
    town, said, restarts = kept()
    town.down = ["risk-web"]
    for tenth in range(9):
        restarts.look(100 + tenth / 10)
    assert said == ["risk-web ended by itself; starting it again in 1 s\n  exit status 1; all of it in risk-web.log"]
    assert town.started == []


def test_it_is_started_again_once_the_pause_is_over() -> None:
    town, said, restarts = kept()
    town.down = ["risk-web"]
    restarts.look(100)
    restarts.look(101)
    restarts.look(102)
    assert town.started == ["risk-web"]
    assert len(said) == 1
    assert town.notes == [
        ("risk-web", "risk-web ended by itself; starting it again in 1 s (exit status 1)"),
        ("risk-web", "risk-web was started again"),
    ]


def pauses(deaths: int, apart: float) -> list[float]:
    """How long each of so many deaths in a row was answered with a pause, `apart` seconds after the last start."""
    town, said, restarts = kept()
    now, found = 1000.0, []
    for _ in range(deaths):
        town.down = ["notify-svc"]
        restarts.look(now)
        found.append(float(said[-1].split(" again in ")[1].split(" s")[0]))
        now += found[-1]
        restarts.look(now)
        now += apart
    return found


def test_the_pause_doubles_up_to_a_limit_and_never_ends_the_trying() -> None:
    assert pauses(8, 1) == [1, 2, 4, 8, 16, 30, 30, 30]
    assert LONGEST_SECONDS == 30


def test_after_a_long_time_without_a_death_it_is_a_first_one_again() -> None:
    assert pauses(3, STEADY_SECONDS + 1) == [1, 1, 1]


def test_one_that_cannot_be_started_is_tried_again_later() -> None:
    town, said, restarts = kept()
    town.down, town.broken = ["risk-web"], True
    restarts.look(100)
    restarts.look(101)
    assert "cannot be started: no space left" in said[-1]
    town.broken = False
    restarts.look(102)
    assert town.started == []
    restarts.look(101 + LONGEST_SECONDS)
    assert town.started == ["risk-web"]


def test_a_disk_that_fills_up_is_said_once_and_again_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, free = list[str](), 10 * LOW_MIB
    monkeypatch.setattr(module, "free_mebibytes", lambda _path: free)
    room = DiskSpace(tmp_path, said.append)
    for free in (10 * LOW_MIB, LOW_MIB - 1, 3, 0, LOW_MIB + 1, 2 * LOW_MIB - 1, LOW_MIB - 1):  # noqa: B007
        room.look()
    assert len(said) == 1
    assert said[0].startswith(f"the disk that holds {tmp_path} has {LOW_MIB - 1} MiB left: ")
    assert said[0].endswith("free some space")
    free = 2 * LOW_MIB
    room.look()
    room.look()
    assert said[1:] == [f"the disk that holds {tmp_path} has {2 * LOW_MIB} MiB left again"]


def test_while_a_block_runs_what_ends_is_started_again_and_afterwards_nothing_is(tmp_path: Path) -> None:
    town, said = Town(tmp_path), list[str]()
    started = threading.Event()
    town.start_again = lambda name: (town.down.remove(name), started.set())  # type: ignore[assignment, func-returns-value]
    town.down = ["risk-web"]
    with kept_up(town, said.append):
        assert started.wait(60)
    town.down = ["risk-web"]
    assert [thread.name for thread in threading.enumerate() if thread.name == "keeper"] == []
    assert said[0].startswith("risk-web ended by itself")
