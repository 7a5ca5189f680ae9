"""Who is calling: API keys with a role, from one mounted file; each route declares the role it needs."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec
import structlog
from fastapi import Depends
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection, Request

from candor.errors import at_once
from candor.ops.clock import SystemClock
from candor.ops.secret_files import SecretFile, Withheld
from candor.store import audit
from candor.store.audit import Act, Actor
from candor.web import metrics
from candor.web.http.problems import Problem
from candor.web.http.rates import Rates
from candor.web.http.running import Running
from candor.web.rated import address_of
from candor.web.security import key_files

KEY_BYTES: Final = 32
_digest: Final = re.compile(r"[0-9A-Fa-f]{64}")
T = TypeVar("T")
log = structlog.get_logger("candor.auth")


class Role(IntEnum):
    """What a caller may do; each role includes the ones below it."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMIN = 4

    @classmethod
    def of(cls, name: str) -> Role:
        """Return the role of a lower-case name; ValueError if there is none."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError(f"no role {name!r}; there are {', '.join(role.name.lower() for role in cls)}") from None


class Principal(NamedTuple):
    """A caller whose key was recognised. `scopes`: services that the key is limited to; empty means all.

    From `expires` on the key opens nothing; None means never.
    """

    name: str
    role: Role
    scopes: tuple[str, ...] = ()
    expires: datetime | None = None


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    sha256: str
    role: str
    scopes: list[str] = []
    expires: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[msgspec.Raw]


class Keys(tuple[tuple[bytes, Principal], ...]):
    """The keys of a file by their hashes; `wrong`: what is wrong with its other entries, which open nothing."""

    wrong: Sequence[str] = ()

    def mistakes(self) -> str:
        """What is wrong, for staff; "" for nothing."""
        return at_once(self.wrong)


def new_key() -> tuple[str, str]:
    """Return a new API key of 256 random bits, and its SHA-256 (hex) for the keys file."""
    key = "candor_" + secrets.token_urlsafe(KEY_BYTES)
    return key, hashlib.sha256(key.encode()).hexdigest()


def parse_keys(raw: bytes, service: str = "") -> Keys:
    """The keys, as `read_keys`, of a file in which all is right. Raises ValueError."""
    found = read_keys(raw, service)
    if found.wrong:
        raise ValueError(found.mistakes())
    return found


def read_keys(raw: bytes, service: str = "") -> Keys:
    """Return the keys of a file `{"keys": [{"name", "sha256", "role", "scopes", "expires"}]}`; ValueError for no such.

    Whatever could open more than its author meant is wrong, and opens nothing: an unknown field, a service that does
    not exist (besides `service`, which reads the file), a hash of two keys. A field given twice refuses the whole file.
    """
    keys: dict[bytes, Principal] = {}
    wrong, twice = [], set[bytes]()
    for number, part in enumerate(key_files.decoded(raw, _File, "a keys file").keys):
        try:
            entry = key_files.decoded(bytes(part), _Entry, "a key of a keys file")
        except ValueError as error:
            wrong.append(f"key {number + 1}: {error}")
            continue
        try:
            digest, principal = _key(entry, service)
        except ValueError as error:
            wrong.append(f"key {entry.name[: key_files.LONGEST_NAME]!r}: {error}")
            continue
        if digest in keys:
            both = f"keys {keys[digest].name!r} and {entry.name!r}"
            wrong.append(f"{both} have the same sha256: give each its own key")
            twice.add(digest)
        keys[digest] = principal
    found = Keys((digest, principal) for digest, principal in keys.items() if digest not in twice)
    found.wrong = wrong
    return found


def _key(entry: _Entry, service: str) -> tuple[bytes, Principal]:
    key_files.check_name(entry.name)
    key_files.check_services(entry.scopes, service)
    if not _digest.fullmatch(entry.sha256):
        raise ValueError("sha256 must be 64 hexadecimal digits")
    try:
        role = Role.of(entry.role)
    except ValueError:
        # What stands there instead may be a key.
        roles = ", ".join(role.name.lower() for role in Role)
        raise ValueError(f"there is no such role, there are {roles}") from None
    return bytes.fromhex(entry.sha256), Principal(entry.name, role, tuple(entry.scopes), entry.expires)


def measured_keys(raw: bytes, service: str = "") -> Keys:
    """Return the keys of a file and show when they expire, those that do; ValueError as `read_keys`."""
    keys = read_keys(raw, service)
    metrics.API_KEY_EXPIRES.clear()
    for _, principal in keys:
        if principal.expires is not None:
            metrics.API_KEY_EXPIRES.labels(principal.name).set(principal.expires.timestamp())
    return keys


def recognise(keys: Keys, presented: str) -> Principal | None:
    """Return the owner of a key, in a time that does not depend on which digits of which key match."""
    digest = hashlib.sha256(presented.encode("utf-8", "surrogatepass")).digest()
    found = None
    for known, principal in keys:
        if hmac.compare_digest(known, digest):
            found = principal
    return found


def act_of(request: Request, principal: Principal, action: str = "", outcome: str = audit.DONE) -> Act:
    """Return an act for the audit log: of the key's owner, on the path that was asked for."""
    place = request.client.host if request.client else ""
    actor = Actor(principal.name, principal.role.name.lower(), place)
    return Act(actor, action or request.method, request.scope["path"], outcome)


