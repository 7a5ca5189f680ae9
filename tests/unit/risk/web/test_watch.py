"""The watch in virtual time: what stopped is said within ten seconds, one slow answer or a reconnect never."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from candor.contracts import PROCESSES, ProcessAlive
from candor.ops.liveness import STUCK_SECONDS
from candor.ops.metrics import REGISTRY
from risk_svc.web.watch import Watch
from tests.support import virtual_time

PAGE_SECONDS = 1.0
"""How often a page looks."""
SECONDS = [20 + quarter / 4 for quarter in range(8)]
"""When it happens: at all times between two questions or two signs."""
Happens = Callable[["Upstream"], Awaitable[object]]


class Upstream:
    """Servers that answer after `delay` seconds each, and processes that say each second that they go on.

    A server that is `away` keeps whoever asks waiting. Without Kafka neither the feed nor anybody's sign of life comes.
    """

    def __init__(self) -> None:
        loop = virtual_time.loop()
        self.delay = {"database": 0.01, "kafka": 0.01}
        self.away: set[str] = set()
        self.parts: list[str] = []
        self.heard_by_feed = 0.0
        checks = {"database": lambda: self.asked("database"), "kafka": lambda: self.asked("kafka"), "feed": self.feed}
        self.watch = Watch(checks, loop, loop.time)
        self.said: list[tuple[float, str]] = []

    async def asked(self, name: str) -> None:
        await asyncio.sleep(10_000 if name in self.away else self.delay[name])

    async def feed(self) -> None:
        # As the feed judges itself: silence for some seconds.
        assert virtual_time.loop().time() - self.heard_by_feed <= STUCK_SECONDS

    async def listens(self) -> None:
        while True:
            if not self.away & {"kafka", "feed"}:
                self.heard_by_feed = virtual_time.loop().time()
            await asyncio.sleep(0.1)

    async def goes_on(self, process: str) -> None:
        service, _, role = process.partition(" ")
        while True:
            if not self.away & {process, "kafka", "feed"}:
                self.watch.heard(ProcessAlive(process, service, role, self.parts))
            await asyncio.sleep(1)

    async def page(self) -> None:
        while True:
            self.said += [(virtual_time.loop().time(), one.part) for one in self.watch.stopped()]
            await asyncio.sleep(0.05)

    async def run(self, happens: Happens) -> list[tuple[float, str]]:
        """What pages said while `happens` and for twenty seconds after it."""
        works = [self.watch.run(), self.listens(), self.page(), *(self.goes_on(process) for process in PROCESSES)]
        tasks = [asyncio.create_task(work) for work in works]
        await happens(self)
        await asyncio.sleep(20)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return self.said


def said_when(happens: Happens) -> list[tuple[float, str]]:
    async def main() -> list[tuple[float, str]]:
        return await Upstream().run(happens)

    return virtual_time.run(main())


@pytest.mark.parametrize("what", ["database", "kafka", "feed", *PROCESSES])
def test_whatever_stops_is_said_within_ten_seconds_and_nothing_else(what: str) -> None:
    for second in SECONDS:

        async def stops(upstream: Upstream, second: float = second) -> None:
            await asyncio.sleep(second)
            upstream.away.add(what)

        said = said_when(stops)
        assert {part for _, part in said} == {what}
        assert second < said[0][0] < second + 10 - PAGE_SECONDS


@pytest.mark.parametrize("name", ["database", "kafka"])
@pytest.mark.parametrize("seconds", [1.9, 2.0, 2.1, 3.0])
def test_one_slow_answer_is_not_told_as_an_outage(name: str, seconds: float) -> None:
    for second in SECONDS:

        async def slow(upstream: Upstream, second: float = second) -> None:
            await asyncio.sleep(second)
            upstream.delay[name] = seconds
            await asyncio.sleep(1.5)
            upstream.delay[name] = 0.01

        assert said_when(slow) == []


def test_a_reconnect_after_an_outage_of_kafka_is_not_told_as_a_stop() -> None:
    for second in SECONDS:

        async def outage(upstream: Upstream, second: float = second) -> None:
            await asyncio.sleep(second)
            upstream.away.add("kafka")
            await asyncio.sleep(30)
            # Kafka answers at once, the feed hears of it after a while, and the processes after a while more.
            upstream.away |= {"feed", *PROCESSES}
            upstream.away.remove("kafka")
            await asyncio.sleep(4)
            upstream.away.remove("feed")
            await asyncio.sleep(3)
            upstream.away.clear()

        assert {part for _, part in said_when(outage)} == {"kafka"}


def test_a_part_that_an_outage_of_the_database_stops_is_not_told_beside_it() -> None:
    for second in SECONDS:

        async def outage(upstream: Upstream, second: float = second) -> None:
            await asyncio.sleep(second)
            upstream.away.add("database")
            await asyncio.sleep(STUCK_SECONDS)
            upstream.parts = ["relay"]
            await asyncio.sleep(20)
            upstream.away.clear()
            await asyncio.sleep(6)
            upstream.parts = []

        assert {part for _, part in said_when(outage)} == {"database"}


def test_a_hiccup_of_kafka_that_costs_every_process_its_connection_is_not_told() -> None:
    for second in SECONDS:

        async def hiccup(upstream: Upstream, second: float = second) -> None:
            await asyncio.sleep(second)
            upstream.away.add("kafka")
            await asyncio.sleep(3)
            upstream.away = set(PROCESSES)
            await asyncio.sleep(2)
            upstream.away.clear()

        assert said_when(hiccup) == []


def test_a_start_of_everything_at_once_is_not_told_as_a_stop() -> None:
    async def start(upstream: Upstream) -> None:
        upstream.away = {"feed", *PROCESSES}
        await asyncio.sleep(4)
        upstream.away.remove("feed")
        await asyncio.sleep(3)
        upstream.away.clear()

    assert said_when(start) == []


def test_what_has_stopped_is_a_figure_too_until_it_is_back() -> None:
    seen: list[tuple[float | None, ...]] = []

    def look() -> None:
        parts = ("kafka", "notify-svc", "risk-svc worker sorter")
        seen.append(tuple(REGISTRY.get_sample_value("candor_part_stopped", {"part": part}) for part in parts))

    async def happens(upstream: Upstream) -> None:
        await asyncio.sleep(20)
        look()
        upstream.away.add("notify-svc")
        upstream.parts = ["sorter"]
        await asyncio.sleep(10)
        look()
        upstream.away.clear()
        upstream.parts = []
        await asyncio.sleep(10)
        look()

    said_when(happens)
    assert seen == [(0, 0, None), (0, 1, 1), (0, 0, 0)]
