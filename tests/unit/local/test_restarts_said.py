"""What is kept alive: said once, started again after a pause that grows to a limit."""

from __future__ import annotations

from candor.local.errors import LocalError
from candor.local.restarts import LONGEST_SECONDS, STEADY_SECONDS, Restarts


class Town:
    """Parts that are down or up as a test says."""

    def __init__(self) -> None:
        self.down: list[str] = []
        self.started: list[str] = []
        self.broken = False

    def stopped(self) -> list[str]:
        return list(self.down)

    def restartable(self, name: str) -> bool:
        return name != "kafka"

    def obituary(self, name: str) -> str:
        return f"  exit status 1; all of it in {name}.log"

    def start_again(self, name: str) -> None:
        if self.broken:
            raise LocalError("no space left")
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


def test_a_server_is_said_and_left() -> None:
    town, said, restarts = kept()
    town.down = ["kafka"]
    for second in range(100):
        restarts.look(100 + second)
    assert len(said) == 1
    assert "candor down" in said[0]
    assert town.started == []


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
