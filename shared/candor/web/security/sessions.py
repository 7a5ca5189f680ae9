"""Staff sessions: a sign-in, by a one-use link or the company's provider, becomes a cookie that expires."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple, Protocol

import structlog
from itsdangerous import BadData
from starlette.responses import Response

from candor.ops.clock import Clock, SystemClock
from candor.web.http.problems import Problem
from candor.web.security.auth import Role
from candor.web.security.signing import Secrets, Signing

LINK_SALT: Final = "candor-signin"
SESSION_SALT: Final = "candor-session"
LINK_AGE: Final = timedelta(minutes=10)
IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=8)
RENEW: Final = timedelta(minutes=1)
log = structlog.get_logger("candor.sessions")


class Session(NamedTuple):
    """Who is signed in. `id` names the sign-in in logs; `began` and `seen` are system time.

    `person` is the subject that the identity provider vouched for, or `key:` and the API key whose owner got the link.
    """

    id: str
    role: Role
    began: datetime
    seen: datetime
    person: str = ""


class Nonces(Protocol):
    """Remembers used links; the board's service keeps them in its database."""

    async def use(self, nonce: str, until: datetime) -> bool:
        """Return True the first time, then False; may be forgotten after `until`, when the link has expired anyway."""
        ...


class SignIns(Nonces, Protocol):
    """Remembers used links and who is signed in."""

    async def begin(self, session: Session, replaced: Session | None = None, place: str = "") -> None:
        """Save a new session; `replaced` is the one that this browser had until now, which ends.

        `place` is from where the person signed in.
        """
        ...

    async def end_person(self, person: str, reason: str) -> int:
        """End all sessions of a person; returns how many there were."""
        ...

    async def refused(self, reason: str, place: str = "", person: str = "") -> None:
        """Record that a sign-in was refused; `person` is empty where nobody vouched for one."""
        ...


