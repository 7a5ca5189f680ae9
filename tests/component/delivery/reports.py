"""Reports for delivery-svc, and promises as its handler hears of them, with names that no other test uses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from candor.contracts import CustomerErased, Message, PromiseMade, Reference, ScopeItem, decode, message
from candor.messaging.consumer import Work
from candor.records.packing import unpack
from candor.store.eraser import Eraser
from candor.store.unit_of_work import unit_of_work
from delivery_svc.handlers import PromisesHandler
from delivery_svc.service.matcher import Matcher
from delivery_svc.store import erasures
from tests.support.api import Api
from tests.support.clocks import NOON


def new(kind: str = "p") -> str:
    return f"{kind}-{uuid4().hex[:12]}"


def moment(minutes: float) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def milestone(promise_id: str | None = None, minutes: float = -60, **changes: Any) -> dict[str, Any]:
    body = {"milestone": "arrived", "status": "reached", "at": moment(minutes), **changes}
    return body if promise_id is None else body | {"promise_id": promise_id}


def referring(name: str, minutes: float = -60, **changes: Any) -> dict[str, Any]:
    return milestone(None, minutes, reference={"system": "ops", "id": name}, **changes)


def incident(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "incident_id": name,
        "status": "opened",
        "severity": 0.5,
        "category": "weather",
        "title": "Snow at EWR",
        "affects": [{"kind": "site", "id": "EWR"}],
        "opened_at": moment(-90),
        **changes,
    }


def made(
    promise_id: str,
    customer_id: str,
    *references: str,
    version: int = 1,
    scope: Sequence[str] = (),
    time: datetime = NOON,
) -> Message:
    named = [Reference("ops", name) for name in references]
    items = [ScopeItem(item) for item in scope]
    data = PromiseMade(
        promise_id=promise_id,
        customer_id=customer_id,
        kind="flight",
        what="UA 1",
        made_at=NOON,
        first_due=NOON,
        latest_due=NOON,
        held_due=NOON,
        references=named,
        scope=items,
    )
    return message(new("evt"), "promise-svc/test", time, customer_id, version, data)


def erased(customer_id: str) -> Message:
    return message(new("evt"), "promise-svc/test", NOON, customer_id, 1, CustomerErased(customer_id))


async def hear(api: Api, *messages: Message) -> None:
    """The handler gets these messages in one transaction, as a worker would give them."""
    async with unit_of_work(api.intake.database) as uow:
        await PromisesHandler().apply(uow, [Work(0, list(messages))], tick=False)


async def look(api: Api) -> bool:
    """The background looks at what is parked; whether it may have to go on."""
    return await Matcher(api.intake.database).step()


async def end_erasures(api: Api, most: int = 0) -> int:
    """All that erasures have left to do, each step by a process of its own; how many steps there were."""
    steps = 0
    while True:
        while await Eraser(api.intake.database, erasures.work(most)).step():
            steps += 1
        # The service's own may still be at a step, which ours then found taken.
        if not await api.rows("SELECT FROM erasure"):
            return steps
        await asyncio.sleep(0.01)


async def known(api: Api, *references: str) -> tuple[str, str]:
    """A promise and its customer, heard of."""
    promise_id, customer_id = new("p"), new("c")
    await hear(api, made(promise_id, customer_id, *references))
    return promise_id, customer_id


async def sent(api: Api, key: str) -> list[Message]:
    """What the outbox holds for a customer or an incident, in order."""
    rows = await api.rows("SELECT topic, records FROM outbox WHERE keys && ARRAY[$1]::text[] ORDER BY id", key)
    return [
        decode(row["topic"], record.headers, record.value)
        for row in rows
        for record in unpack(row["records"])
        if record.key == key.encode()
    ]


async def parked(api: Api, **filters: str) -> list[dict[str, Any]]:
    """All of them, page by page: other tests may have left more than a page."""
    response = await api.call("GET", "/v1/parked", role="viewer", params={"limit": "200", **filters})
    items: list[dict[str, Any]] = []
    while True:
        assert response.status_code == 200, response.text
        items += response.json()["items"]
        if "next" not in response.links:
            return items
        response = await api.call("GET", response.links["next"]["url"], role="viewer")


def code(response: Any) -> str:
    """A problem's code; asserts that it is one."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return str(msgspec.json.decode(response.content)["code"])
