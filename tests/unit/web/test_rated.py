"""Who sends more at once than one address may is turned away so that a sender of webhooks comes again."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from candor.web.http.problems import Problem
from candor.web.http.rates import Rates
from candor.web.http.running import Running
from candor.web.rated import RatedMiddleware


async def called(most: int, path: str) -> list[str]:
    """The paths that came through to the application."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["path"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    rated = RatedMiddleware(app, Rates("address", 0), Rates("bytes", 0), Running(most))
    scope: dict[str, Any] = {"type": "http", "path": path, "headers": [], "client": ("192.0.2.7", 4711)}
    await rated(scope, receive, send)
    return seen


@pytest.mark.parametrize("path", ["/v1/webhooks/crm", "/v1/webhooks/odoo/a-token"])
async def test_a_webhook_too_many_at_once_is_503_and_says_when_to_come_again(path: str) -> None:
    with pytest.raises(Problem) as refused:
        await called(0, path)
    assert (refused.value.status, refused.value.code) == (503, "overloaded")
    assert refused.value.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/v1/promises", "/board/inbox", "/v1/webhooks"])
async def test_any_other_stranger_hears_that_it_is_too_many_of_theirs(path: str) -> None:
    with pytest.raises(Problem) as refused:
        await called(0, path)
    assert (refused.value.status, refused.value.code) == (429, "too_many_running")
    assert refused.value.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/v1/webhooks/crm", "/v1/promises"])
async def test_within_the_limit_both_come_through(path: str) -> None:
    assert await called(1, path) == [path]
