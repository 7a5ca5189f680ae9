"""What processes that share their buckets let through together, for any order of requests and reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.problems import Problem
from candor.web.http.rates import Rates

RATE = 10.0
BURST = 2 * RATE
CALLER = "crm"
REPORT = 0.1


@dataclass
class Watch:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Row:
    """The shared row, as the statement keeps it."""

    watch: Watch
    tokens: float = BURST
    since: float = 0.0

    def report(self, rates: Rates) -> None:
        spent = rates.unreported()
        if CALLER in spent:
            self.tokens = min(BURST, self.tokens + RATE * (self.watch() - self.since)) - spent[CALLER]
            self.since = self.watch()
            rates.settle([(CALLER, self.tokens)], self.watch())


@dataclass
class Town:
    """Some processes of one service."""

    number: int
    reported_from: float = 0.0
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self) -> None:
        self.processes = [
            Rates("caller", RATE, self.watch, reported_from=self.reported_from) for _ in range(self.number)
        ]
        self.row = Row(self.watch)

    def ask(self, process: int) -> bool:
        try:
            self.processes[process].take(CALLER)
        except Problem:
            return False
        return True


@given(
    number=st.integers(1, 4),
    attack=st.lists(st.lists(st.integers(0, 80), min_size=4, max_size=4), max_size=60),
    reported_from=st.sampled_from([0.0, BURST / 10]),
)
def test_all_processes_together_keep_to_one_limit(number: int, attack: list[list[int]], reported_from: float) -> None:
    town, admitted, pause = Town(number, reported_from), 0, REPORT
    for wanted in attack:
        for process in range(number):
            admitted += sum(town.ask(process) for _ in range(wanted[process]))
        for one in town.processes:
            town.row.report(one)
        town.watch.seconds += pause
    # Until they have heard of each other each may give a burst, and between two reports what one rate gives.
    assert admitted <= number * BURST + RATE * (town.watch.seconds + number * pause) + number * (1 + reported_from)


@given(
    asked=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.floats(0, REPORT / 2)), min_size=1, max_size=90)
)
def test_a_caller_who_keeps_to_the_rate_is_never_refused(asked: list[tuple[int, int, float]]) -> None:
    # What is reported late is refilled late: of a burst, the last twentieth is not promised.
    promised = BURST - RATE * REPORT - 0.001
    town, own, since, reported = Town(4), promised, 0.0, 0.0
    for process, wanted, pause in asked:
        own = min(promised, own + RATE * (town.watch() - since))
        since = town.watch()
        for _ in range(min(wanted, int(own))):
            assert town.ask(process)
            own -= 1
        town.watch.seconds += pause
        if town.watch() - reported >= REPORT / 2:
            reported = town.watch()
            for one in town.processes:
                town.row.report(one)


def test_who_sends_little_costs_the_database_nothing() -> None:
    town = Town(1, reported_from=2.0)
    (process,) = town.processes
    town.ask(0)
    assert process.unreported() == {}
    town.watch.seconds += 60
    town.ask(0)
    assert process.unreported() == {CALLER: 2}


def test_what_was_taken_while_a_report_was_on_its_way_is_not_given_back() -> None:
    town = Town(1)
    (process,) = town.processes
    town.ask(0)
    assert process.unreported() == {CALLER: 1}
    for _ in range(4):
        town.ask(0)
    process.settle([(CALLER, 10.0)], town.watch())
    assert sum(town.ask(0) for _ in range(100)) == 6


def test_a_debt_is_at_most_one_bucket() -> None:
    town = Town(1)
    (process,) = town.processes
    for _ in range(100):
        process.charge(CALLER, 10)
    town.watch.seconds += 2 + 1 / RATE
    assert town.ask(0)
