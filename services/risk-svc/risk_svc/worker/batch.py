"""One batch in progress: the promises it touches, folding their events, erasures and due reviews."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from candor.contracts import CustomerErased, IncidentReported, Message, NoticeChanged, PromiseMade
from candor.store import erasing
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.incidents import Incident, incident_of
from risk_svc.domain.state import PromiseState
from risk_svc.forecast.view import Entry
from risk_svc.forecasting.live import incident_snapshot_of
from risk_svc.forecasting.snapshots import forgotten, pictures
from risk_svc.store import erasures, states
from risk_svc.worker.partition_state import PartitionState, PartitionStates, customer_mark

if TYPE_CHECKING:
    from candor.messaging.transaction import Work
    from candor.store.lease import Connection
    from candor.store.unit_of_work import UnitOfWork

INCIDENTS_BY: Final = 0
"""Every partition receives every incident; only the owner of this one writes it to the journal."""


class PromiseChange(NamedTuple):
    """A promise touched by a batch: `told` if by an event (not only by the clock), and the trace to continue."""

    partition: PartitionState
    state: PromiseState
    by_event: bool
    traceparent: str


class Batch:
    """Folds the messages of one transaction into memory; `touched` is by promise id in order of first touch.

    `entries` are what each event made known, for the journal: one snapshot per event because imports bring whole lives.
    """

    def __init__(self, cache: PartitionStates, uow: UnitOfWork) -> None:
        self.touched: dict[str, PromiseChange] = {}
        self.incidents: list[tuple[int, Incident]] = []
        self.entries: dict[int, list[Entry]] = {}
        self._cache = cache
        self._uow = uow
        self._found: dict[str, PromiseState] = {}
        self._named: set[str] = set()

    async def read(self, work: Iterable[Work]) -> None:
        """Read the promises that are not in memory, then fold all messages."""
        pairs = [(self._cache.partitions[item.partition], item.messages) for item in work]
        self._named = {name for _, messages in pairs for message in messages if (name := promise_of(message))}
        missing = {
            name
            for partition, messages in pairs
            for message in messages
            if (name := promise_of(message)) is not None and name not in partition.states
        }
        if missing:
            names = sorted(missing)
            await erasures.end_doomed(self._connection, names)
            self._found = await states.find(self._connection, names)
        for partition, messages in pairs:
            for message in messages:
                await self._take(partition, message)

    def review(self, number: int, now: float, most: int) -> int:
        """Touch at most `most` promises of a partition whose review time has come; returns how many."""
        partition = self._cache.partitions[number]
        due = partition.due(now, most)
        for state in due:
            self.touched.setdefault(state.promise_id, PromiseChange(partition, state, False, ""))
        return len(due)

    @property
    def _connection(self) -> Connection:
        return self._uow.connection

    async def _take(self, partition: PartitionState, message: Message) -> None:
        data = message.data
        if isinstance(data, IncidentReported):
            self._incident(partition, message)
        elif isinstance(data, CustomerErased):
            await self._erase(partition, message, data)
        else:
            self._promise(partition, message)

    def _incident(self, partition: PartitionState, message: Message) -> None:
        if not isinstance(message.data, IncidentReported):
            return
        incident = incident_of(message.envelope, message.data)
        before = partition.incidents.known.get(incident.incident_id)
        if not partition.incidents.put(incident):
            return
        self.incidents = [row for row in self.incidents if row[0] != partition.number or row[1] is not before]
        self.incidents.append((partition.number, incident))
        if partition.number == INCIDENTS_BY:
            self._note(partition, [incident_snapshot_of(incident, message.envelope.time.timestamp())])
        for picture in (incident, *([before] if before else [])):
            for state in partition.depending(picture):
                self._touch(partition, state, message)

    def _promise(self, partition: PartitionState, message: Message) -> None:
        name = promise_of(message)
        if name is None or self._forgotten(partition, message):
            return
        state = self._state(partition, name)
        known = state is not None
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
        if not known or isinstance(message.data, PromiseMade):
            partition.keep(state)
        self._touch(partition, state, message)
        if not state.placeholder and not isinstance(message.data, NoticeChanged):
            self._note(partition, pictures(state, message.envelope.time.timestamp()))

    def _note(self, partition: PartitionState, entries: Iterable[Entry]) -> None:
        self.entries.setdefault(partition.number, []).extend(entries)

    def _state(self, partition: PartitionState, name: str) -> PromiseState | None:
        held = partition.states.get(name)
        if held is not None:
            return held
        touched = self.touched.get(name)
        return touched.state if touched is not None else self._found.get(name)

    def _touch(self, partition: PartitionState, state: PromiseState, message: Message) -> None:
        self.touched[state.promise_id] = PromiseChange(partition, state, True, message.envelope.traceparent)

    def _forgotten(self, partition: PartitionState, message: Message) -> bool:
        """Whether the message is about a customer who was erased after the message was made."""
        if not partition.erased:
            return False
        mark = partition.erased.get(customer_mark(message.envelope.key))
        return mark is not None and message.envelope.time.timestamp() <= mark[1]

    async def _erase(self, partition: PartitionState, message: Message, data: CustomerErased) -> None:
        mark = customer_mark(data.customer_id)
        version, at = message.envelope.version, message.envelope.time.timestamp()
        if partition.erased.get(mark, (0, 0.0))[0] >= version:
            return
        partition.erased[mark] = (version, at)
        held = [state for state in partition.states.values() if state.customer_id == data.customer_id]
        for state in held:
            partition.release(state)
        gone = [name for name, item in self.touched.items() if item.state.customer_id == data.customer_id]
        for name in gone:
            del self.touched[name]
        self._found = {name: state for name, state in self._found.items() if state.customer_id != data.customer_id}
        await states.mark_erased(self._connection, partition.number, mark, version, at)
        await erasing.begin(self._uow, data.customer_id, version, message.envelope.time)
        # Ids that this batch names are free at once for what follows in it; the other rows go by and by.
        theirs = {*gone, *(state.promise_id for state in held)} & self._named
        ended = await erasures.end_doomed(self._connection, sorted(theirs))
        self._note(partition, [forgotten(name, at) for name in sorted(set(gone) - ended)])


def promise_of(message: Message) -> str | None:
    """The promise that a message is about, or None."""
    data = message.data
    if isinstance(data, NoticeChanged):
        return data.promise_id
    if isinstance(data, IncidentReported | CustomerErased):
        return None
    return message.envelope.subject
