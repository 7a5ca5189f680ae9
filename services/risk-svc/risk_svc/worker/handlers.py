"""Handles events of promises, milestones, notices and incidents: fold, forecast, score, save, publish per batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from candor.contracts import Fact, Message, Standing, message
from candor.ops.clock import Clock, SystemClock
from risk_svc import metrics
from risk_svc.domain import facts as known
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.publish import mark_published, next_version, worth_publishing
from risk_svc.domain.scoring import event_of
from risk_svc.domain.state import PromiseState, standing
from risk_svc.forecasting.live import PublishedModel
from risk_svc.store import rebuilding, states
from risk_svc.training import journal
from risk_svc.worker.batch import Batch
from risk_svc.worker.partition_state import PartitionState, PartitionStates
from risk_svc.worker.scoring import Scoring

if TYPE_CHECKING:
    from candor.messaging.transaction import Work
    from candor.store.unit_of_work import UnitOfWork

SOURCE: Final = "risk-svc"
ENDED: Final = (Standing.KEPT, Standing.BROKEN, Standing.CANCELLED)
"""How a promise may end; one that was withdrawn was no longer to be kept."""


class RiskHandler:
    """Handler of risk-svc's topics; `cache` is its memory, `published` the newest model, shared by all partitions.

    `definition` defines the gap. `clock` decides what is late, `system` numbers what is published. With `publishing`
    off, which is for a rebuild, results are saved but not published.
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
        system: Clock | None = None,
    ) -> None:
        self.cache = PartitionStates()
        self._published = published
        self._clock = clock
        self._system = system or SystemClock()
        self._definition = definition or GapDefinition()
        self._publishing = publishing
        self._most_reviews = reviews_per_tick
        for ending in ENDED:
            # There from the start: of a series that begins with its first count, that count is not seen.
            metrics.PROMISES_ENDED.labels(ending.value).inc(0)

    async def load(self, connection: Any, partition: int) -> None:
        """Read a partition's live promises, incidents and erasures. Raises RebuildingError in a rebuild of another."""
        if self._publishing and await rebuilding.is_marked(connection):
            raise rebuilding.RebuildingError("the read side is being rebuilt")
        fresh = PartitionState(partition, self._system.now().timestamp())
        for incident in await states.incidents(connection, partition):
            fresh.incidents.put(incident)
        fresh.erased = await states.erasures(connection, partition)
        now = self._clock.now().timestamp()
        for state in await states.live_states(connection, partition):
            fresh.keep(state)
            fresh.first_review(state, now)
        self.cache.partitions[partition] = fresh
        self._measure()

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        self.cache.drop(partition)
        self._measure()

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        """Fold, score, save and publish for all partitions of one transaction."""
        now = self._clock.now().timestamp()
        system = self._system.now().timestamp()
        batch = Batch(self.cache, uow)
        await batch.read(work)
        self._hear(work, system)
        if tick:
            room = self._most_reviews
            for item in work:
                room -= batch.review(item.partition, now, room)
        scored = Scoring(self._published, self._definition, now, system)
        scored.run(list(batch.touched.values()))
        messages = self._messages(scored, now)
        if self._publishing:
            uow.emit(messages)
        await states.save(uow.connection, [(item.partition.number, item.state) for item in scored.changed])
        await states.save_incidents(uow.connection, batch.incidents)
        await journal.write(uow.connection, batch.entries)
        await states.save_scores(uow.connection, scored.scores)
        self._measure()

    def _measure(self) -> None:
        metrics.PROMISES_IN_MEMORY.set(self.cache.promises)

    def _hear(self, work: Sequence[Work], system: float) -> None:
        for item in work:
            if item.messages:
                oldest = min(message.envelope.time for message in item.messages)
                self.cache.partitions[item.partition].heard.note(system, oldest.timestamp())

    def _messages(self, scored: Scoring, now: float) -> list[Message]:
        """The events to publish; marked as published even with publishing off, which a rebuild corrects at its end."""
        system_ms = int(self._system.now().timestamp() * 1000)
        messages, told = [], list[PromiseState]()
        for item in scored.settled_or_open:
            state, view = item.state, item.state.view
            stands = standing(state)
            found = known.facts(state, item.partition.incidents.linked(state), now)
            digest = known.digest(found, state.held_due)
            reason = worth_publishing(state, stands, digest)
            if reason is None:
                continue
            if self._publishing and stands in ENDED and view.sent_standing != stands.value:
                metrics.PROMISES_ENDED.labels(stands.value).inc()
            mark_published(view, stands, digest, next_version(view.version, system_ms))
            messages.append(gap_message(state, stands, found, item.traceparent))
            metrics.PUBLISHED.labels(reason.value).inc()
            scored.change(item)
            told.append(state)
        scored.explain(told)
        return messages


def gap_message(state: PromiseState, stands: Standing, found: list[Fact], traceparent: str = "") -> Message:
    """The event that publishes a promise's view, under the version that the view has been marked with."""
    data, version = event_of(state, stands, found), state.view.version
    name = f"gap.{version}.{state.promise_id}"[:128]
    return message(name, SOURCE, data.as_of, state.customer_id, version, data, traceparent=traceparent)