class Sessions:
    """Creates and reads links and cookies, signed with `secret`; `secure` if pages are served over https.

    `prefix` is the path below which a proxy serves all pages: cookies go nowhere else on that host.

    All ages are by the system clock. A secret that is taken away ends the sessions that it signed.
    """

    def __init__(self, secret: Secrets | str, *, secure: bool, prefix: str = "", clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._secure = secure
        self._links = Signing(secret, LINK_SALT)
        self._cookies = Signing(secret, SESSION_SALT)
        self._prefix = prefix
        # Browsers take these names only over https, and the first only from this very host and for all of it.
        guarded = "__Secure-" if prefix else "__Host-"
        self.cookie = f"{guarded if secure else ''}candor-session"

    def link_token(self, role: Role, key: str = "") -> str:
        """Return a token for one sign-in, as `candor token` prints it in a link; valid for ten minutes.

        The session that it opens lasts no longer than the API key of the name `key`, if that is given.
        """
        return self._links.dumps_timed({"role": role.name.lower(), "nonce": secrets.token_urlsafe(24), "key": key})

    async def sign_in(self, token: str, nonces: Nonces) -> Session:
        """Return the session that a link opens. Raises Problem 401 `link_invalid`, whatever is wrong with the link."""
        try:
            payload, signed = self._links.loads_timed(token)
            role, nonce, key = Role.of(payload["role"]), payload["nonce"], payload.get("key", "")
        except (BadData, ValueError, KeyError, TypeError, AttributeError):
            raise self._bad_link("forged") from None
        now = self._clock.now()
        if not -LINK_AGE <= now - signed <= LINK_AGE or not isinstance(nonce, str) or not 16 <= len(nonce) <= 128:
            raise self._bad_link("expired")
        if not await nonces.use(nonce, signed + 2 * LINK_AGE):
            raise self._bad_link("used")
        return self.open(role, by=f"key:{key}" if key else "link")

    def open(self, role: Role, by: str) -> Session:
        """Return a new session of the person or key `by`, under a new id."""
        now = self._clock.now()
        session = Session(secrets.token_hex(16), role, now, now, by)
        log.info("signed in", session=session.id, role=role.name.lower(), by=by)
        return session

    def read(self, cookie: str | None) -> Session | None:
        """Return the session of a cookie; None if it is absent, forged, idle too long or too old."""
        try:
            fields = self._cookies.loads(cookie or "")
            began, seen = (datetime.fromtimestamp(fields[name], UTC) for name in ("began", "seen"))
            session = Session(str(fields["id"]), Role.of(fields["role"]), began, seen, str(fields["person"]))
        except (BadData, ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
            return None
        now = self._clock.now()
        return session if now - seen <= IDLE and now - began <= ABSOLUTE else None

    def require(self, cookie: str | None, role: Role = Role.VIEWER) -> Session:
        """Return the session of a cookie with at least `role`. Raises Problem 401 or 403."""
        session = self.read(cookie)
        if session is None:
            raise Problem("session_invalid")
        if session.role < role:
            raise Problem("forbidden", f"this needs the role {role.name.lower()}")
        return session

    def set_cookie(self, response: Response, session: Session) -> None:
        """Set the session cookie on an answer, with the current time as `seen`."""
        self.put(response, self.cookie, self.encode(session._replace(seen=self._clock.now())))

    def put(self, response: Response, name: str, value: str, age: timedelta | None = None, below: str = "") -> None:
        """Set a cookie hidden from scripts and from requests of other sites, except followed links.

        With `below`, a path of ours, it goes to no other pages.
        """
        seconds, path = None if age is None else int(age.total_seconds()), self._prefix + below or "/"
        response.set_cookie(name, value, seconds, path=path, secure=self._secure, httponly=True, samesite=_LAX)

    def take(self, response: Response, name: str, below: str = "") -> None:
        """Delete one of our cookies."""
        path = self._prefix + below or "/"
        response.delete_cookie(name, path=path, secure=self._secure, httponly=True, samesite=_LAX)

    def encode(self, session: Session) -> str:
        """Return the cookie's value."""
        fields = {
            "id": session.id,
            "role": session.role.name.lower(),
            "person": session.person,
            "began": int(session.began.timestamp()),
            "seen": int(session.seen.timestamp()),
        }
        return self._cookies.dumps(fields)

    def due(self, session: Session) -> bool:
        """Whether the cookie should be renewed, so that an active session does not count as idle."""
        return self._clock.now() - session.seen >= RENEW

    def end(self, response: Response) -> None:
        """Sign out by deleting the cookie and, where browsers do that, what they keep of our pages.

        Not "cookies", which would be those of the whole domain; and on a shared host storage is not ours alone.
        """
        self.take(response, self.cookie)
        if self._secure:
            response.headers["clear-site-data"] = '"cache"' if self._prefix else '"cache", "storage"'

    def _bad_link(self, reason: str) -> Problem:
        log.warning("sign-in refused", reason=reason)
        return Problem("link_invalid", "ask for a new link with `candor token`")


# The provider sends the browser back from another site: with Strict, the next page would not see its session.
_LAX: Final[Literal["lax"]] = "lax"


class MemoryNonces:
    """Nonces of one process that is never restarted; for tests and single-process use."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self.begun: list[Session] = []
        self.turned_away: list[tuple[str, str]] = []
        self.ended: list[str] = []

    async def use(self, nonce: str, until: datetime) -> bool:  # noqa: ARG002
        """Same as `Nonces.use`."""
        if nonce in self._used:
            return False
        self._used.add(nonce)
        return True

    async def begin(self, session: Session, replaced: Session | None = None, place: str = "") -> None:  # noqa: ARG002
        """Same as `SignIns.begin`."""
        self.begun.append(session)
        if replaced is not None:
            self.ended.append(replaced.person)

    async def end_person(self, person: str, reason: str) -> int:  # noqa: ARG002
        """Same as `SignIns.end_person`."""
        self.ended.append(person)
        return 1

    async def refused(self, reason: str, place: str = "", person: str = "") -> None:  # noqa: ARG002
        """Same as `SignIns.refused`."""
        self.turned_away.append((reason, person))
