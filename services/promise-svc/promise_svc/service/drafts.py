"""Drafts in a batch: what it loaded of them, what became of them, what it writes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from candor.intake import Origin
from candor.store.unit_of_work import UnitOfWork
from promise_svc import domain
from promise_svc.domain import Customer, Refusal, RefusalReason, Withdraw, limits
from promise_svc.domain.draft import Draft, DraftState, outline
from promise_svc.domain.promise import Outline
from promise_svc.store import draft_rows


@dataclass(slots=True)
class Drafts:
    """The drafts of a batch; later statements see what earlier ones made of them."""

    known: dict[str, Draft] = field(default_factory=dict)
    current: dict[str, Draft] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    @classmethod
    async def load(cls, uow: UnitOfWork, promises: set[str]) -> Drafts:
        """Read what drafts there are of these promises."""
        known = await draft_rows.drafts(uow, promises)
        return cls(known, dict(known))

    def with_more(self, said: Outline, origin: Origin, customer: Customer | None) -> Draft:
        """The draft with what is said of it, which is not kept yet.

        Raises Refusal for what one of our own users may not say, and for what was said before an erasure.
        """
        known = self.current.get(said.promise_id)
        if not said.reported and known is None:
            raise Refusal(RefusalReason.UNKNOWN_PROMISE, "there is no such draft")
        if not said.reported and known is not None and known.state is DraftState.WITHDRAWN:
            raise Refusal(RefusalReason.PROMISE_CLOSED, "the draft was withdrawn")
        domain.admit(customer.erased_at if customer else None, origin.time)
        draft = outline(known, said, origin.source, origin.time, historical=origin.historical)
        if not said.reported and draft.missing:
            missing = draft.missing[0]
            raise Refusal(RefusalReason.WRONG_FIELD, f"is missing, as the draft has no {missing}", f"/{missing}")
        return draft

    def keep(self, draft: Draft) -> None:
        """Keep what was decided."""
        self.current[draft.promise_id] = draft
        self.changed.add(draft.promise_id)

    def withdraw(self, command: Withdraw) -> Draft | None:
        """The draft that a withdrawal is about, withdrawn; None if there is none. Raises Refusal if it was before."""
        known = self.current.get(command.promise_id)
        if known is None:
            return None
        if known.state is DraftState.WITHDRAWN and not command.reported:
            raise Refusal(RefusalReason.PROMISE_CLOSED, "the draft was withdrawn already")
        withdrawn = replace(known, state=DraftState.WITHDRAWN)
        self.keep(withdrawn)
        return withdrawn

    def end(self, promise_id: str) -> None:
        """It is a promise now."""
        if self.current.pop(promise_id, None) is not None:
            self.changed.discard(promise_id)
            self.gone.add(promise_id)

    async def save(self, uow: UnitOfWork, most: int) -> dict[str, Refusal]:
        """Write what changed; returns why some may not be begun: a source, or all together, have too many."""
        await draft_rows.take(uow, self.gone & self.known.keys())
        sources: dict[str, int] = {}
        if self.changed - self.known.keys():
            sources = {name: number for (name,), number in (await draft_rows.TALLY.counts(uow)).items()}
        refused: dict[str, Refusal] = {}
        kept: list[Draft] = []
        for name in sorted(self.changed):
            draft = self.current[name]
            if name not in self.known:
                number = sources.get(draft.source, 0)
                if number >= most or sum(sources.values()) >= limits.WAITING_IN_ALL:
                    refused[name] = Refusal(RefusalReason.TOO_MANY_WAITING, TOO_MANY)
                    continue
                sources[draft.source] = number + 1
            kept.append(draft)
        await draft_rows.save(uow, self.known, kept)
        return refused


TOO_MANY: Final = "too many drafts of this source miss something: see GET /v1/drafts, and complete or withdraw them"
