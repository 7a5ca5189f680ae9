"""What has stopped upstream, by signs of life and answers; the clock is turned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from candor.contracts import ProcessAlive
from risk_svc.web.standstill import ANSWERS, AWAY_SECONDS, EXPECTED, SILENT_SECONDS, Now, Signs, Stopped, words
from risk_svc.web.watch import ANSWER_SECONDS

START = datetime(2026, 11, 28, 12, 1, tzinfo=UTC)
WORKER = ("risk-svc", "worker")


class World:
    """Everything upstream; `off` says what is silent, `parts` what stands still in the worker."""

    def __init__(self) -> None:
        self.seconds = 0
        self.signs = Signs(self.now)
        self.off: set[object] = set()
        self.parts: list[str] = []

    @property
    def now(self) -> Now:
        return Now(float(self.seconds), START + timedelta(seconds=self.seconds))

    def go(self, seconds: int) -> list[Stopped]:
        """Let time pass, with a sign of each that is on in every second; what has stopped then."""
        for _ in range(seconds):
            self.seconds += 1
            for name in ANSWERS.keys() - self.off:
                self.signs.answered(name, self.now)
            # A sign needs Kafka to come by and the feed to be heard.
            for service, role in EXPECTED.keys() - self.off if not self.off & {"kafka", "feed"} else ():
                parts = self.parts if (service, role) == WORKER else []
                self.signs.heard(ProcessAlive(f"{service}-{role}-1", service, role, parts), self.now)
        return self.signs.stopped(self.now)

    def parts_stopped(self, seconds: int) -> list[str]:
        return [one.part for one in self.go(seconds)]


def test_what_is_waited_for_and_the_second_between_two_looks_fit_into_ten() -> None:
    assert SILENT_SECONDS + 3 < 10
    assert AWAY_SECONDS + ANSWER_SECONDS + 3 < 10


def test_while_all_goes_on_nothing_is_said() -> None:
    assert World().go(60) == []


def test_each_process_that_falls_silent_is_said_within_ten_seconds_until_it_is_back() -> None:
    for key in EXPECTED:
        world = World()
        world.go(20)
        world.off = {key}
        assert world.go(int(SILENT_SECONDS)) == []
        [stopped] = world.go(1)
        assert stopped.part == " ".join(key).strip()
        assert stopped.since == START + timedelta(seconds=20)
        world.off = set()
        assert world.go(1) == []


def test_each_server_that_does_not_answer_is_said_alone_and_not_what_follows_from_it() -> None:
    for name in ANSWERS:
        world = World()
        world.go(20)
        world.off = {name}
        assert world.go(int(AWAY_SECONDS)) == []
        assert world.parts_stopped(1) == [name]
        assert world.parts_stopped(60) == [name]
        world.off = set()
        # Processes too have to find Kafka again, and get the time for it.
        assert world.go(1) == []


def test_a_process_that_did_not_come_back_with_kafka_is_said_then() -> None:
    world = World()
    world.go(20)
    world.off = {"kafka"}
    world.go(30)
    world.off = {WORKER}
    assert world.go(int(SILENT_SECONDS)) == []
    [stopped] = world.go(2)
    assert (stopped.part, stopped.since) == ("risk-svc worker", START + timedelta(seconds=20))


def test_one_that_was_never_heard_is_said_with_the_time_since_which_anybody_listens() -> None:
    world = World()
    world.off = {("notify-svc", "")}
    assert world.go(int(SILENT_SECONDS)) == []
    [stopped] = world.go(1)
    assert (stopped.part, stopped.since) == ("notify-svc", START)


def test_a_part_that_stands_still_in_a_process_that_goes_on_is_named() -> None:
    world = World()
    world.go(20)
    world.parts = ["relay"]
    [stopped] = world.go(5)
    assert (stopped.part, stopped.since) == ("risk-svc worker relay", START + timedelta(seconds=21))
    world.parts = []
    assert world.go(1) == []


def test_another_process_of_the_same_kind_takes_over_without_a_word() -> None:
    world = World()
    world.signs.heard(ProcessAlive("other", "risk-svc", "worker", ["consumer"]), world.now)
    assert world.parts_stopped(1) == ["risk-svc worker consumer"]
    assert world.go(int(SILENT_SECONDS)) == []


def test_a_process_that_nobody_waits_for_is_nothing() -> None:
    world = World()
    world.signs.heard(ProcessAlive("x", "other-svc"), world.now)
    assert world.go(10) == []


def test_a_page_says_it_in_one_sentence() -> None:
    found = [Stopped("kafka", "Kafka does not answer", START)]
    assert words(found, replayed=False) == "Data is not updating: Kafka does not answer since 12:01:00 UTC."
    assert words(found * 2, replayed=True).endswith("since 12:01:00 UTC (real time).")
    assert words([], replayed=True) == ""
