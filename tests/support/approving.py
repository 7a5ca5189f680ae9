"""A desk whose letters to key accounts wait for a person, and the API by which people decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from candor.contracts import Forecast
from candor.web.app import create_app
from notify_svc.api.routes import approval
from notify_svc.api.routes.notices import router
from notify_svc.domain.approval import Approving, Patience
from notify_svc.service.waiting import Waiting
from notify_svc.settings import NotifySettings
from tests.support.notify import LATE, Desk, contact, gap, promise

KEY = Approving(labels={"tier": frozenset({"key"})})
HOUR = timedelta(hours=1)


def approving(desk: Desk, rules: Approving = KEY) -> Desk:
    """The desk with these rules."""
    desk.speaker = replace(desk.speaker, approving=rules)
    return desk


def keyed(name: str = "p1", customer: str = "c1", **changes: Any) -> Any:
    """A promise to a key account."""
    return promise(name, customer, labels={"tier": "key"}, **changes)


async def waits(desk: Desk, *extra: Any, owner: str | None = None, forecast: Forecast = LATE) -> dict[str, Any]:
    """A warning to a key account waits; returns its notice."""
    await desk.take(keyed(owner=owner), contact(), gap(1, forecast), *extra)
    await desk.later(5)
    return await newest(desk)


async def newest(desk: Desk) -> dict[str, Any]:
    """The newest notice to the customer."""
    return [row for row in await desk.notices() if row["audience"] == "customer"][-1]


def waiting(desk: Desk, wait: timedelta = HOUR, *, escalates: bool = True) -> Waiting:
    """What looks after the desk's waiting letters."""
    return Waiting(desk.database, desk.speaker.reach, desk.clock, desk.rules, Patience(wait, escalates))


@asynccontextmanager
async def deciding(desk: Desk, folder: Path, *more: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an operator's key, and routes of `more` routers."""
    keys: list[dict[str, object]] = [
        {"name": f"{role}-1", "sha256": hashlib.sha256(role.encode()).hexdigest(), "role": role, "scopes": []}
        for role in ("viewer", "operator")
    ]
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": keys}))
    app = create_app("notify", NotifySettings(api_keys_file=file), None, [router, approval.router, *more])
    app.state.database, app.state.clock, app.state.reach = desk.database, desk.clock, desk.speaker.reach
    head = {"authorization": "Bearer operator"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=head) as client:
        yield client


async def act(client: httpx.AsyncClient, notice: dict[str, Any], what: str, **body: Any) -> httpx.Response:
    """Decide about a notice, in the version that `notice` has; the call needs none."""
    versioned = {} if what in ("said", "snooze") else {"version": notice["version"]}
    return await client.post(f"/v1/notices/{notice['notice_id']}/{what}", json={**versioned, **body})
