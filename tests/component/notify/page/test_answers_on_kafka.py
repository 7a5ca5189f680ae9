"""The whole way of an answer on real parts: an offer made in promise-svc, taken on the page of notify-svc, and back."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest_asyncio

from candor.store.unit_of_work import unit_of_work
from notify_svc.settings import NotifySettings
from notify_svc.wiring import build as build_notify
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build as build_promise
from tests.component.promise.bodies import made, new
from tests.component.promise.matters import shown
from tests.support.api import Api, Keys, running
from tests.support.clocks import NOON, ManualClock
from tests.support.customer_page import SECRET, URL
from tests.support.servers import Databases
from tests.support.waiting import until


class Pair(NamedTuple):
    """promise-svc and notify-svc, joined by nothing but Kafka, on one business clock."""

    promise: Api
    notify: Api
    clock: ManualClock

    async def page(self, path: str) -> str:
        """The page as a browser at its host reads it."""
        answer = await self.notify.client.get(f"{URL}{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def answer(self, path: str, **fields: str) -> httpx.Response:
        """A form of the page, filled in."""
        form = re.findall(r'name="form" value="([^"]+)"', await self.page(path))[0]
        return await self.notify.client.post(f"{URL}{path}", data={"form": form, **fields})


@pytest_asyncio.fixture(loop_scope="session")
async def pair(
    kafka: str, postgres: str, databases: Databases, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[Pair]:
    keys = Keys(tmp_path)
    (tmp_path / "private").write_bytes(base64.b64encode(bytes(keys.private)))
    (tmp_path / "page").write_text(SECRET)
    common: dict[str, Any] = {
        "database_url": postgres,
        "database_prefix": f"t{secrets.token_hex(5)}",
        "topic_prefix": topic_prefix,
        "kafka_bootstrap_servers": kafka,
        "partitions": 4,
        **keys.write(),
    }
    page: dict[str, Any] = {
        "page_url": URL,
        "page_secret_file": tmp_path / "page",
        "contact_private_key_file": tmp_path / "private",
    }
    promise, notify, clock = PromiseSettings(**common), NotifySettings(**common, **page), ManualClock(NOON)
    async with AsyncExitStack() as stack:
        yield Pair(
            await stack.enter_async_context(running(build_promise(promise, clock), keys)),
            await stack.enter_async_context(running(build_notify(notify, clock), keys)),
            clock,
        )
    for settings in (promise, notify):
        await databases.drop(settings.database)


async def linked(pair: Pair, promise: dict[str, Any]) -> str:
    """The path of a link to the page of a promise, once notify-svc knows it and its offer."""
    database, name = pair.notify.app.state.database, promise["promise_id"]
    both = "SELECT EXISTS (SELECT FROM promise JOIN offer USING (promise_id) WHERE promise_id = $1)"
    await until(lambda: database.pool.fetchval(both, name))
    async with unit_of_work(database) as uow:
        links = await pair.notify.app.state.links.give(uow, {name: promise["customer_id"]})
    return str(links[name]).removeprefix(URL)


async def test_an_option_and_a_verdict_go_from_the_page_to_the_ledger_and_back(pair: Pair) -> None:
    promise = await made(pair.promise, customer_id=new("c"))
    name = promise["promise_id"]
    options = [{"name": "credit", "kind": "goodwill", "value": 20, "currency": "EUR"}]
    body = {"promise_id": name, "options": options}
    offer = (await pair.promise.call("POST", "/v1/offers", body)).json()["offer_id"]
    path = await linked(pair, promise)
    key = re.findall(r'name="offer" value="([^"]+)"', await pair.page(path))[0]
    assert key == f"{offer}:1"
    assert (await pair.answer(path, about="option", offer=key, choice="0")).status_code == 303

    async def taken() -> bool:
        return str((await shown(pair.promise, f"/v1/offers/{offer}"))["state"]) == "taken"

    await until(taken)
    known = pair.notify.app.state.database.pool
    await until(lambda: known.fetchval("SELECT state = 'taken' FROM offer WHERE offer_id = $1", offer))
    pair.clock.advance(timedelta(days=400))
    assert (await pair.answer(path, about="verdict", choice="in_part", words="one part")).status_code == 303

    async def settled() -> bool:
        return str((await shown(pair.promise, f"/v1/promises/{name}"))["state"]) == "broken"

    await until(settled)
    said = await pair.promise.rows("SELECT records::text FROM outbox WHERE topic = 'promises'")
    assert "one part" not in str(said)

    async def ended() -> bool:
        return "We did not keep this promise." in await pair.page(path)

    await until(ended)
