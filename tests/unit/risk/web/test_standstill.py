"""What is said of signs of life and answers, and in which words; the clock is turned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from candor.contracts import PROCESSES, ProcessAlive
from candor.ops.liveness import STUCK_SECONDS
from risk_svc.web.standstill import (
    ANSWERS,
    AWAY_SECONDS,
    RECONNECT_SECONDS,
    SILENT_SECONDS,
    FailedReads,
    Moment,
    SignsOfLife,
    Silence,
    Stoppage,
    held_words,
    silent_words,
    words,
)

START = datetime(2026, 11, 28, 12, 1, tzinfo=UTC)
WORKER = "risk-svc worker"
SILENT = int(SILENT_SECONDS)
RECONNECT = int(RECONNECT_SECONDS)


class World:
    """Everything upstream; `off` says what is silent, `parts` what stands still in the worker."""

    def __init__(self, *processes: str) -> None:
        self.seconds = 0
        self.signs = SignsOfLife(self.now, processes or tuple(PROCESSES))
        self.off: set[str] = set()
        self.parts: list[str] = []
        self.without_kafka = 0

    @property
    def now(self) -> Moment:
        return Moment(float(self.seconds), START + timedelta(seconds=self.seconds))

    def go(self, seconds: int) -> list[Stoppage]:
        """Let time pass, with a sign of each that is on in every second; what has stopped then."""
        for _ in range(seconds):
            self.seconds += 1
            self.without_kafka = self.without_kafka + 1 if "kafka" in self.off else 0
            # Without Kafka the feed has nothing to hear, which it notes after some seconds, and signs need both.
            for name in ANSWERS.keys() - self.off - ({"feed"} if self.without_kafka > STUCK_SECONDS else set()):
                self.signs.answered(name, self.now)
            for process in PROCESSES.keys() - self.off if not self.off & {"kafka", "feed"} else ():
                self.signs.heard(alive(process, self.parts if process == WORKER else []), self.now)
        return self.signs.stopped(self.now)

    def parts_stopped(self, seconds: int) -> list[str]:
        return [one.part for one in self.go(seconds)]


def alive(process: str, stopped: list[str] | None = None) -> ProcessAlive:
    service, _, role = process.partition(" ")
    return ProcessAlive(f"{process}-1", service, role, stopped or [])


def test_while_all_goes_on_nothing_is_said() -> None:
    assert World().go(60) == []


def test_each_process_that_falls_silent_is_said_until_it_is_back() -> None:
    for process in PROCESSES:
        world = World()
        world.go(20)
        world.off = {process}
        assert world.go(SILENT) == []
        [stopped] = world.go(1)
        assert stopped.part == process
        assert stopped.since == START + timedelta(seconds=20)
        world.off = set()
        assert world.go(1) == []


def test_each_server_that_does_not_answer_is_said_alone_and_not_what_follows_from_it() -> None:
    for name in ANSWERS:
        world = World()
        world.go(20)
        world.off = {name}
        assert world.go(int(AWAY_SECONDS[name])) == []
        assert world.parts_stopped(1) == [name]
        assert world.parts_stopped(60) == [name]
        world.off = set()
        # The feed and the processes too have to find Kafka again, and get the time for it.
        assert world.go(1) == []


def test_what_did_not_come_back_with_kafka_is_said_then() -> None:
    for missing, since in ((WORKER, 20), ("feed", 20 + STUCK_SECONDS)):
        world = World()
        world.go(20)
        world.off = {"kafka"}
        world.go(30)
        world.off = {missing}
        assert world.go(RECONNECT) == []
        [stopped] = world.go(2)
        assert (stopped.part, stopped.since) == (missing, START + timedelta(seconds=since))


def test_a_part_has_the_time_to_reconnect_to_the_database_too() -> None:
    world = World()
    world.go(20)
    world.off, world.parts = {"database"}, ["relay"]
    assert world.parts_stopped(30) == ["database"]
    world.off = set()
    assert world.go(RECONNECT) == []
    assert world.parts_stopped(2) == [f"{WORKER} relay"]


def test_an_outage_is_said_before_what_follows_from_it_and_so_is_what_was_said_before() -> None:
    world = World()
    world.go(20)
    world.off, world.parts = {"database"}, ["consumer"]
    assert world.go(4) == []
    world.off = set()
    assert world.parts_stopped(1) == [f"{WORKER} consumer"]
    world.off, world.parts = {"database"}, ["consumer", "relay"]
    assert world.parts_stopped(4) == [f"{WORKER} consumer"]


def test_one_that_was_never_heard_is_said_with_the_time_since_which_anybody_listens() -> None:
    world = World()
    world.off = {"notify-svc"}
    assert world.go(RECONNECT) == []
    [stopped] = world.go(1)
    assert (stopped.part, stopped.since) == ("notify-svc", START)


def test_a_process_that_the_deployment_does_not_have_is_not_missed() -> None:
    world = World("promise-svc", WORKER)
    world.off = set(PROCESSES) - {"promise-svc"}
    assert world.parts_stopped(60) == [WORKER]


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
    world.go(20)
    world.signs.heard(ProcessAlive("other", "risk-svc", "worker", ["consumer"]), world.now)
    assert world.parts_stopped(1) == ["risk-svc worker consumer"]
    assert world.go(SILENT) == []


def test_a_process_that_nobody_waits_for_is_nothing() -> None:
    world = World()
    world.signs.heard(ProcessAlive("x", "other-svc"), world.now)
    assert world.go(10) == []


def test_a_page_says_that_its_reads_fail_once_they_have_for_as_long_as_a_server_may_be_slow() -> None:
    reads = FailedReads()
    reads.note(100.0, failed=True)
    assert reads.words(100.0 + AWAY_SECONDS["database"]) == ""
    reads.note(101.0, failed=False)
    assert reads.words(200.0) == ""
    reads.note(200.0, failed=True)
    reads.note(205.0, failed=True)
    assert reads.words(200.1 + AWAY_SECONDS["database"]) == "Data is not updating: the database does not answer."


def test_a_page_says_it_in_one_sentence() -> None:
    found = [Stoppage("kafka", "Kafka does not answer", START)]
    assert words(found, replayed=False) == "Data is not updating: Kafka does not answer since 12:01:00 UTC."
    assert words(found * 2, replayed=True).endswith("since 12:01:00 UTC (real time).")
    assert words([], replayed=True) == ""


def test_held_messages_are_said_while_a_process_says_so_and_it_is_heard() -> None:
    world = World()
    world.go(20)
    world.signs.heard(ProcessAlive("notify-svc-1", "notify-svc", held=412), world.now)
    assert world.signs.held(world.now) == 412
    assert held_words(412) == (
        "Messages to 412 customers are held: an administrator releases or drops them (`candor messages`)."
    )
    world.go(2)
    assert world.signs.held(world.now) == 0
    assert held_words(0) == ""
    world.signs.heard(ProcessAlive("notify-svc-1", "notify-svc", held=412), world.now)
    world.off = {"notify-svc"}
    world.go(SILENT + 1)
    assert world.signs.held(world.now) == 0


def silent(world: World, process: str, instance: str = "1", **since: float) -> None:
    sign = ProcessAlive(f"{process}-{instance}", process.partition(" ")[0], silent=since)
    world.signs.heard(sign, world.now)


def test_a_silent_sender_is_known_until_its_service_says_so_no_more() -> None:
    world, since = World(), START.timestamp()
    world.go(20)
    silent(world, "delivery-svc", aftership=since, odoo=since + 60)
    assert world.signs.silent(world.now) == [
        Silence("aftership", START),
        Silence("odoo", START + timedelta(seconds=60)),
    ]
    silent(world, "delivery-svc", odoo=since + 60)
    assert [one.source for one in world.signs.silent(world.now)] == ["odoo"]
    world.go(1)
    assert world.signs.silent(world.now) == []


def test_of_a_sender_that_two_processes_miss_the_later_word_counts() -> None:
    world, since = World(), START.timestamp()
    silent(world, "promise-svc", crm=since + 30)
    silent(world, "delivery-svc", crm=since)
    assert world.signs.silent(world.now) == [Silence("crm", START + timedelta(seconds=30))]


def test_a_service_that_is_gone_says_nothing_of_its_senders() -> None:
    world = World()
    silent(world, "promise-svc", crm=START.timestamp())
    world.off = {"promise-svc"}
    assert [one.part for one in world.go(SILENT + 3)] == ["promise-svc"]
    assert world.signs.silent(world.now) == []


def test_the_words_name_some_silent_senders_and_count_the_others() -> None:
    found = [Silence(f"van-{number}", START) for number in range(8)]
    assert silent_words([]) == ""
    assert silent_words(found[:1]) == (
        "No word from van-0 since 28 Nov 12:01 UTC, which is unusual: what happened there since is not known here."
    )
    assert "van-4 since 28 Nov 12:01 UTC and 3 more, which" in silent_words(found)
    assert "van-5" not in silent_words(found)
