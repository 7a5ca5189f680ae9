"""What sign-in stores in the service's database: used links and ended sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from candor.ops.clock import Clock, SystemClock
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from candor.web.security.sessions import ABSOLUTE, Session

_USE: Final = "INSERT INTO used_link (nonce, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING nonce"
_FORGET: Final = "DELETE FROM used_link WHERE until < clock_timestamp()"
LOOKED_AT: Final = timedelta(seconds=10)
MOST: Final = 10_000


class UsedLinks:
    """Nonces of used links, in the database so that a link works only once across all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, nonce: str, until: datetime) -> bool:
        """True the first time; deletes links that have expired anyway."""
        async with unit_of_work(self._database) as uow:
            await uow.connection.execute(_FORGET)
            return await uow.connection.fetchval(_USE, nonce, until) is not None


class EndedSessions:
    """Sessions ended by signing out before they expired; other processes notice within ten seconds."""

    def __init__(self, state: Any, clock: Clock | None = None) -> None:
        # The database is opened when the app starts, after this is made.
        self._state = state
        self._clock = clock or SystemClock()
        self._alive: dict[str, datetime] = {}

    async def end(self, session: Session) -> None:
        """Refuse this session's cookie from now on."""
        self._alive.pop(session.id, None)
        await UsedLinks(self._state.database).use(_name(session), session.began + ABSOLUTE + LOOKED_AT)

    async def has(self, session: Session) -> bool:
        """Whether a session was ended. Raises StoreUnavailable if that is unknown."""
        now = self._clock.now()
        if now - self._alive.get(session.id, datetime.min.replace(tzinfo=now.tzinfo)) < LOOKED_AT:
            return False
        database: Database = self._state.database
        async with unit_of_work(database) as uow:
            found = await uow.connection.fetchval("SELECT true FROM used_link WHERE nonce = $1", _name(session))
        if found:
            return True
        if len(self._alive) >= MOST:
            self._alive.clear()
        self._alive[session.id] = now
        return False


def _name(session: Session) -> str:
    return f"ended:{session.id}"
