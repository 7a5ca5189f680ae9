"""Events of promises, milestones, notices and incidents → folded, forecast, scored, saved and told, in one batch."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from candor.contracts import Message, Standing, message
from candor.ops.clock import Clock, SystemClock
from risk_svc import metrics
from risk_svc.domain import facts as known
from risk_svc.domain import frozen_forecasts
from risk_svc.domain.gap import Weights
from risk_svc.domain.publish import mark_published, next_version, worth_publishing
from risk_svc.domain.scoring import event_of, prediction_of, score_open, score_settled
from risk_svc.domain.state import PromiseState, standing
from risk_svc.forecast.view import Incident, View
from risk_svc.forecasting.live import PublishedModel, open_at, view_of
from risk_svc.store import states
from risk_svc.training import journal
from risk_svc.worker.batch import Batch, PromiseChange
from risk_svc.worker.partition_state import PartitionState, PartitionStates

if TYPE_CHECKING:
    from candor.messaging.transaction import Work
    from candor.store.unit_of_work import UnitOfWork

SOURCE: Final = "risk-svc"
MAX_EXPLAINED: Final = 40
"""Forecasts explained in one batch, about half a millisecond each; in a catch-up the others wait for their next."""


class RiskHandler:
    """risk-svc's use of its topics; memory is `cache`, `published` the newest model, which all partitions share.

    `clock` decides what is late, `system` numbers what is published. `publishing` off: saved, and nobody is told.
    """

    topics: tuple[str, ...] = ("promises", "milestones", "notices")
    broadcast: tuple[str, ...] = ("incidents",)

    def __init__(
        self,
        published: PublishedModel,
        clock: Clock,
        *,
        weights: Weights | None = None,
        publishing: bool = True,
        reviews_per_tick: int = 2000,
        system: Clock | None = None,
    ) -> None:
        self.cache = PartitionStates()
        self._published = published
        self._clock = clock
        self._system = system or SystemClock()
        self._weights = weights or Weights()
        self._publishing = publishing
        self._most_reviews = reviews_per_tick

    async def load(self, connection: Any, partition: int) -> None:
        """Read a partition's live promises, incidents and erasures."""
        fresh = PartitionState(partition, self._system.now().timestamp())
        for incident in await states.incidents(connection, partition):
            fresh.incidents.put(incident)
        fresh.erased = await states.erasures(connection, partition)
        now = self._clock.now().timestamp()
        for state in await states.live_states(connection, partition):
            fresh.keep(state)
            fresh.first_review(state, now)
        self.cache.partitions[partition] = fresh

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        self.cache.drop(partition)

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        """Fold, score, save and emit for all partitions of one transaction."""
        now = self._clock.now().timestamp()
        system = self._system.now().timestamp()
        batch = Batch(self.cache, uow)
        await batch.read(work)
        self._hear(work, system)
        if tick:
            room = self._most_reviews
            for item in work:
                room -= batch.review(item.partition, now, room)
        scored = Scoring(self._published, self._weights, now, system)
        scored.run(list(batch.touched.values()))
        messages = self._messages(scored, now)
        if self._publishing:
            uow.emit(messages)
        await states.save(uow.connection, [(item.partition.number, item.state) for item in scored.changed])
        await states.save_incidents(uow.connection, batch.incidents)
        await journal.write(uow.connection, batch.entries)
        await states.save_scores(uow.connection, scored.scores)

    def _hear(self, work: Sequence[Work], system: float) -> None:
        for item in work:
            if item.messages:
                oldest = min(message.envelope.time for message in item.messages)
                self.cache.partitions[item.partition].heard.note(system, oldest.timestamp())

    def _messages(self, scored: Scoring, now: float) -> list[Message]:
        """What others are to hear; marked as told even while nobody is told, so that a rebuild ends in silence."""
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
            version = next_version(view.version, system_ms)
            data = event_of(state, stands, found)
            name = f"gap.{version}.{state.promise_id}"[:128]
            messages.append(
                message(name, SOURCE, data.as_of, state.customer_id, version, data, traceparent=item.traceparent)
            )
            mark_published(view, stands, digest, version)
            metrics.PUBLISHED.labels(reason.value).inc()
            scored.change(item)
            told.append(state)
        scored.explain(told)
        return messages


