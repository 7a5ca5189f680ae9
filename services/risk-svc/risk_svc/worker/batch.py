"""One batch in progress: the promises it touches, folding their events, erasures and due reviews."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from candor.contracts import CustomerErased, IncidentReported, Message, NoticeChanged, PromiseMade
from candor.store import erasing
from risk_svc.domain import untaught
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.incidents import Incident, incident_of
from risk_svc.domain.state import PromiseState
from risk_svc.forecast.view import Entry
from risk_svc.forecasting.live import incident_snapshot_of
from risk_svc.forecasting.snapshots import BatchPictures, forgotten, pictures
from risk_svc.store import erasures, states, work
from risk_svc.worker.fan_out import FanOut
from risk_svc.worker.leftover import Leftover, in_turns, shares
from risk_svc.worker.partition_state import PartitionState, PartitionStates, customer_mark
from risk_svc.worker.touched import Touched

if TYPE_CHECKING:
    from candor.messaging.reviews import Reviews
    from candor.messaging.transaction import Work
    from candor.store.lease import Connection
    from candor.store.unit_of_work import UnitOfWork

INCIDENTS_BY: Final = 0
"""Every partition receives every incident; only the owner of this one writes it to the journal."""


class Batch:
    """Folds the messages of one transaction; `touched` are the promises that this changes.

    `entries` are what each event made known, for the journal: of each event, because imports bring whole lives.
    `now` is business time, `system` system time, both in epoch seconds. `keeps_back`: of a promise that is first heard
    of after its date nothing is made known before its end.
    """

    def __init__(
        self, cache: PartitionStates, uow: UnitOfWork, now: float, system: float, *, keeps_back: bool = True
    ) -> None:
        self.touched = Touched()
        self.entries: dict[int, list[Entry]] = {}
        self._cache = cache
        self._uow = uow
        self._now = now
        self._system = system
        self._keeps_back = keeps_back
        self._found: dict[str, PromiseState] = {}
        self._incidents: dict[tuple[int, str], Incident] = {}
        self._heard: dict[tuple[str, int], Incident] = {}
        self._marks: dict[tuple[int, bytes], tuple[int, float]] = {}
        self._erased: dict[str, tuple[PartitionState, Message]] = {}
        self._noted: set[str] = set()
        self._pictures = BatchPictures()
        self._leftover = Leftover(self.touched)

    async def read(self, items: Iterable[Work], room: int) -> None:
        """Read what is not in memory, fold all messages, and begin what they set off: at most `room` promises."""
        pairs = [(self._cache.partitions[item.partition], item.messages) for item in items]
        await self._find(pairs)
        for partition, messages in pairs:
            for message in messages:
                self._take(partition, message)
        for number, found in self._pictures.rest():
            self._note(number, found)
        await self._mark_erased()
        ways = [(self._cache.partitions[number], name) for number, name in self._incidents]
        self._leftover.fan_out(ways, room)
        self._leftover.let_go([(partition, name) for name, (partition, _) in self._erased.items()])

    async def go_on(self, numbers: Iterable[int], room: int) -> None:
        """Do the next part of what earlier messages set off in these partitions."""
        partitions = [self._cache.partitions[number] for number in numbers]
        ways = [[(partition, name) for name in partition.fan_outs] for partition in partitions]
        self._leftover.fan_out(in_turns(ways, room), room)
        self._leftover.let_go([(partition, name) for partition in partitions for name in partition.leaving])

    def review(self, numbers: Sequence[int], now: float, most: int, reviews: Reviews) -> None:
        """Touch at most `most` promises whose review time has come, a fair share for each partition."""
        for name, number in reviews.due_again().items():
            shelf = self._cache.partitions[number].states if number in numbers else None
            if shelf is not None and name in shelf:
                shelf.due_again(name, now)
        if reviews.aside:
            # Of erased and ended ones no event may come again.
            reviews.again([*self._gone(numbers, reviews)])
        shelves = [self._cache.partitions[number].states for number in numbers]
        given = shares([shelf.overdue(now) for shelf in shelves], most)
        due = {
            name: number
            for number, shelf, room in zip(numbers, shelves, given, strict=True)
            for name in shelf.due(now, room)
        }
        chosen = set(reviews.choose(due))
        for name, number in due.items():
            if name in chosen:
                self.touched.by_clock(self._cache.partitions[number], name)
                self._teach(name, now)
            elif name not in reviews.aside:
                self._cache.partitions[number].states.due_again(name, now)

    def _teach(self, name: str, now: float) -> None:
        """Make known that a promise has no end, once it was waited for long enough."""
        item = self.touched.get(name)
        if item is None or now < untaught.taught_from(item.state):
            return
        untaught.teach(item.state)
        self.touched.by_event(item.partition, item.state, item.traceparent)
        self._note(item.partition.number, pictures(item.state, item.state.made_at))

    def _gone(self, numbers: Sequence[int], reviews: Reviews) -> Iterable[str]:
        for name, left in reviews.aside.items():
            if left.partition in numbers and name not in self._cache.partitions[left.partition].states:
                yield name

    async def save(self) -> None:
        """Write what is known of incidents and erased customers, and which incidents are still on their way."""
        await states.save_incidents(self._connection, [(key[0], item) for key, item in self._incidents.items()])
        await states.mark_erased(self._connection, [(*key, *mark) for key, mark in self._marks.items()])
        await work.save(self._connection, self._leftover.rows)

    @property
    def _connection(self) -> Connection:
        return self._uow.connection

    async def _find(self, pairs: Iterable[tuple[PartitionState, Collection[Message]]]) -> None:
        promises: set[str] = set()
        incidents: set[tuple[int, str]] = set()
        for partition, messages in pairs:
            for message in messages:
                name = promise_of(message)
                data = message.data
                if name is not None and not partition.holds(name):
                    promises.add(name)
                if isinstance(data, IncidentReported) and data.incident_id not in partition.incidents.known:
                    incidents.add((partition.number, data.incident_id))
        if promises:
            await self._free(promises)
            self._found = await states.find(self._connection, sorted(promises))
        if incidents:
            for number, incident in await states.find_incidents(self._connection, sorted(incidents)):
                self._cache.partitions[number].incidents.put(incident)

    def _take(self, partition: PartitionState, message: Message) -> None:
        data = message.data
        if isinstance(data, IncidentReported):
            self._incident(partition, message, data)
        elif isinstance(data, CustomerErased):
            self._erase(partition, message, data.customer_id)
        else:
            self._promise(partition, message)

    def _incident(self, partition: PartitionState, message: Message, data: IncidentReported) -> None:
        name, version = data.incident_id, message.envelope.version
        incident = self._heard.get((name, version))
        if incident is None:
            # Every partition hears of it: one picture serves all of them.
            incident = self._heard[name, version] = incident_of(message.envelope, data)
        before = partition.incidents.known.get(name)
        if not partition.incidents.put(incident):
            return
        self._incidents[partition.number, name] = incident
        if partition.number == INCIDENTS_BY:
            self._note(partition.number, [incident_snapshot_of(incident, message.envelope.time.timestamp())])
        fan_out = partition.fan_outs.setdefault(name, FanOut(work.Reach([]), since=self._system))
        places = [*incident.affects, *(before.affects if before else ())]
        fan_out.again(places, incident.version, message.envelope.traceparent)

    def _promise(self, partition: PartitionState, message: Message) -> None:
        name = promise_of(message)
        if name is None or self._forgotten(partition, message):
            return
        state = self._state(partition, name)
        new = state is None
        if state is None:
            if isinstance(message.data, NoticeChanged) and customer_mark(message.envelope.key) in partition.erased:
                # A notice sent while the erasure was on its way would be kept for ever. Without an erasure, a rebuild
                # has merely read `notices` before `promises`.
                return
            state = PromiseState(promise_id=name, customer_id=message.envelope.key)
        outcome = fold(state, message.envelope, message.data)
        if outcome is FoldOutcome.VERSION_GAP:
            version = message.envelope.version
            self._uow.reject(message, outcome.value, f"version {version} came without the one before it")
            return
        if outcome is FoldOutcome.OLD:
            return
        if new:
            self._begin(partition, state)
        self.touched.by_event(partition, state, message.envelope.traceparent)
        if not state.placeholder and not isinstance(message.data, NoticeChanged):
            self._make_known(partition, state, message)

    def _make_known(self, partition: PartitionState, state: PromiseState, message: Message) -> None:
        if self._keeps_back and isinstance(message.data, PromiseMade):
            untaught.first_heard(state, self._now)
        at = message.envelope.time.timestamp()
        if state.view.untaught is not None:
            if untaught.is_kept_back(state, self._now):
                return
            # All of it at once, from when it was made: what is learnt is the same as if it had come in order.
            untaught.teach(state)
            at = state.made_at
        self._note(partition.number, self._pictures.of(partition.number, state, at))

    def _note(self, number: int, entries: Iterable[Entry]) -> None:
        self.entries.setdefault(number, []).extend(entries)

    def _state(self, partition: PartitionState, name: str) -> PromiseState | None:
        state = self.touched.state(partition, name) or self._found.get(name)
        return None if state is None or partition.gone(state) else state

    def _forgotten(self, partition: PartitionState, message: Message) -> bool:
        """Whether the message is about a customer who was erased after the message was made."""
        if not partition.erased:
            return False
        mark = partition.erased.get(customer_mark(message.envelope.key))
        return mark is not None and message.envelope.time.timestamp() <= mark[1]

    def _begin(self, partition: PartitionState, state: PromiseState) -> None:
        """Part a new promise from what an erased customer had under its id."""
        partition.begin(state)
        if state.customer_id in self._erased:
            _, erasure = self._erased[state.customer_id]
            self._note_gone(partition.number, [state.promise_id], erasure.envelope.time.timestamp())

    def _erase(self, partition: PartitionState, message: Message, customer_id: str) -> None:
        mark = customer_mark(customer_id)
        version, at = message.envelope.version, message.envelope.time.timestamp()
        if partition.erased.get(mark, (0, 0.0))[0] >= version:
            return
        partition.erased[mark] = self._marks[partition.number, mark] = (version, at)
        partition.erase(customer_id)
        self._erased[customer_id] = (partition, message)
        gone = [name for name, item in self.touched.items() if item.state.customer_id == customer_id]
        for name in gone:
            del self.touched[name]
        self._pictures.forget(gone)
        self._found = {name: state for name, state in self._found.items() if state.customer_id != customer_id}
        self._note_gone(partition.number, gone, at)

    async def _mark_erased(self) -> None:
        """Leave the rows of customers erased in this batch to the eraser, but for ids that were given anew since."""
        for customer_id, (_, message) in self._erased.items():
            await erasing.begin(self._uow, customer_id, message.envelope.version, message.envelope.time)
        if self._erased and self.touched:
            await self._free(self.touched)

    async def _free(self, names: Iterable[str]) -> None:
        for number, name, at in await erasures.end_doomed(self._connection, sorted(names)):
            if name not in self._noted:
                self._note_gone(number, [name], at)

    def _note_gone(self, number: int, names: Iterable[str], at: float) -> None:
        names = sorted(names)
        self._noted.update(names)
        self._note(number, [forgotten(name, at) for name in names])


def promise_of(message: Message) -> str | None:
    """The promise that a message is about, or None."""
    data = message.data
    if isinstance(data, NoticeChanged):
        return data.promise_id
    if isinstance(data, IncidentReported | CustomerErased):
        return None
    return message.envelope.subject
