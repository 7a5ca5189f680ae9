"""What the pages about senders, parked reports and imports read of the services that take events in, and do there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote

from candor.clients.services import Said, ServiceClient, ServiceError
from candor.ops.secret_files import SecretFile
from candor.store import audit
from candor.store.audit import Act, Actor
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from candor.web.http.listings import Total
from risk_svc.settings import RiskSettings

PROMISE, DELIVERY = "promise-svc", "delivery-svc"
NOT_SET_UP: Final = (
    "The board does not know where {} is, or has no key for it: see PROMISE_SVC_URL, DELIVERY_SVC_URL and "
    "SERVICES_KEY_FILE."
)
ROWS: Final = 25
MOST_SENDERS: Final = "200"
Found = TypeVar("Found")


class Part(NamedTuple):
    """What one service said, or why it said nothing: `items` with the service's name in `service`.

    `number`: how many items there are on all pages.
    """

    service: str
    items: list[dict[str, Any]]
    cursor: str = ""
    failed: str = ""
    number: Total = Total(0, True)


class IntakeData:
    """Asks promise-svc and delivery-svc by their interfaces, with the board's key.

    What a person does there is recorded first, in the board's own audit log under their name: the services know the
    board alone. So nothing is done that is not recorded.
    """

    def __init__(self, services: Mapping[str, ServiceClient], record: Callable[[Act], Awaitable[None]]) -> None:
        self._services = services
        self._record_act = record

    @classmethod
    def of(cls, settings: RiskSettings, key: SecretFile[str] | None, database: Callable[[], Database]) -> IntakeData:
        """The services that the settings name; without a key none is asked."""
        places = {PROMISE: settings.promise_svc_url, DELIVERY: settings.delivery_svc_url}
        known = {} if key is None else {name: ServiceClient(url, key.get) for name, url in places.items() if url}
        return cls(known, recorder(database))

    @property
    def names(self) -> tuple[str, ...]:
        """The services that are set up."""
        return tuple(self._services)

    async def senders(self) -> list[Part]:
        """The senders of each service, at most 200."""
        return await self._each(lambda name: self._items(name, "/v1/sources", {"limit": MOST_SENDERS}))

    async def refused(self, sender: str | None = None) -> list[Part]:
        """The newest refused events of each service."""
        return await self._each(lambda name: self._items(name, "/v1/rejected", _asked(source=sender)))

    async def requests(self, service: str, *, sender: str | None, state: str | None, cursor: str) -> Part:
        """A page of stored requests of one service, newest first."""
        asked = _asked(source=sender, state=state, cursor=cursor or None)
        return await self._part(service, lambda name: self._items(name, "/v1/requests", asked))

    async def content(self, service: str, request_id: str, who: Actor) -> dict[str, Any]:
        """One stored request with its content. Raises ServiceError."""
        await self._record(who, "request.read", service, request_id)
        return (await self._service(service).get(f"/v1/requests/{_quoted(request_id)}")).body

    async def replay(self, service: str, request_id: str, who: Actor) -> dict[str, Any]:
        """Process a stored request again as it came. Raises ServiceError."""
        await self._record(who, "request.replay", service, request_id)
        return (await self._service(service).send("POST", f"/v1/requests/{_quoted(request_id)}/replay")).body

    async def mend(self, service: str, request_id: str, body: str, who: Actor) -> dict[str, Any]:
        """Process a stored request with another body. Raises ServiceError."""
        await self._record(who, "request.mend", service, request_id)
        return (
            await self._service(service).send("PUT", f"/v1/requests/{_quoted(request_id)}/body", {"body": body})
        ).body

    async def attempt(self, service: str, sender: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """What a captured request would do; nothing is stored. Raises ServiceError."""
        return (await self._service(service).send("POST", f"/v1/sources/{_quoted(sender)}/try", said)).body

    async def parked(self, cursor: str, *, source: str | None = None) -> Part:
        """A page of parked reports, those that have waited longest first."""
        asked = _asked(source=source, cursor=cursor or None)
        return await self._part(DELIVERY, lambda name: self._items(name, "/v1/parked", asked))

    async def waiting(self, cursor: str, *, promise_id: str | None = None) -> Part:
        """A page of what was said of promises that are not known yet, the oldest arrival first."""
        asked = _asked(promise_id=promise_id, cursor=cursor or None)
        return await self._part(PROMISE, lambda name: self._items(name, "/v1/waiting", asked))

    async def parked_report(self, parked_id: str) -> dict[str, Any]:
        """One parked report. Raises ServiceError."""
        return (await self._service(DELIVERY).get(f"/v1/parked/{_quoted(parked_id)}")).body

    async def matches(self) -> Part:
        """The newest matches by hand that can be undone."""
        return await self._part(DELIVERY, lambda name: self._items(name, "/v1/matches", _asked()))

    async def undo(self, match_id: str, who: Actor) -> dict[str, Any]:
        """Undo a match. Raises ServiceError."""
        await self._record(who, "match.undo", DELIVERY, match_id)
        return (await self._service(DELIVERY).send("POST", f"/v1/matches/{_quoted(match_id)}/undo", {})).body

    async def archive(self) -> Part:
        """How many parked reports ended without their promise."""
        return await self._part(DELIVERY, lambda name: self._items(name, "/v1/parked/archive", _asked()))

    async def suggestions(self, parked_id: str) -> dict[str, Any]:
        """The promises that a parked report may be about. Raises ServiceError."""
        return (await self._service(DELIVERY).get(f"/v1/parked/{_quoted(parked_id)}/suggestions")).body

    async def match(self, parked_id: str, promise_id: str, who: Actor, *, alike: bool) -> dict[str, Any]:
        """Match a parked report, with all alike or alone. Raises ServiceError."""
        await self._record(who, "parked.match", DELIVERY, parked_id)
        body = {"promise_id": promise_id, "alike": alike}
        return (await self._service(DELIVERY).send("POST", f"/v1/parked/{_quoted(parked_id)}/match", body)).body

    async def imports(self, events: int, who: Actor) -> None:
        """Record that a table of so many events is imported."""
        await self._record(who, "table.import", f"{PROMISE} {DELIVERY}", f"{events} events")

    async def take(self, service: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Past events for one service, at most 1,000: how many it took, and which it refused. Raises ServiceError."""
        return (await self._service(service).send("POST", "/v1/imports", {"events": events})).body

    async def read(self, service: str, path: str) -> dict[str, Any]:
        """The answer of a service at a path. Raises ServiceError."""
        return (await self._service(service).get(path)).body

    async def send(
        self, act: Act, service: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """What a service answers to an act about an object of its own, which is recorded first. Raises ServiceError."""
        await self._record(act.actor, act.action, service, act.object)
        return (await self._service(service).send("POST", path, body, headers)).body

    async def _items(self, name: str, path: str, asked: Mapping[str, str]) -> Part:
        said: Said = await self._service(name).get(path, asked)
        items = [{**one, "service": name} for one in said.body["items"]]
        number = Total(said.body.get("total", len(items)), said.body.get("total_exact", not said.cursor))
        return Part(name, items, said.cursor, number=number)

    async def _each(self, ask: Callable[[str], Awaitable[Part]]) -> list[Part]:
        return [*await asyncio.gather(*(self._part(name, ask) for name in (PROMISE, DELIVERY)))]

    async def _part(self, name: str, ask: Callable[[str], Awaitable[Part]]) -> Part:
        try:
            return await ask(name)
        except ServiceError as error:
            return Part(name, [], failed=error.words)

    def _service(self, name: str) -> ServiceClient:
        if name not in self._services:
            raise ServiceError(NOT_SET_UP.format(name))
        return self._services[name]

    async def _record(self, who: Actor, action: str, service: str, what: str) -> None:
        await self._record_act(Act(who, action, f"{service} {what}"))


def recorder(database: Callable[[], Database]) -> Callable[[Act], Awaitable[None]]:
    """What writes an act into the board's own audit log."""

    async def record(act: Act) -> None:
        async with unit_of_work(database()) as uow:
            await audit.write(uow, [act])

    return record


def _asked(**asked: str | None) -> dict[str, str]:
    return {"limit": str(ROWS)} | {name: value for name, value in asked.items() if value}


def _quoted(name: str) -> str:
    return quote(name, safe="")