class Guard(SecurityBase):
    """Dependency that requires a key of `role` or above to call a route, and provides its Principal."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.model: Any = BearerModel(description="API key; `candor token` makes one.")
        self.scheme_name = "apiKey"

    async def __call__(self, request: Request) -> Principal:
        state = request.app.state
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        keys = live(state.keys, Keys())
        principal = recognise(keys, token.strip()) if scheme.lower() == "bearer" else None
        if principal is None:
            if token and keys.wrong:
                # It may be one whose entry is wrong: its owner keeps what it has to say until that is mended.
                raise Problem.unavailable("keys_unavailable", retry_after=60)
            refuse(request, "unauthenticated", "no_key" if not token else "unknown_key")
            raise Problem("unauthenticated", "send Authorization: Bearer <key>", headers={"WWW-Authenticate": "Bearer"})
        if principal.expires is not None and principal.expires <= SystemClock().now():
            await self._refuse(request, principal, "unauthenticated", "expired_key")
            raise Problem("unauthenticated", "this key has expired", headers={"WWW-Authenticate": "Bearer"})
        if principal.role < self.role:
            await self._refuse(request, principal, "forbidden", "role_too_low")
            raise Problem("forbidden", f"this needs the role {self.role.name.lower()}")
        if principal.scopes and state.service not in principal.scopes:
            await self._refuse(request, principal, "forbidden", "out_of_scope")
            raise Problem("forbidden", f"this key is not for {state.service}")
        admit(request, principal.name, principal.name)
        return principal

    async def _refuse(self, request: Request, principal: Principal, code: str, reason: str) -> None:
        # Tries that were refused count against the rate too: they cost a log line and a transaction each.
        admit(request, principal.name, principal.name)
        refuse(request, code, reason, principal.name)
        database = getattr(request.app.state, "database", None)
        if database is not None:
            await audit.write_refused(database, act_of(request, principal, outcome=reason))


def live(file: SecretFile[T] | None, nothing: T) -> T:
    """Return what is in a file of keys, `nothing` without one. Raises Problem 503 if the file no longer counts."""
    try:
        return nothing if file is None else file.get()
    except Withheld:
        raise Problem.unavailable("keys_unavailable", retry_after=60) from None


def require(role: Role) -> Guard:
    """Return a route's dependency: `Annotated[Principal, Depends(require(Role.OPERATOR))]`."""
    return Guard(role)


Viewer = Annotated[Principal, Depends(require(Role.VIEWER))]
Operator = Annotated[Principal, Depends(require(Role.OPERATOR))]
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]


def admit(request: HTTPConnection, caller: str, counted_as: str) -> None:
    """Count a request of a recognised caller, by the name `counted_as`. Raises Problem 429 if they come too fast."""
    # Set first: a caller who is too fast must not use up what is free to others at the same address.
    request.state.caller = caller
    rates: Rates = request.app.state.rates
    request.state.standing = rates.take(counted_as)
    sizes: Rates = request.app.state.sizes
    if too_large := sizes.spent(counted_as):
        raise too_large
    running: Running = request.app.state.running
    running.count(request.scope["state"], counted_as)


def refuse(request: Request, code: str, reason: str, name: str = "") -> None:
    """Count and log a refused caller; never logs a key, nor a token from the path.

    Raises Problem 429 instead if strangers at this address have been refused too often.
    """
    if not name:
        addresses: Rates = request.app.state.addresses
        if too_fast := addresses.spent(address_of(request.scope)):
            raise too_fast
    metrics.AUTH_FAILURES.labels(reason).inc()
    client = request.client.host if request.client else ""
    path: str = request.scope["path"]
    path = path.rpartition("/")[0] + "/…" if "token" in request.path_params else path
    log.warning("caller refused", code=code, reason=reason, caller=name, client=client, path=path[:200])
