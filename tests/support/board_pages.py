"""A page of the board drawn for one person, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from nicegui import Client, core, ui
from starlette.requests import Request

from candor.web.security.auth import Role
from risk_svc.web.board.acting import Acting, at_this_page
from risk_svc.web.board.frame import Address
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.sign_in_store import StaffSessions
from tests.support.clocks import ManualClock

Drawn = TypeVar("Drawn")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
READING = cast(LiveData, SimpleNamespace(standstill=lambda: "", held=lambda: 0, clock=ManualClock(NOON)))


class Staff:
    """Sessions by id, as the board looks them up."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, Role]] = {"op": ("ana", Role.OPERATOR), "view": ("vic", Role.VIEWER)}

    async def who(self, session_id: str) -> tuple[str, Role] | None:
        return self.known.get(session_id)


@asynccontextmanager
async def drawn(
    path: str,
    make: Callable[[Address, Acting], Drawn],
    *,
    query: str = "",
    session: str = "op",
    staff: Staff | None = None,
) -> AsyncIterator[Drawn]:
    """What `make` draws at a path of the board, in a session; deleted afterwards."""
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": [], "client": ("192.0.2.7", 1)}
    scope |= {"query_string": query.encode(), "state": {"session": session}}
    request = Request(scope)
    before, core.loop = core.loop, asyncio.get_running_loop()
    client = Client(ui.page(path), request=request)
    try:
        with client:
            page = make(Address(request), at_this_page(cast(StaffSessions, staff or Staff())))
            yield page
    finally:
        # What the page asked of its browser is sent in a task of its own.
        await asyncio.sleep(0)
        client.delete()
        core.loop = before