class Scoring:
    """The pure middle of a batch: which promises are over, one forecast for the others, who has changed."""

    def __init__(self, published: PublishedModel, weights: Weights, now: float, system: float) -> None:
        self.scores: list[frozen_forecasts.ForecastScore] = []
        self.settled_or_open: list[PromiseChange] = []
        self._changed: dict[str, PromiseChange] = {}
        self._known: dict[str, tuple[View, list[Incident]]] = {}
        self._published = published
        self._weights = weights
        self._now = now
        self._system = system

    @property
    def changed(self) -> list[PromiseChange]:
        """Promises whose row has to be written."""
        return list(self._changed.values())

    def change(self, item: PromiseChange) -> None:
        """Have the promise's row written."""
        self._changed[item.state.promise_id] = item

    def explain(self, told: Sequence[PromiseState]) -> None:
        """Find what moved the forecasts of promises that are published, the widest gaps first: dear, so not of all."""
        open_ones = [state for state in told if state.promise_id in self._known]
        for state in heapq.nlargest(MAX_EXPLAINED, open_ones, key=lambda state: state.view.score):
            frozen_forecasts.explain(state.view, self._published.why(*self._known[state.promise_id], self._now))

    def run(self, touched: Sequence[PromiseChange]) -> None:
        """Score all touched promises; those that only the clock touched count as changed only if that shows."""
        still_open: list[PromiseChange] = []
        for item in touched:
            if item.by_event:
                self.change(item)
            if item.state.placeholder:
                continue
            stands = standing(item.state)
            if stands is not Standing.OPEN:
                self._settle(item, stands)
            elif item.state.historical:
                # An imported promise not yet over is neither scored nor shown; it teaches by the journal.
                item.partition.keep(item.state)
            else:
                still_open.append(item)
        if still_open:
            self._forecast(still_open)

    def _forecast(self, items: Sequence[PromiseChange]) -> None:
        linked = [item.partition.incidents.linked(item.state) for item in items]
        views = [view_of(item.state, self._now) for item in items]
        hits = [open_at(struck, self._now) for struck in linked]
        found = prediction_of(self._published.forecast(views, hits, self._now))
        for item, struck, view, hit, one in zip(items, linked, views, hits, found, strict=True):
            state = item.state
            self._known[state.promise_id] = (view, hit)
            before = (state.view.doubtful_since, len(state.view.frozen))
            score_open(state, struck, one, self._now, self._weights, self._published.next_change(view, self._now))
            if before != (state.view.doubtful_since, len(state.view.frozen)):
                self.change(item)
            self._give_up(item)
            item.partition.keep(state)
            item.partition.schedule(state)
            self.settled_or_open.append(item)

    def _give_up(self, item: PromiseChange) -> None:
        given_up = frozen_forecasts.given_up_at(item.state)
        if item.state.view.given_up or self._now < given_up:
            return
        if item.partition.heard.oldest(self._system) < given_up:
            # Its completion may be on its way: while older events still come in, look again at the next tick.
            item.state.view.review = self._now
            return
        item.state.view.given_up = True
        self.change(item)
        # Left out until it ends, if it ever does, what never came would be missing from the record.
        self.scores += frozen_forecasts.scored(item.state, 1, self._now)

    def _settle(self, item: PromiseChange, stands: Standing) -> None:
        state = item.state
        item.partition.release(state)
        if state.historical:
            return
        slipped = frozen_forecasts.slipped(stands)
        if slipped is not None and state.view.sent_standing != stands.value:
            self.scores += frozen_forecasts.scored(state, slipped, self._now)
        score_settled(state, stands, self._now, self._weights)
        self.settled_or_open.append(item)
