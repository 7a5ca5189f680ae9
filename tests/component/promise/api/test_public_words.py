"""Why a date moved or a promise was called off: internal, unless it was given as public; through every way in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import PromiseRevised, PromiseWithdrawn
from tests.component.promise.bodies import REVISION, made, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON

Way = Callable[[Api, str, str, dict[str, Any]], Awaitable[Any]]


async def by_route(api: Api, name: str, kind: str, data: dict[str, Any]) -> Any:
    path = {"promise.revised": "revisions", "promise.withdrawn": "withdraw"}[kind]
    return await api.call("POST", f"/v1/promises/{name}/{path}", data)


async def by_webhook(api: Api, name: str, kind: str, data: dict[str, Any]) -> Any:
    return await api.webhook(kind, data | {"promise_id": name})


async def by_import(api: Api, name: str, kind: str, data: dict[str, Any]) -> Any:
    event = {"id": new("evt"), "type": kind, "time": NOON - timedelta(minutes=1), "data": data | {"promise_id": name}}
    return await api.call("POST", "/v1/imports", {"events": [event]})


@pytest.mark.parametrize("way", [by_route, by_webhook, by_import], ids=lambda way: way.__name__)
@pytest.mark.parametrize("public", [None, "the part is late"])
@pytest.mark.parametrize("kind", ["promise.revised", "promise.withdrawn"])
async def test_both_reasons_are_kept_and_sent_apart(promise_api: Api, way: Way, public: str | None, kind: str) -> None:
    promise = await made(promise_api, made_at=(NOON - timedelta(hours=1)).isoformat())
    name = promise["promise_id"]
    words = {"reason": "keep this internal"} | ({"public_reason": public} if public else {})
    answer = await way(promise_api, name, kind, words if kind == "promise.withdrawn" else REVISION | words)
    assert answer.status_code in (200, 202), answer.text
    message = (await sent(promise_api, promise["customer_id"]))[-1]
    assert isinstance(message.data, PromiseRevised | PromiseWithdrawn)
    assert (message.data.reason, message.data.public_reason) == ("keep this internal", public)
    [change] = (await promise_api.call("GET", f"/v1/promises/{name}")).json()["changes"]
    assert (change["reason"], change.get("public_reason")) == ("keep this internal", public)


async def test_the_api_says_which_words_customers_read(promise_api: Api) -> None:
    paths = (await promise_api.call("GET", "/openapi.json")).json()["paths"]
    for name in ("revisions", "withdraw"):
        body = paths[f"/v1/promises/{{promise_id}}/{name}"]["post"]["requestBody"]["content"]["application/json"]
        fields = body["schema"]["properties"]
        assert "customers never do" in str(fields["reason"])
        assert "word for word" in str(fields["public_reason"])
