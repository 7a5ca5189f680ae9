"""notify-svc's routes on a desk's database, as staff and as a customer with a link reach them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from candor.contracts import AnswerGiven, ClarificationAnswered, Event, OptionTaken, SheetGiven, decode
from candor.records.packing import unpack
from candor.web.app import create_app
from notify_svc.api.routes import answers, mass, next_updates, page, page_links, stop, templates
from notify_svc.api.routes.notices import router
from notify_svc.page.links import Links
from notify_svc.settings import NotifySettings
from tests.support.clocks import NOON, ManualClock
from tests.support.notify import Desk

SECRET = "0123456789abcdef" * 4
URL = "https://promises.example.com"
ROLES = ("viewer", "operator", "approver", "admin")
_form = re.compile(r'name="form" value="([^"]+)"')
_link = re.compile(rf"{re.escape(URL)}/p/[A-Za-z0-9_.-]+")


@dataclass
class Customers:
    """A desk whose messages have links, a customer's client at the page's host, and staff's at another."""

    desk: Desk
    app: FastAPI
    customer: httpx.AsyncClient
    staff: httpx.AsyncClient
    system: ManualClock

    def letters(self) -> list[str]:
        """The texts of the messages that were received."""
        parts = [mail.parsed().get_body(("plain",)) for mail in self.desk.received()]
        return [part.get_content() for part in parts if part is not None]

    def link(self, number: int = -1) -> str:
        """The path of the link in a message that was received."""
        [found] = _link.findall(self.letters()[number])
        return str(found).removeprefix(URL)

    async def warned(self) -> str:
        """A customer is warned: the path of the link."""
        await self.desk.warned()
        await self.desk.send()
        await self.fresh()
        return self.link()

    async def form(self, path: str) -> str:
        """What makes that a form of the page is taken once."""
        text = (await self.customer.get(path)).text
        return str(_form.findall(text)[0])

    async def send(self, path: str, /, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """A form of the page, filled in; with `form` that one again."""
        given = fields if "form" in fields else {"form": await self.form(path), **fields}
        return await self.customer.post(path, data=given, headers=headers)

    async def answers(self, **query: str) -> list[dict[str, Any]]:
        """What staff read of the answers, newest first."""
        found: list[dict[str, Any]] = (await self.staff.get("/v1/answers", params=query)).json()["items"]
        return found

    async def events(self) -> list[AnswerGiven]:
        """What was told on of answers, oldest first."""
        return [one for one in await self._told() if isinstance(one, AnswerGiven)]

    async def options(self) -> list[OptionTaken]:
        """What was told on of options that were taken, oldest first."""
        return [one for one in await self._told() if isinstance(one, OptionTaken)]

    async def clarified(self) -> list[ClarificationAnswered]:
        """What was told on of questions that were answered, oldest first."""
        return [one for one in await self._told() if isinstance(one, ClarificationAnswered)]

    async def sheets(self) -> list[SheetGiven]:
        """What was told on of answers to the four questions, oldest first."""
        return [one for one in await self._told() if isinstance(one, SheetGiven)]

    async def _told(self) -> list[Event]:
        statement = "SELECT records FROM outbox WHERE topic = 'answers' ORDER BY id"
        rows = await self.desk.database.pool.fetch(statement)
        return [decode("answers", one.headers, one.value).data for row in rows for one in unpack(row["records"])]

    async def fresh(self, age: float = 0.0) -> None:
        """The facts are `age` seconds old."""
        statement = """
INSERT INTO freshness VALUES (0, $1, clock_timestamp()) ON CONFLICT (partition)
DO UPDATE SET lag_seconds = excluded.lag_seconds, seen_at = excluded.seen_at"""
        await self.desk.database.pool.execute(statement, age)


def key(role: str) -> dict[str, str]:
    return {"authorization": f"Bearer {role}"}


@asynccontextmanager
async def customers(desk: Desk, folder: Path) -> AsyncIterator[Customers]:
    """The routes, and links by a clock of their own; `role` keys are the role's name."""
    keys = [
        {"name": f"{role}-1", "sha256": hashlib.sha256(role.encode()).hexdigest(), "role": role, "scopes": []}
        for role in ROLES
    ]
    keys.append({**keys[-1], "name": "admin-2", "sha256": hashlib.sha256(b"admin2").hexdigest()})
    (folder / "keys.json").write_text(json.dumps({"keys": keys}))
    (folder / "page.key").write_text(SECRET)
    system = ManualClock(NOON)
    links = Links(SECRET, URL, system)
    desk.speaker = replace(desk.speaker, links=links)
    settings = NotifySettings(
        api_keys_file=folder / "keys.json",
        page_url=URL,
        page_secret_file=folder / "page.key",
        page_company="Example Airlines",
    )
    staffs = (router, mass.router, page_links.router, answers.router, next_updates.router, templates.router)
    app = create_app("notify", settings, None, [*staffs, page.router, stop.router])
    app.state.database, app.state.clock = desk.database, desk.clock
    app.state.links, app.state.reach, app.state.houses = links, desk.speaker.reach, desk.speaker.houses
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url=URL) as customer,
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=key("admin")) as staff,
    ):
        yield Customers(desk, app, customer, staff, system)
