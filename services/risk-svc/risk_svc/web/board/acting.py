"""Who acts on a page of the board: the person of its session as they are now, and whether they may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from nicegui import Client, ui

from candor.clients.services import ServiceError
from candor.store.audit import Actor
from candor.store.errors import StoreUnavailable
from candor.web.security.auth import Role
from risk_svc.web.board.access import SESSION
from risk_svc.web.board.sign_in_store import StaffSessions

MAY_NOT: Final = "This needs the role operator; you are signed in as {}."
OVER: Final = "Your session is over: sign in again."
AWAY: Final = "Candor cannot reach its database right now. Nothing was done; try again in a moment."


class NotAllowedError(Exception):
    """Whoever is at the page may not do this; `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Acting:
    """Who is at one open page; asked again at every act, since a session may end and a role be withdrawn."""

    def __init__(self, staff: StaffSessions, page: Client) -> None:
        self._staff = staff
        self.session, self._place = _session_of(page)

    async def operator(self) -> Actor:
        """The person, if they may act. Raises NotAllowedError or StoreUnavailable."""
        who = await self._staff.who(self.session)
        if who is None:
            raise NotAllowedError(OVER)
        person, role = who
        if role < Role.OPERATOR:
            raise NotAllowedError(MAY_NOT.format(role.name.lower()))
        return Actor(person, role.name.lower(), self._place)

    async def told(self, act: Callable[[Actor], Awaitable[str]]) -> str:
        """What an act of an operator came to, in words, or why it was not done."""
        try:
            return await act(await self.operator())
        except (NotAllowedError, ServiceError) as error:
            return error.words
        except StoreUnavailable:
            return AWAY

    async def refused(self) -> str:
        """Why whoever is at the page may not act, in words; empty if they may."""
        return await self.told(_nothing)


async def _nothing(_who: Actor) -> str:
    return ""


def at_this_page(staff: StaffSessions) -> Acting:
    """Who is at the page that is being drawn."""
    return Acting(staff, ui.context.client)


def _session_of(page: Client) -> tuple[str, str]:
    # A page that is drawn for its HTML alone belongs to nobody.
    scope: Mapping[str, Any] = page.request.scope if page.request is not None else {}
    client = scope.get("client")
    return str(scope.get("state", {}).get(SESSION, "")), client[0] if client else ""
