"""The way in that both writing services share: commands to the group commit, webhooks and history to commands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import lru_cache
from typing import Any, Final, Generic

import msgspec
from prometheus_client import Counter

from candor.intake import metrics, rejected
from candor.intake.event import Event, neutral
from candor.intake.once import Acceptance, C, Origin, R, Submission, event_receipt
from candor.ops.clock import Clock
from candor.ops.tracing import current_traceparent
from candor.store.db import Database
from candor.store.group_commit import GroupCommit
from candor.store.receipts import Answer, Receipt
from candor.store.unit_of_work import UnitOfWork
from candor.web.http import strict_json
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Webhook

Apply = Callable[[UnitOfWork, Sequence[Submission[C, R]]], Awaitable[Sequence[Acceptance | Exception]]]
Read = Callable[[Event, Origin, tuple[Receipt, ...]], Submission[C, R]]
Item = tuple[Origin, Event, Receipt] | Problem
# A 4xx gets a vendor to drop events or to ban us, so these turn into 202 once the signature holds.
KEPT: Final = frozenset({400, 404, 409, 412, 422})
_addresses: Final = re.compile(r"\S*@\S*")
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class Intake(Generic[C, R]):
    """Takes commands of one service: `read` makes them of events of the `known` types, `apply` decides a batch."""

    def __init__(
        self, database: Database, clock: Clock, known: Collection[str], read: Read[C, R], apply: Apply[C, R]
    ) -> None:
        self.database = database
        self.clock = clock
        self.known = frozenset(known)
        self._read = read
        self._commands: GroupCommit[Submission[C, R], Acceptance] = GroupCommit(database, apply)
        self._rejections: GroupCommit[rejected.Rejection, None] = GroupCommit(database, rejected.keep)

    async def close(self) -> None:
        """Answer what waits, refuse what comes."""
        await asyncio.gather(self._commands.close(), self._rejections.close())

    async def submit(self, submission: Submission[C, R]) -> Acceptance:
        """Durable when it returns. Raises Problem, or StoreUnavailable."""
        taken = await self._commands.submit(submission)
        _count(submission.kind, taken)
        return taken

    async def webhook(self, webhook: Webhook) -> Answer:
        """The answer to a genuine webhook: what it says cannot make it fail any more; see `rejected`."""
        document: Any = None
        try:
            document = strict_json.loads_object(webhook.raw)
            event = neutral(document, self.known, self.clock.now())
            origin = Origin(webhook.id, webhook.source, event.time, False, current_traceparent())
            receipt = event_receipt(webhook.source, webhook.id, webhook.raw)
            return (await self.submit(self._read(event, origin, (receipt,)))).answer
        except Problem as problem:
            if problem.status not in KEPT:
                raise
            await self._reject(webhook, document, problem)
            return Answer(202, _encode({"state": "rejected", "code": problem.code, "detail": plain(problem.detail)}))

    async def events(self, items: Sequence[Item]) -> dict[str, Any]:
        """Take many events in order: `{"accepted", "replayed", "rejected": [{index, code, detail}]}`.

        Raises StoreUnavailable if the database failed for any:
        repeating the request then takes what is missing.
        """
        found: list[Submission[C, R] | Problem] = []
        for item in items:
            try:
                if isinstance(item, Problem):
                    raise item
                origin, event, receipt = item
                found.append(self._read(event, origin, (receipt,)))
            except Problem as problem:
                found.append(problem)
        submissions = [item for item in found if isinstance(item, Submission)]
        results = iter(await self._commands.submit_all(submissions))
        summary: dict[str, Any] = {"accepted": 0, "replayed": 0, "rejected": []}
        for index, entry in enumerate(found):
            result = entry if isinstance(entry, Problem) else next(results)
            if isinstance(result, Problem):
                metrics.REFUSED.labels(result.code).inc()
                summary["rejected"].append({"index": index, "code": result.code, "detail": plain(result.detail)})
            elif isinstance(result, BaseException):
                raise result
            elif isinstance(entry, Submission):
                _count(entry.kind, result)
                summary["replayed" if result.replayed else "accepted"] += 1
        return summary

    async def _reject(self, webhook: Webhook, document: Any, problem: Problem) -> None:
        metrics.REFUSED.labels(problem.code).inc()
        digest = event_receipt(webhook.source, webhook.id, webhook.raw).body_sha256
        said = document.get("type") if isinstance(document, dict) else None
        kind = said if isinstance(said, str) and said in self.known else ""
        await self._rejections.submit(
            rejected.Rejection(webhook.source, webhook.id, digest, kind, problem.code, plain(problem.detail))
        )


@lru_cache(maxsize=64)
def _counter(kind: str, replayed: bool) -> Counter:
    return (metrics.REPLAYED if replayed else metrics.ACCEPTED).labels(kind)


def _count(kind: str, taken: Acceptance) -> None:
    _counter(kind, taken.replayed).inc()


def plain(detail: str) -> str:
    """What may be kept of a problem's detail: 300 characters, without anything that looks like an address."""
    # A pointer names the sender's own field names, and nothing keeps an address out of those.
    return _addresses.sub("…", detail)[:300]
