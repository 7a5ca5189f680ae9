"""Handles events of promises, milestones, notices and incidents: fold, forecast, score, save, publish per batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog

from candor.contracts import Fact, Message, Standing, message
from candor.messaging.failures import describe, trail
from candor.messaging.reviews import Reviews
from candor.ops.clock import Clock, SystemClock
from risk_svc import metrics
from risk_svc.domain import facts as known
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.publish import mark_published, next_version, worth_publishing
from risk_svc.domain.scoring import event_of, pause_of
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState
from risk_svc.forecasting.live import PublishedModel
from risk_svc.store import rebuilding, states
from risk_svc.training import journal
from risk_svc.worker.batch import Batch
from risk_svc.worker.learnt import Learnt
from risk_svc.worker.leftover import FAN_OUT, Pace
from risk_svc.worker.partition_state import PartitionStates
from risk_svc.worker.reading import Reading
from risk_svc.worker.resting import RestingIncidents
from risk_svc.worker.scoring import MAX_EXPLAINED, Scoring, explained_of_a_round
from risk_svc.worker.shelf import encoded
from risk_svc.worker.touched import PromiseChange

if TYPE_CHECKING:
    from candor.messaging.transaction import Work
    from candor.store.unit_of_work import UnitOfWork

log = structlog.get_logger("risk.worker")
SOURCE: Final = "risk-svc"
ENDED: Final = (Standing.KEPT, Standing.BROKEN, Standing.CANCELLED)
"""How a promise may end; one that was withdrawn was no longer to be kept."""


class RiskHandler:
    """Handler of risk-svc's topics; `cache` is its memory, `published` the newest model, shared by all partitions.

    `definition` defines the gap. `clock` decides what is late, `system` numbers what is published. With `publishing`
    off, which is for a rebuild, results are saved but not published. `fan_out` is how many promises incidents may touch
    in one transaction.
    """

    topics: tuple[str, ...] = ("promises", "milestones", "notices")
    broadcast: tuple[str, ...] = ("incidents",)

    def __init__(
        self,
        published: PublishedModel,
        clock: Clock,
        *,
        definition: GapDefinition | None = None,
        publishing: bool = True,
        reviews_per_tick: int = 2000,
        fan_out: int = FAN_OUT,
        system: Clock | None = None,
    ) -> None:
        self.cache = PartitionStates()
        self.reviews = Reviews()
        self._published = published
        self._clock = clock
        self._system = system or SystemClock()
        self._definition = definition or GapDefinition()
        self._publishing = publishing
        self._most_reviews = reviews_per_tick
        self._pace = Pace(fan_out)
        self._reading: dict[int, Reading] = {}
        self._resting = RestingIncidents()
        self._learnt = Learnt()
        self._turn = 0
        for ending in ENDED:
            # There from the start: of a series that begins with its first count, that count is not seen.
            metrics.PROMISES_ENDED.labels(ending.value).inc(0)

    @property
    def busy(self) -> Collection[int]:
        """The partitions in which incidents are on their way or erased promises take up memory."""
        return self.cache.busy

    @property
    def unfinished(self) -> Mapping[int, float]:
        """The partitions in which incidents have not reached all their promises, and since when."""
        return self.cache.unfinished

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:
        """Read the next page of a partition's live promises, incidents, erasures and unfinished work.

        Raises RebuildingError in a rebuild of another.
        """
        if self._publishing and await rebuilding.is_marked(connection):
            raise rebuilding.RebuildingError("the read side is being rebuilt")
        if first:
            self._reading[partition] = Reading(partition, self._system.now().timestamp())
        reading = self._reading[partition]
        if await reading.page(connection):
            return True
        self.cache.partitions[partition] = self._reading.pop(partition).partition
        self._measure()
        return False

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        self._reading.pop(partition, None)
        self.cache.drop(partition)
        self._measure()

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        """Fold, score, save and publish for all partitions of one transaction."""
        now, system = self._clock.now().timestamp(), self._system.now().timestamp()
        batch = Batch(self.cache, uow, now, system, keeps_back=self._publishing)
        await batch.read(work, self._pace.room)
        self._hear(work, system)
        numbers = [item.partition for item in work]
        self.reviews.again(batch.touched)
        by_events = bool(batch.touched)
        if tick:
            if kinds := self._learnt.better_known(self._published.model):
                self.cache.look_again_at(kinds, now)
            batch.review(numbers, now, self._most_reviews, self.reviews)
        if by_events:
            scored = self._scored(batch.touched, now)
        else:
            scored = self._scored_without_failing(batch.touched, now, self.reviews.set_aside)
        await self._finish(uow, batch, scored, now)
        if tick:
            await self._resting.look(uow.connection, [self.cache.partitions[number] for number in numbers], now)

    async def go_on(self, uow: UnitOfWork, partitions: Sequence[int]) -> None:
        """Score the next promises that incidents touch, and let go of the next of erased customers."""
        begun, now = time.monotonic(), self._clock.now().timestamp()
        batch = Batch(self.cache, uow, now, self._system.now().timestamp())
        self._turn += 1
        first = self._turn % len(partitions)
        await batch.go_on([*partitions[first:], *partitions[:first]], self._pace.room)
        scored = self._scored_without_failing(batch.touched, now, self._leave_out)
        await self._finish(uow, batch, scored, now, explained_of_a_round(len(batch.touched)))
        if len(batch.touched) >= self._pace.room:
            self._pace.took(time.monotonic() - begun)

    def _scored(self, touched: Mapping[str, PromiseChange], now: float) -> Scoring:
        scored = Scoring(self._published, self._definition, now, self._system.now().timestamp())
        scored.run(list(touched.values()))
        return scored

    def _scored_without_failing(
        self, touched: dict[str, PromiseChange], now: float, leave_out: Callable[[str, int, str, Sequence[str]], None]
    ) -> Scoring:
        """Score what no message is to blame for: a promise that cannot be scored is left out, and the others go on."""
        try:
            return self._scored(touched, now)
        except Exception:
            for name, item in [*touched.items()]:
                try:
                    self._scored({name: _fresh(item)}, now)
                except Exception as error:
                    del touched[name]
                    leave_out(name, item.partition.number, describe(error), trail(error))
            fresh = {name: _fresh(item) for name, item in touched.items()}
            touched.update(fresh)
            return self._scored(touched, now)

    async def _finish(
        self, uow: UnitOfWork, batch: Batch, scored: Scoring, now: float, explained: int = MAX_EXPLAINED
    ) -> None:
        """Publish what is worth it, take the promises into memory, and save."""
        messages = self._messages(scored, now, explained)
        if self._publishing:
            uow.emit(messages)
        await states.save(uow.connection, _kept(batch.touched.values(), scored))
        await batch.save()
        await journal.write(uow.connection, batch.entries, now)
        await states.save_scores(uow.connection, scored.scores)
        self._measure()

    def _leave_out(self, name: str, partition: int, why: str, where: Sequence[str]) -> None:
        self.reviews.leave_out(name, partition, why)
        log.error(
            "promise not scored",
            promise=name,
            error=why,
            trail=where,
            consequence="neither incidents nor time change its score, until its next event or a restart",
            do="candor stuck list",
        )

    def _measure(self) -> None:
        metrics.PROMISES_IN_MEMORY.set(self.cache.promises)

    def _hear(self, work: Sequence[Work], system: float) -> None:
        for item in work:
            if item.messages:
                oldest = min(message.envelope.time for message in item.messages)
                self.cache.partitions[item.partition].heard.note(system, oldest.timestamp())

    def _messages(self, scored: Scoring, now: float, explained: int = MAX_EXPLAINED) -> list[Message]:
        """The events to publish; marked as published even with publishing off, which a rebuild corrects at its end."""
        system_ms = int(self._system.now().timestamp() * 1000)
        messages, told = [], list[PromiseState]()
        for item in scored.settled_or_open:
            state, view = item.state, item.state.view
            stands = standing(state)
            found, more = known.foremost(state, item.partition.incidents.linked(state), now)
            digest = known.digest(found, state.held_due, more, pause_of(state, stands))
            reason = worth_publishing(state, stands, digest)
            if reason is None:
                continue
            if self._publishing and stands in ENDED and view.sent_standing != stands.value:
                metrics.PROMISES_ENDED.labels(stands.value).inc()
            mark_published(view, stands, digest, next_version(view.version, system_ms))
            messages.append(gap_message(state, stands, found, more, item.traceparent))
            metrics.PUBLISHED.labels(reason.value).inc()
            scored.change(item)
            told.append(state)
        scored.explain(told, explained)
        return messages


def gap_message(
    state: PromiseState, stands: Standing, found: list[Fact], more: int = 0, traceparent: str = ""
) -> Message:
    """The event that publishes a promise's view, under the version that the view has been marked with."""
    data, version = event_of(state, stands, found, more), state.view.version
    name = f"gap.{version}.{state.promise_id}"[:128]
    return message(name, SOURCE, data.as_of, state.customer_id, version, data, traceparent=traceparent)


def _fresh(item: PromiseChange) -> PromiseChange:
    """The same promise as it was before an attempt that failed half-way."""
    return item._replace(state=item.partition.states[item.state.promise_id])


def _kept(touched: Iterable[PromiseChange], scored: Scoring) -> list[states.Saved]:
    """Take the promises into memory or out of it; returns those whose row changed."""
    changed = {item.state.promise_id for item in scored.changed}
    saved = []
    for partition, state, *_ in touched:
        live = state.promise_id not in scored.leaving
        if live:
            row = partition.keep(state)
        else:
            partition.release(state.promise_id)
        if state.promise_id in changed:
            saved.append(states.Saved(partition.number, state, row if live else encoded(state), live))
    return saved
