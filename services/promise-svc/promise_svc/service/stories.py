"""What was said before of the promises of a batch, read where a statement cannot be judged without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from candor.store.unit_of_work import UnitOfWork
from candor.web.http.problems import Problem
from promise_svc import domain
from promise_svc.domain import Arrival, Change, Make, Promise, Refusal, Statement
from promise_svc.store import ledger

MOST: Final = 20_000
"""Changes that one transaction reads again."""
Said = tuple[Statement, datetime]


@dataclass(slots=True)
class Stories:
    """The changes of some promises, those of this batch included; `unread` had more than fit into one transaction."""

    told: dict[str, list[Change]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    @classmethod
    async def load(
        cls,
        uow: UnitOfWork,
        promises: Mapping[str, Promise],
        said: Iterable[Said],
        most: int = MOST,
        *,
        whole: Iterable[str] = (),
    ) -> Stories:
        """Read the changes, about `most`, of promises of which something is said that does not follow by itself.

        Those of `whole` are read in any case.
        """
        said = [one for one in said if one[0].promise_id in promises]
        times = Counter(command.promise_id for command, _ in said)
        wanted = {command.promise_id for command, _ in said if command.reported and times[command.promise_id] > 1}
        wanted |= {command.promise_id for command, at in said if _late(promises[command.promise_id], command, at)}
        wanted |= promises.keys() & set(whole)
        read: list[str] = []
        rows = 0
        for name in sorted(wanted):
            rows += promises[name].version
            if rows <= most or not read:
                read.append(name)
        return cls(await ledger.histories(uow, read), wanted.difference(read))

    def begin(self, promise_id: str) -> None:
        """Note a new promise, of which nothing was said before."""
        self.told[promise_id] = []

    def add(self, change: Change) -> None:
        """Note what has just been said."""
        if change.promise_id in self.told:
            self.told[change.promise_id].append(change)

    def arrive(self, promise: Promise, command: Statement, at: datetime) -> Arrival:
        """The promise with what another system said of it at `at`.

        Raises Refusal, and Problem where it is to be tried again.
        """
        told = self._said(promise)
        return domain.arrive(promise, told, domain.statement(promise, command, at, told=told))

    def precede(self, promise: Promise, command: Make, at: datetime) -> Arrival | None:
        """The promise with a state that its system told at `at`, None if it is not older than what is known.

        Raises Problem where it is to be tried again.
        """
        return domain.precede(promise, self._said(promise), command, at)

    def complete(self, promise: Promise) -> tuple[Promise, list[Change]]:
        """The promise with terms that it has got, and its story. Raises Problem where it is to be tried again."""
        if promise.promise_id not in self.told:
            # It adds something by what was said in this batch alone: read it as that is stored.
            raise Problem.unavailable("overloaded", retry_after=1)
        return domain.fold(promise, self._said(promise))

    def _said(self, promise: Promise) -> Sequence[Change]:
        if promise.promise_id in self.unread:
            raise Problem.unavailable("overloaded", retry_after=1)
        return self.told.get(promise.promise_id, ())


def _late(promise: Promise, command: Statement, at: datetime) -> bool:
    if not command.reported:
        return False
    try:
        return not domain.follows(promise, domain.statement(promise, command, at))
    except Refusal:
        return False
