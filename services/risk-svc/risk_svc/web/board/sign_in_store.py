"""What sign-in stores in the service's database: used links, and the sessions of staff until they are over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog

from candor.ops.clock import Clock, SystemClock
from candor.store import audit
from candor.store.audit import Act, Actor
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from candor.web.security.auth import Role
from candor.web.security.sessions import ABSOLUTE, IDLE, RENEW, Session

_USE: Final = "INSERT INTO used_link (nonce, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING nonce"
_BEGIN: Final = "INSERT INTO staff_session (id, person, role, began, seen) VALUES ($1, $2, $3, $4, $4)"
_LOOK: Final = "SELECT ended_at, seen FROM staff_session WHERE id = $1"
_WHO: Final = "SELECT person, role FROM staff_session WHERE id = $1 AND ended_at IS NULL AND began > $2 AND seen > $3"
_SEEN: Final = "UPDATE staff_session SET seen = greatest(seen, $2) WHERE id = $1"
_END: Final = "UPDATE staff_session SET ended_at = $1, reason = $2 WHERE ended_at IS NULL AND "
_LIST: Final = """
SELECT id, person, role, began, seen FROM staff_session
WHERE ended_at IS NULL AND began > $1 AND seen > $2 ORDER BY person, began LIMIT 1000"""
LOOKED_AT: Final = timedelta(seconds=4)
MOST: Final = 10_000
_CANDOR: Final = Actor("candor", "", "")
STRANGERS_AN_HOUR: Final = 600
"""Refused sign-ins of nobody known that a process records in an hour: the rest is in the metrics, not in the table."""
log = structlog.get_logger("candor.sessions")


def _act(session: Session, action: str, place: str) -> Act:
    return Act(Actor(session.person, session.role.name.lower(), place), action, f"session {session.id[:6]}")


class UsedLinks:
    """Nonces of used links, in the database so that a link works only once across all processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, nonce: str, until: datetime) -> bool:
        """True the first time."""
        async with unit_of_work(self._database) as uow:
            return await uow.connection.fetchval(_USE, nonce, until) is not None


class Live(NamedTuple):
    """A session that is not over, as an administrator sees it; `id` is shortened, so that it opens nothing."""

    id: str
    person: str
    role: str
    began: datetime
    seen: datetime


class StaffSessions:
    """The sessions that signing in began; one that is not here, or was ended, opens nothing.

    Every process looks again after LOOKED_AT, so it notices within seconds what another one ended.
    """

    def __init__(self, state: Any, clock: Clock | None = None) -> None:
        # The database is opened when the app starts, after this is made.
        self._state = state
        self._clock = clock or SystemClock()
        self._alive: dict[str, datetime] = {}
        self._hour = (0, 0)

    async def use(self, nonce: str, until: datetime) -> bool:
        """Same as `UsedLinks.use`."""
        return await UsedLinks(self._state.database).use(nonce, until)

    async def begin(self, session: Session, replaced: Session | None = None, place: str = "") -> None:
        """Save a new session, and end the one that it replaces in the same browser.

        Sessions of that person with a higher role end as well: the role was withdrawn since.
        """
        async with unit_of_work(self._state.database) as uow:
            await uow.connection.execute(_BEGIN, session.id, session.person, int(session.role), session.began)
            await audit.write(uow, [_act(session, "sign-in", place)])
            if replaced is not None:
                await self._end(uow, "signed in again", "id = $3", replaced.id)
            fewer = await self._end(
                uow, "role withdrawn", "person = $3 AND role > $4", session.person, int(session.role)
            )
        if fewer:
            log.warning("sessions ended: their person has a lower role now", sessions=fewer, by=session.person)

    async def end(self, session: Session, place: str = "") -> None:
        """Refuse this session's cookie from now on."""
        async with unit_of_work(self._state.database) as uow:
            await self._end(uow, "signed out", "id = $3", session.id)
            await audit.write(uow, [_act(session, "sign-out", place)])

    async def end_person(self, person: str, reason: str, by: Actor | None = None) -> int:
        """End all sessions of a person; returns how many there were. `by` is who ends them, if not Candor itself."""
        async with unit_of_work(self._state.database) as uow:
            ended = await self._end(uow, reason, "person = $3", person)
            await audit.write(uow, [Act(by or _CANDOR, "sessions.end", person, reason)])
            return ended

    async def refused(self, reason: str, place: str = "", person: str = "") -> None:
        """Record a refused sign-in; `person` if the provider vouched for one. Without the database: in the log."""
        if person or self._recorded_in_this_hour():
            act = Act(Actor(person or "unknown", "", place), "sign-in", "/signin", reason)
            await audit.write_refused(self._state.database, act)

    def _recorded_in_this_hour(self) -> bool:
        hour = int(self._clock.now().timestamp() // 3600)
        before, count = self._hour
        self._hour = (hour, count + 1 if hour == before else 1)
        return self._hour[1] <= STRANGERS_AN_HOUR

    async def over(self, session: Session) -> bool:
        """Whether a session was ended or never began. Raises StoreUnavailable if that is unknown."""
        now = self._clock.now()
        looked = self._alive.get(session.id)
        if looked is not None and now - looked < LOOKED_AT:
            return False
        async with unit_of_work(self._state.database, durable=False) as uow:
            row = await uow.connection.fetchrow(_LOOK, session.id)
            if row is not None and row["ended_at"] is None and now - row["seen"] >= RENEW:
                await uow.connection.execute(_SEEN, session.id, now)
        if row is None or row["ended_at"] is not None:
            self._alive.pop(session.id, None)
            return True
        if len(self._alive) >= MOST:
            self._alive.clear()
        self._alive[session.id] = now
        return False

    async def who(self, session_id: str) -> tuple[str, Role] | None:
        """Whose a session is, and their role in it; None for one that is over. Raises StoreUnavailable."""
        now = self._clock.now()
        async with unit_of_work(self._state.database, durable=False) as uow:
            row = await uow.connection.fetchrow(_WHO, session_id, now - ABSOLUTE, now - IDLE)
        return None if row is None else (row["person"], Role(row["role"]))

    async def live(self) -> list[Live]:
        """The sessions that are not over, at most a thousand."""
        now = self._clock.now()
        async with unit_of_work(self._state.database) as uow:
            rows = await uow.connection.fetch(_LIST, now - ABSOLUTE, now - IDLE)
        return [
            Live(row["id"][:6], row["person"], Role(row["role"]).name.lower(), row["began"], row["seen"])
            for row in rows
        ]

    async def _end(self, uow: UnitOfWork, reason: str, which: str, *named: object) -> int:
        # `which` is one of the conditions above, never from outside.
        status: str = await uow.connection.execute(_END + which, self._clock.now(), reason, *named)
        # This process need not look again: it knows.
        self._alive.clear()
        return int(status.rpartition(" ")[2])
