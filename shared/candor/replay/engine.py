"""Replays a stream live: each event at its business time, in order per promise, until every one is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from candor.ops.clock import Clock
from candor.replay.sending import Answer
from candor.replay.stream import Lanes, StreamEvent

LONGEST_SLEEP_S: Final = 0.25
STOP_S: Final = 5.0
BEHIND_S: Final = 1.0
"""Real seconds after which an event counts as sent late."""


class Sender(Protocol):
    """Delivers one event and returns its answer."""

    async def send(self, event: StreamEvent) -> Answer: ...


@dataclass
class Refusal:
    """An event that a service refused permanently."""

    event_id: str
    type: str
    status: int
    code: str
    detail: str


@dataclass(kw_only=True)
class Outcome:
    """Figures of a replay so far; `behind_s` and `most_behind_s` are the current and the worst lag in real seconds."""

    total: int = 0
    sent: int = 0
    retried: int = 0
    refused: list[Refusal] = field(default_factory=list)
    behind_s: float = 0.0
    most_behind_s: float = 0.0
    late: int = 0
    stopped: bool = False
    business_time: datetime | None = None


class Replay:
    """One replay. `report` is called after every answer; `stop` lets requests in flight finish and sends no more.

    `clock` is the services' business clock and `speed` its business seconds per real second.
    """

    def __init__(
        self,
        sender: Sender,
        clock: Clock,
        speed: float = 1.0,
        *,
        concurrency: int = 32,
        report: Callable[[Outcome], None] = lambda _outcome: None,
    ) -> None:
        self._sender = sender
        self._clock = clock
        self._speed = speed
        self._concurrency = concurrency
        self._report = report
        self._stopping = asyncio.Event()
        self._lanes = Lanes()
        self._tails: dict[int, asyncio.Task[None]] = {}
        self._flying: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.outcome = Outcome()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self, events: Iterable[StreamEvent]) -> Outcome:
        """Send the events, which must be sorted by time; returns when all are answered or `stop` was called.

        After `stop`, requests in flight have `STOP_S` to be answered; the next replay sends them again, same ids.
        """
        try:
            for event in events:
                if not await self._due(event.time):
                    break
                self._start(event)
            while self._flying and not self._stopping.is_set():
                await self._one_answer()
            if self._flying:
                await asyncio.wait(self._flying, timeout=STOP_S)
        finally:
            self.outcome.stopped = self._stopping.is_set()
            for task in self._flying:
                task.cancel()
        if self._failure is not None:
            raise self._failure
        return self.outcome

    async def _due(self, moment: datetime) -> bool:
        """Wait for the business time and for a free slot in flight; False if the replay is to stop."""
        while not self._stopping.is_set():
            ahead = (moment - self._clock.now()).total_seconds() / self._speed
            if ahead > 0:
                await asyncio.sleep(min(ahead, LONGEST_SLEEP_S))
                self.outcome.business_time = self._clock.now()
                self._report(self.outcome)
            elif len(self._flying) >= self._concurrency:
                await self._one_answer()
            else:
                return True
        return False

    async def _one_answer(self) -> None:
        await asyncio.wait(self._flying, timeout=LONGEST_SLEEP_S, return_when=asyncio.FIRST_COMPLETED)

    def _start(self, event: StreamEvent) -> None:
        lanes = self._lanes.lanes(event)
        before = [self._tails[lane] for lane in lanes if lane in self._tails]
        task = asyncio.create_task(self._deliver(event, before))
        self._tails |= dict.fromkeys(lanes, task)
        self._flying.add(task)
        task.add_done_callback(lambda done: self._landed(lanes, done))

    def _landed(self, lanes: list[int], task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        for lane in lanes:
            if self._tails.get(lane) is task:
                del self._tails[lane]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self.stop()

    async def _deliver(self, event: StreamEvent, before: list[asyncio.Task[None]]) -> None:
        for earlier in before:
            await earlier
        self._note(event, await self._sender.send(event))

    def _note(self, event: StreamEvent, answer: Answer) -> None:
        outcome = self.outcome
        outcome.sent += 1
        outcome.retried += answer.tries - 1
        outcome.business_time = self._clock.now()
        outcome.behind_s = max(timedelta(0), outcome.business_time - event.time).total_seconds() / self._speed
        outcome.most_behind_s = max(outcome.most_behind_s, outcome.behind_s)
        outcome.late += outcome.behind_s > BEHIND_S
        if not answer.accepted:
            outcome.refused.append(Refusal(event.id, event.type, answer.status, answer.code, answer.detail))
        self._report(outcome)
