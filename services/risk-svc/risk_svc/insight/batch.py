"""One batch in progress: the promises it touches, folded as the scoring worker folds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from candor.contracts import (
    CustomerErased,
    Envelope,
    Event,
    GapScored,
    IncidentReported,
    Message,
    MilestoneReported,
    MilestonesRestated,
    NoticeChanged,
    PromiseMade,
    PromiseRestated,
    PromiseRevised,
    Revision,
)
from risk_svc import metrics
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState, StepState
from risk_svc.insight import changes, forgetting, rows, scores
from risk_svc.insight.picture import Redating

if TYPE_CHECKING:
    from candor.store.unit_of_work import UnitOfWork

REASON_LIMIT: Final = 120


class Batch:
    """Folds the messages of one transaction, in order; `save` writes what they changed."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._known: dict[str, PromiseState] = {}
        self._touched: set[str] = set()
        self._steps: dict[tuple[str, str], StepState | None] = {}
        self._redatings: list[Redating] = []
        self._changes: list[changes.Change] = []
        self._gaps: dict[str, tuple[GapScored, int]] = {}
        self._erased: dict[str, Envelope] = {}
        self._marks: forgetting.Marks = {}

    async def take(self, messages: Sequence[Message]) -> None:
        """Read what these messages are about, and fold them."""
        connection = self._uow.connection
        folded = {promise_of(one) for one in messages if not isinstance(one.data, GapScored | CustomerErased)}
        scored = {one.data.promise_id for one in messages if isinstance(one.data, GapScored)}
        self._marks = await forgetting.marks(connection, {one.envelope.key for one in messages})
        await forgetting.end_doomed(connection, folded | scored)
        self._known = await rows.find(connection, folded)
        for one in messages:
            self._take(one)

    async def save(self) -> None:
        """Write all that changed."""
        connection = self._uow.connection
        await forgetting.begin(connection, self._erased)
        if self._erased:
            # What was made anew under an id of before must not be taken for the row of before.
            await forgetting.end_doomed(connection, self._touched | self._gaps.keys())
        await rows.save_promises(connection, [self._known[name] for name in sorted(self._touched)])
        kept = [(name, step) for (name, _), step in self._steps.items() if step is not None]
        await rows.save_milestones(connection, kept)
        await rows.remove_milestones(connection, [place for place, step in self._steps.items() if step is None])
        await rows.save_redatings(connection, self._redatings)
        await changes.save(connection, self._changes)
        gaps = await self._living_gaps()
        await rows.save_gaps(connection, gaps)
        await scores.save(connection, gaps)

    async def _living_gaps(self) -> list[tuple[GapScored, int]]:
        """The gaps without those of promises that were forgotten before they were scored."""
        doubted = {name for name, (data, _) in self._gaps.items() if data.customer_id in self._marks}
        there = await rows.existing(self._uow.connection, doubted) if doubted else set()
        return [found for name, found in self._gaps.items() if name not in doubted or name in there]

    def _take(self, message: Message) -> None:
        data = message.data
        if isinstance(data, CustomerErased):
            self._erase(message.envelope, data.customer_id)
        elif isinstance(data, GapScored):
            version = message.envelope.version
            if version > (self._gaps[data.promise_id][1] if data.promise_id in self._gaps else 0):
                self._gaps[data.promise_id] = (data, version)
        elif not forgetting.is_past(self._marks, message.envelope):
            self._fold(message)

    def _fold(self, message: Message) -> None:
        name, data = promise_of(message), message.data
        state = self._known.get(name)
        if state is None:
            if isinstance(data, NoticeChanged) and message.envelope.key in self._marks:
                return
            state = PromiseState(promise_id=name, customer_id=message.envelope.key)
        before, parts = state.latest_due, changes.parts_of(state) if _may_change(data) else None
        outcome = fold(state, message.envelope, data)
        if outcome is FoldOutcome.VERSION_GAP:
            self._gap(message, state)
        if outcome is not FoldOutcome.APPLIED:
            return
        self._known[name] = state
        self._touched.add(name)
        if parts is not None:
            moved = data.revision if isinstance(data, PromiseRestated) else isinstance(data, PromiseRevised)
            found = changes.change_of(message.envelope, data, parts, state, moved=bool(moved))
            self._changes += [found] if found else []
        if isinstance(data, PromiseRevised):
            self._redatings.append(_redating(message.envelope, data, before, data.latest_due.timestamp()))
        elif isinstance(data, PromiseRestated):
            if data.terms is not None:
                self._steps |= {(name, step.name): step for step in state.steps}
            if (moved := data.revision) is None:
                return
            self._redatings.append(_redating(message.envelope, moved, moved.before.timestamp(), moved.due.timestamp()))
        elif isinstance(data, PromiseMade):
            self._steps |= {(name, step.name): step for step in state.steps}
        elif isinstance(data, MilestoneReported):
            self._steps |= {(name, step.name): step for step in state.steps if step.name == data.milestone}
        elif isinstance(data, MilestonesRestated):
            there = {step.name: step for step in state.steps}
            self._steps |= {(name, told.milestone): there.get(told.milestone) for told in data.steps}

    def _gap(self, message: Message, state: PromiseState) -> None:
        """Leave out what began before what Kafka still has; with its beginning known, a gap is an event lost."""
        steps = isinstance(message.data, MilestoneReported | MilestonesRestated)
        heard = state.milestone_version if steps else state.promise_version
        if heard:
            version = message.envelope.version
            self._uow.reject(message, FoldOutcome.VERSION_GAP.value, f"version {version} came without the one before")
        else:
            metrics.INSIGHT_LEFT_OUT.labels(message.data.TOPIC).inc()

    def _erase(self, envelope: Envelope, customer_id: str) -> None:
        if self._marks.get(customer_id, (0, 0.0))[0] >= envelope.version:
            return
        self._marks[customer_id] = (envelope.version, envelope.time.timestamp())
        self._erased[customer_id] = envelope
        gone = {name for name, state in self._known.items() if state.customer_id == customer_id}
        self._known = {name: state for name, state in self._known.items() if name not in gone}
        self._touched -= gone
        self._steps = {key: step for key, step in self._steps.items() if key[0] not in gone}
        self._redatings = [one for one in self._redatings if one.promise_id not in gone]
        self._changes = [one for one in self._changes if one.promise_id not in gone]
        self._gaps = {name: found for name, found in self._gaps.items() if found[0].customer_id != customer_id}


def promise_of(message: Message) -> str:
    """The promise that a message is about; none is about an incident."""
    data = message.data
    assert not isinstance(data, IncidentReported)  # noqa: S101 - those are taken apart
    return data.promise_id if isinstance(data, NoticeChanged) else message.envelope.subject


def _may_change(data: Event) -> bool:
    return data.TOPIC == "promises" and not isinstance(data, PromiseMade)


def _redating(envelope: Envelope, data: PromiseRevised | Revision, before: float, after: float) -> Redating:
    return Redating(
        envelope.subject,
        envelope.version,
        data.asked_by.value,
        data.agreed,
        data.reason[:REASON_LIMIT],
        envelope.time.timestamp(),
        before,
        after,
    )
