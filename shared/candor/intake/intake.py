"""The intake both writing services share: turns webhooks and history into commands, and group-commits these."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, Final, Generic, NamedTuple, TypeVar

from prometheus_client import Counter

from candor.intake import metrics, rejected
from candor.intake.customer_rates import CustomerRates, Request, subject_of
from candor.intake.event import Event, known_name, plain_type
from candor.intake.heard import Heard
from candor.intake.once import Acceptance, C, Caller, Origin, R, Submission, event_receipt
from candor.intake.requests import arriving
from candor.intake.requests.arriving import Arrivals, Keeping
from candor.intake.requests.content import Vault
from candor.intake.requests.mentioned import mentioned
from candor.intake.requests.table import WAITING
from candor.intake.requests.writing import Request as Stored
from candor.intake.source import Incoming, Items, Outcome, Reply, Source, Unusable, completion_of, derived_id
from candor.ops.clock import Clock
from candor.ops.tracing import current_traceparent
from candor.store.db import Database
from candor.store.errors import StoreUnavailable
from candor.store.fair_queue import Lane
from candor.store.group_commit import GroupCommit
from candor.store.receipts import Receipt
from candor.store.unit_of_work import UnitOfWork
from candor.web.http.fields import not_ahead
from candor.web.http.idempotency import sha256
from candor.web.http.problems import Problem
from candor.web.http.rates import Rates, overload
from candor.web.http.text import event_id
from candor.web.security.webhooks import STANDARD, Webhook

Apply = Callable[[UnitOfWork, Sequence[Submission[C, R]]], Awaitable[Sequence[Acceptance | Exception]]]
Read = Callable[[Event, Origin, tuple[Receipt, ...]], Submission[C, R]]
Made = TypeVar("Made")
# A 4xx makes a vendor drop events or ban us, so these become 202 once the signature is valid.
KEPT: Final = frozenset({400, 403, 404, 409, 412, 422})
LARGE: Final = 32_768
"""Bytes of a body from which on it is read beside the event loop: a thousand alerts take a fifth of a second."""
NOT_ALLOWED: Final = "event_type_not_allowed"
_addresses: Final = re.compile(r"\S*@\S*")


class Tried(NamedTuple):
    """One event of a body that was tried: what it would be taken as, or the Problem that would refuse it."""

    item: Incoming | Unusable
    found: Submission[Any, Any] | Problem


class Intake(Generic[C, R]):
    """Takes commands of one service: `read` makes them from events of `known` types, `apply` decides a batch.

    `sources` are the sources whose webhooks it understands, by name; `customers` limits what is sent
    about one customer; `vault` seals what senders sent.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        known: Collection[str],
        read: Read[C, R],
        apply: Apply[C, R],
        sources: Mapping[str, Source],
        customers: Rates,
        vault: Vault,
    ) -> None:
        self.database = database
        self.clock = clock
        self.known = frozenset(known)
        self.sources = sources
        self.heard = Heard()
        self._customers = CustomerRates(customers)
        self._read = read
        self.arrivals = Arrivals(vault)
        self._commands: GroupCommit[Submission[C, R], Acceptance] = GroupCommit(database, arriving.keeping(apply))
        self._keepings: GroupCommit[Keeping, None] = GroupCommit(database, arriving.keep)

    async def close(self) -> None:
        """Answer waiting commands, and refuse new ones."""
        await asyncio.gather(self._commands.close(), self._keepings.close())

    def look(self, caller: str, raw: bytes = b"", about: str = "") -> None:
        """Raises Problem 429 if the customer or promise that a command's body names has used up its share.

        Before it is checked: what is refused for that must cost the others next to nothing. `about` instead of `raw`
        where the path names it.
        """
        rates = self._customers
        refusal = rates.about(caller, about) if about else rates.at_first_sight(caller, raw)
        if refusal is not None:
            raise refusal

    async def submit(self, submission: Submission[C, R]) -> Acceptance:
        """Take a command, which is durable when this returns. Raises Problem or StoreUnavailable."""
        request = self._customers.begin(submission.origin.source)
        if (refusal := request.refusal(submission)) is not None:
            raise refusal
        taken = await self._commands.submit(submission, lane(submission, submission.origin.source))
        request.charge(submission, taken)
        _count(submission.kind, taken)
        return taken

    async def webhook(self, webhook: Webhook) -> Reply:
        """The answer to a genuine webhook; its content can no longer make it fail (see `rejected`).

        One that is completed first is stored and answered; all others have been processed. Where too much comes about a
        customer, Problem 503 is raised: a sender would take a 4xx for its own fault. But one of our own senders hears
        Problem `event_type_not_allowed` for a single event, so that whoever set it up sees it at once.
        """
        source = self.sources[webhook.read_as]
        if webhook.read_as == STANDARD:
            self._look_at_event(webhook)
        if completion_of(source) is not None:
            self.heard.note(webhook.source)
            await self.hold(self.arrivals.request(webhook, source))
            return source.answer(webhook, ())
        outcomes = await self.process(webhook)
        only = outcomes[0].result if len(outcomes) == 1 else None
        if isinstance(only, Problem) and only.code == NOT_ALLOWED and webhook.read_as == STANDARD:
            raise only
        return source.answer(webhook, told(outcomes))

    async def read(self, webhook: Webhook) -> list[Outcome]:
        """Take the events of a body that we asked for: a sign of life if anything is new, kept if anything is refused.

        Raises StoreUnavailable, and a Problem that is not the body's fault, such as 503.
        """
        source = self.sources[webhook.read_as]
        items = await _beside(webhook, partial(self._events, webhook, source))
        outcomes = await self.take(items, Caller("webhook", webhook.source, webhook.events), heard=False)
        if any(isinstance(one.result, Acceptance) and not one.result.replayed for one in outcomes):
            self.heard.note(webhook.source)
        if refused := self._refused(webhook, outcomes):
            await self._keep(_naming(Keeping(self.arrivals.request(webhook, source), refused), outcomes))
        return outcomes

    async def tried(self, webhook: Webhook) -> list[Tried]:
        """What each event of a body would be taken as, or why it would be refused; nothing is stored or counted.

        What only the state of its promise or incident can refuse is not known here.
        """
        source = self.sources[webhook.read_as]
        items = await _beside(webhook, partial(self._events, webhook, source))
        caller, share = Caller("webhook", webhook.source, webhook.events), self._customers.begin(webhook.source)
        return [Tried(item, self._submission(item, caller, share, historical=False)) for item in items]

    async def process(self, webhook: Webhook, stored: Stored | None = None, *, heard: bool = True) -> list[Outcome]:
        """What became of each event of a webhook, all of it durable, with its request, `stored` if it is known already.

        `heard`: it is a sign of life of its sender. Raises Problem 503 if a customer's share is used up.
        """
        source = self.sources[webhook.read_as]

        def reading() -> tuple[Items, Stored]:
            return self._events(webhook, source), stored or self.arrivals.request(webhook, source)

        items, request = await _beside(webhook, reading)
        caller = Caller("webhook", webhook.source, webhook.events)
        outcomes = await self.take(items, caller, request=request, heard=heard)
        refused = self._refused(webhook, outcomes)
        if refused or not outcomes:
            await self._keep(_naming(Keeping(request, refused), outcomes))
        metrics.REQUESTS.labels(webhook.source, request.state).inc()
        return outcomes

    def _events(self, webhook: Webhook, source: Source) -> Items:
        try:
            return source.read(webhook, self.known, self.clock.now())
        except Problem as problem:
            return [Unusable(problem)]

    def _refused(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> tuple[rejected.Rejection, ...]:
        refused = []
        for item, result in outcomes:
            if isinstance(result, Problem):
                if result.status not in KEPT:
                    raise overload(result)
                refused.append(self._rejection(webhook, item, result))
        return tuple(refused)

    async def hold(self, request: Stored) -> None:
        """Store a request that waits until it is completed."""
        request.state = WAITING
        await self._keep(Keeping(request))
        metrics.REQUESTS.labels(request.source, WAITING).inc()

    async def refuse(self, request: Stored, problem: Problem) -> None:
        """Store that a whole request was refused."""
        metrics.REFUSED.labels(problem.code).inc()
        name = request.request_id
        refusal = rejected.Rejection(request.source, name, sha256(name.encode()), "", problem.code, reason(problem))
        await self._keep(Keeping(request, (refusal,)))
        metrics.REQUESTS.labels(request.source, request.state).inc()

    def _look_at_event(self, webhook: Webhook) -> None:
        refusal = self._customers.event_at_first_sight(webhook.source, webhook.raw)
        if refusal is not None:
            self.heard.note(webhook.source)
            metrics.REFUSED.labels(refusal.code).inc()
            raise overload(refusal)

    async def take(
        self,
        items: Items,
        caller: Caller,
        *,
        historical: bool = False,
        request: Stored | None = None,
        heard: bool = True,
    ) -> list[Outcome]:
        """Take events in order, each on its own; `historical`: nobody is warned about them.

        `request`, in which they came, is saved with the last of them that is taken. `heard`: they are a sign of life.

        Raises StoreUnavailable if the database failed for any event; repeating the request takes the missing ones.
        """
        if items and heard and not historical:
            self.heard.note(caller.name)
        share = self._customers.begin(caller.name)
        found = [self._submission(item, caller, share, historical=historical) for item in items]
        if request is not None:
            last = arriving.joined(found, request)
            found = [
                replace(entry, request=request, last=place == last) if isinstance(entry, Submission) else entry
                for place, entry in enumerate(found)
            ]
        results = iter(await self._apply([entry for entry in found if isinstance(entry, Submission)], caller.name))
        outcomes = []
        for item, entry in zip(items, found, strict=True):
            result = entry if isinstance(entry, Problem) else next(results)
            if isinstance(result, Problem):
                metrics.REFUSED.labels(result.code).inc()
            elif isinstance(result, BaseException):
                raise result
            elif isinstance(entry, Submission):
                _count(entry.kind, result)
                share.charge(entry, result)
                if request is not None and entry.last:
                    request.known = True
            outcomes.append(Outcome(item, result))
        return outcomes

    async def _apply(self, wanted: Sequence[Submission[C, R]], caller: str) -> Sequence[Acceptance | BaseException]:
        if len(wanted) != 1:
            return await self._commands.submit_all(wanted, caller)
        try:
            return [await self._commands.submit(wanted[0], lane(wanted[0], caller))]
        except StoreUnavailable:
            raise
        except Exception as error:
            return [error]

    def _submission(
        self, item: Incoming | Unusable, caller: Caller, request: Request, *, historical: bool
    ) -> Submission[C, R] | Problem:
        if isinstance(item, Unusable):
            return item.problem
        event = item.event
        try:
            name = _name(item)
            if event.type not in self.known:
                event = event._replace(type=plain_type(event.type, self.known))
            _allowed(caller, event.type)
            not_ahead(event.time, self.clock.now(), "/time")
            origin = Origin(name, item.origin or caller.name, event.time, historical, current_traceparent(), caller.act)
            receipt = event_receipt(caller, name, item.raw, item.ids)
            submission = self._read(event, origin, (receipt,))
            return request.refusal(submission) or submission
        except Problem as problem:
            return problem

    async def _keep(self, keeping: Keeping) -> None:
        await self._keepings.submit(keeping, Lane(keeping.request.source))

    def _rejection(self, webhook: Webhook, item: Incoming | Unusable, problem: Problem) -> rejected.Rejection:
        raw = item.raw or webhook.raw
        # An id that breaks the rule is not stored: it may be longer than an index takes. Nor is one with an address.
        name = next((found for one in (item.id, webhook.id) if (found := _kept_id(one))), derived_id(raw))
        said = item.event.type if isinstance(item, Incoming) else item.type
        kind = known_name(said, self.known)
        return rejected.Rejection(webhook.source, name, sha256(raw), kind, problem.code, reason(problem))


def _naming(keeping: Keeping, outcomes: Sequence[Outcome]) -> Keeping:
    """The same, and the request is about whoever its refused events name."""
    for item, result in outcomes:
        if isinstance(result, Problem):
            keeping.request.about.update(mentioned(item))
    return keeping


async def _beside(webhook: Webhook, reading: Callable[[], Made]) -> Made:
    return reading() if len(webhook.raw) <= LARGE else await asyncio.to_thread(reading)


def lane(submission: Submission[C, R], caller: str) -> Lane:
    """Whose turn a statement waits for: its caller's, and among theirs its customer's, or else its promise's."""
    return Lane(caller, subject_of(submission.command))


def _name(item: Incoming) -> str:
    try:
        return event_id(item.id) if item.id else derived_id(item.raw)
    except ValueError as error:
        raise Problem.invalid_field("/id", str(error)) from None


def _kept_id(text: str) -> str:
    try:
        return "" if not text or _addresses.search(text) else event_id(text)
    except ValueError:
        return ""


def _allowed(caller: Caller, kind: str) -> None:
    if caller.events is None or kind in caller.events:
        return
    may = ", ".join(sorted(caller.events)) or "nothing"
    detail = (
        f"{caller.name} may not send {kind} here: its entry in the webhook secrets file names {may} for this service"
    )
    raise Problem(NOT_ALLOWED, detail, extensions={"event_type": kind})


@lru_cache(maxsize=64)
def _counter(kind: str, replayed: bool) -> Counter:
    return (metrics.REPLAYED if replayed else metrics.ACCEPTED).labels(kind)


def _count(kind: str, taken: Acceptance) -> None:
    _counter(kind, taken.replayed).inc()


def plain(detail: str) -> str:
    """A problem's detail in the form that may be stored: 300 characters, without anything like an address."""
    # A pointer contains the sender's own field names, which may contain an address.
    return _addresses.sub("…", detail)[:300]


def reason(problem: Problem) -> str:
    """Why an event was refused, led by the place of the first mistake, as it may be stored and told."""
    error = problem.errors[0] if problem.errors else None
    place = (error.pointer or error.parameter or "") if error else ""
    led = not place or problem.detail.startswith(place)
    return plain(problem.detail if led else f"{place}: {problem.detail}")


def told(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes as returned to a sender: reasons without anything that looks like an address."""
    return [
        Outcome(item, Problem(result.code, reason(result)) if isinstance(result, Problem) else result)
        for item, result in outcomes
    ]
