"""Idempotent commands from outside: each has one effect, and a repeated one gets its first answer again."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Literal, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from candor.intake.requests.writing import Request
from candor.store import audit
from candor.store.audit import Act
from candor.store.receipts import Answer, Receipt, answered, remember
from candor.store.unit_of_work import UnitOfWork
from candor.web.http import idempotency
from candor.web.http.idempotency import Identity, sha256
from candor.web.http.problems import Problem


class About(Protocol):
    """The result of a command; erasing the customer `customer_id` ("" for nobody) empties the receipt."""

    @property
    def customer_id(self) -> str: ...


class _Named(msgspec.Struct, kw_only=True):
    handoff_id: str = ""
    claim_id: str = ""
    statement_id: str = ""
    challenge_id: str = ""
    offer_id: str = ""
    sheet_id: str = ""
    plan_id: str = ""
    review_id: str = ""
    lead_time_id: str = ""
    clarification_id: str = ""
    wish_id: str = ""
    promise_id: str = ""
    incident_id: str = ""
    parked_id: str = ""


_named: Final = msgspec.json.Decoder(_Named)
C = TypeVar("C")
R = TypeVar("R", bound=About)
KEY: Final = "key:"


class Caller(NamedTuple):
    """Who proved to have sent something: the owner of an API key, or a sender of webhooks.

    `events` are the only event types that it may send; None for all of the service. `act` is for the audit log.
    """

    kind: Literal["api", "webhook"]
    name: str
    events: frozenset[str] | None = None
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a command: the sender's event id and name, and the business time `time` it was reported.

    `act` is for the audit log, if staff gave the command.
    """

    event_id: str
    source: str
    time: datetime
    historical: bool = False
    traceparent: str = ""
    act: Act | None = None


@dataclass(frozen=True)
class Submission(Generic[C, R]):
    """One command, how to answer it, and the ids under which it must not be taken twice.

    `kind` is its event type, one of a small fixed set because it labels metrics. `request` is the stored request that
    it came in, which is saved with the `last` of its commands.
    """

    kind: str
    command: C
    origin: Origin
    answer: Callable[[R], Answer]
    receipts: tuple[Receipt, ...] = ()
    request: Request | None = None
    last: bool = False


class Acceptance(NamedTuple):
    """The answer to a command; `replayed`: a command with its id had already been taken."""

    answer: Answer
    replayed: bool


Decide = Callable[[UnitOfWork, Sequence[Submission[C, R]]], Awaitable[Sequence[R | Exception]]]
_Name = tuple[str, str]


def new_id() -> str:
    """A new unique id: 128 random bits."""
    return os.urandom(16).hex()


def key_receipt(principal: str, key: str, request: str, raw: bytes) -> Receipt:
    """The receipt of a principal's Idempotency-Key; `request` (method and path) counts as part of the body."""
    return Receipt(KEY + principal, key, sha256(request.encode() + b"\n" + raw))


def event_receipt(caller: Caller, event_id: str, raw: bytes, ids: str = "") -> Receipt:
    """The receipt of an event under its caller's id; `ids` keeps apart those that one caller passes on from others."""
    # The name is quoted and comes before what a body says: no body can reach the ids of another caller.
    return Receipt(f"event:{caller.kind}:{quote(caller.name, safe='')}:{ids}", event_id, sha256(raw))


async def once(
    uow: UnitOfWork, submissions: Sequence[Submission[C, R]], decide: Decide[C, R]
) -> list[Acceptance | Exception]:
    """Decide new submissions in order, and answer the others as before. Returns one result per submission.

    The second of two equal ids in one batch gets the first one's result. Results may be Problem `event_id_reused`,
    `idempotency_key_reused` or `erased`, or what `decide` returned. Refusals are not stored: a sender may try again
    once the reason is gone.
    """
    receipts = [receipt for submission in submissions for receipt in submission.receipts]
    earlier = await answered(uow, receipts) if receipts else {}
    outcomes: list[Acceptance | Exception | None] = [None] * len(submissions)
    owners: dict[_Name, tuple[bytes, int]] = {}
    twins: dict[int, int] = {}
    fresh: list[int] = []
    for index, submission in enumerate(submissions):
        known = _known(submission.receipts, earlier, owners)
        if known is None:
            fresh.append(index)
            owners.update({receipt[:2]: (receipt.body_sha256, index) for receipt in submission.receipts})
        elif isinstance(known, int):
            twins[index] = known
        else:
            outcomes[index] = known
    if fresh:
        await _take(uow, submissions, fresh, decide, outcomes)
    for index, owner in twins.items():
        first = outcomes[owner]
        outcomes[index] = Acceptance(first.answer, True) if isinstance(first, Acceptance) else first
    return [outcome for outcome in outcomes if outcome is not None]


async def _take(
    uow: UnitOfWork,
    submissions: Sequence[Submission[C, R]],
    fresh: Sequence[int],
    decide: Decide[C, R],
    outcomes: list[Acceptance | Exception | None],
) -> None:
    entries: list[tuple[Receipt, Answer]] = []
    results = await decide(uow, [submissions[index] for index in fresh])
    await audit.write(uow, [*_acts(submissions, fresh, results)])
    for index, result in zip(fresh, results, strict=True):
        if isinstance(result, Exception):
            outcomes[index] = result
            continue
        answer = submissions[index].answer(result)
        outcomes[index] = Acceptance(answer, False)
        about = result.customer_id
        if (request := submissions[index].request) is not None:
            request.customer(about)
        entries.extend((receipt._replace(key=about), answer) for receipt in submissions[index].receipts)
    if entries:
        await remember(uow, entries)


def _acts(
    submissions: Sequence[Submission[C, R]], fresh: Sequence[int], results: Sequence[R | Exception]
) -> Iterator[Act]:
    for index, result in zip(fresh, results, strict=True):
        act = submissions[index].origin.act
        if act is None:
            continue
        kind = submissions[index].kind
        if isinstance(result, Exception):
            yield act._replace(action=kind, outcome=result.code if isinstance(result, Problem) else "failed")
        else:
            # What was made has its id in the answer alone.
            names = _named.decode(submissions[index].answer(result).body)
            made = next(filter(None, (getattr(names, name) for name in names.__struct_fields__)), "")
            named = not made or f"/{made}/" in f"{act.object}/"
            yield act._replace(action=kind, object=act.object if named else f"{act.object}/{made}")


def _known(
    receipts: Sequence[Receipt],
    earlier: dict[_Name, tuple[bytes, Answer]],
    owners: dict[_Name, tuple[bytes, int]],
) -> Acceptance | Problem | int | None:
    """The earlier answer for an id, the index of its first use in this batch, or None if it is new."""
    for receipt in receipts:
        name = receipt[:2]
        identity = Identity.KEY if receipt.source.startswith(KEY) else Identity.EVENT
        try:
            answer = idempotency.decide(identity, receipt.body_sha256, earlier.get(name))
            if answer is not None:
                return Acceptance(answer, True)
            if name in owners:
                digest, index = owners[name]
                idempotency.decide(identity, receipt.body_sha256, (digest, Answer(0, b"")))
                return index
        except Problem as problem:
            return problem
    return None
