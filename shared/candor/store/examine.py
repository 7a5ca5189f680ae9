"""PostgreSQL as `candor doctor` sees it: reachable, encrypted, in UTF-8, unshared, current, and with enough rights."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic.script import ScriptDirectory

from candor.ops import database_url
from candor.ops.finding import Finding, checked
from candor.store.connecting import NAME, connect
from candor.store.errors import StoreUnavailable
from candor.store.fitness import CONNECT_SECONDS, UnfitDatabaseError, check_fitness, give_rights, no_entry
from candor.store.migrate import RIGHTS, service_of

SKEW_SECONDS: Final = 2.0


async def examine(url: str, migrations: Path) -> AsyncIterator[Finding]:
    """All findings about one service's database."""
    try:
        connection = await connect(url, timeout=CONNECT_SECONDS, statement_cache_size=0)
    except StoreUnavailable as error:
        yield Finding(
            "database sign-in", False, error.detail, f"mount the password for this process, or correct {NAME}"
        )
        return
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        yield unreached(url, error, service_of(migrations))
        return
    try:
        yield Finding("database reachable", True, database_url.database_of(url))
        yield await _tls(connection, url)
        try:
            await check_fitness(url)
        except UnfitDatabaseError as error:
            yield Finding("database fitness", False, str(error), "see the line above")
            return
        yield Finding("database fitness", True, "UTF8, and no pooler shares its connections")
        yield await _schema(connection, migrations)
        yield await _rights(connection, service_of(migrations))
        yield await _clock(connection)
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def unreached(url: str, error: Exception, service: str = "SERVICE") -> Finding:
    """Why there is no connection, and what mends that."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        wrong, _, mend = no_entry(url, service).partition(": ")
        return Finding("database sign-in", False, wrong, mend)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        mend = f"candor migrate {service} makes it; the first start of the service as well, if its role may"
        return Finding("database reachable", False, f"there is no database {database_url.database_of(url)}", mend)
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        mend = f"check the user in DATABASE_URL, and the password in {NAME}"
        return Finding("database sign-in", False, str(error), mend)
    if isinstance(error, ssl.SSLError):
        mend = "set sslrootcert= to the server's authority, and use the name in its certificate"
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        return Finding("database TLS", False, f"the server is not believed: {reason}", mend)
    mend = "check DATABASE_URL, and that the network lets this machine through"
    return Finding("database reachable", False, f"{type(error).__name__}: {error}"[:200], mend)


async def _tls(connection: Any, url: str) -> Finding:
    used = await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    pooled = isinstance(connection._transport.get_extra_info("ssl_object"), ssl.SSLObject)
    if not used and not pooled:
        mend = "add ?sslmode=verify-full to DATABASE_URL" if database_url.is_remote(url) else ""
        return Finding("database TLS", False if mend else None, "off", mend)
    verified = database_url.verifies(url)
    mend = "" if verified else "add sslmode=verify-full, or somebody between could pose as the server"
    return Finding("database TLS", True if verified else None, "verified" if verified else "on, unverified", mend)


async def _schema(connection: Any, migrations: Path) -> Finding:
    newest = ScriptDirectory(str(migrations)).get_current_head()
    service = service_of(migrations)
    role, made, readable = await connection.fetchrow(RIGHTS)
    if made and not readable:
        return Finding("database schema", False, f"hidden from the role {role}", give_rights(service, role))
    found = await connection.fetchval("SELECT version_num FROM alembic_version") if made else "none"
    wrong = "" if found == newest else f"{found}, this version needs {newest}"
    return checked(
        "database schema", str(newest), wrong, f"run `candor migrate {service}` as the owner of the database"
    )


async def _rights(connection: Any, service: str) -> Finding:
    rows = await connection.fetch(_LACKING)
    role = await connection.fetchval("SELECT current_user::text")
    wrong = f"no right to read or add rows in {', '.join(row['name'] for row in rows)}" if rows else ""
    if await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        mend = f"an ordinary role is enough: candor migrate {service} --grants ROLE"
        return Finding("database rights", None, "a superuser, who may do everything", mend)
    return checked("database rights", "enough", wrong, give_rights(service, role))


async def _clock(connection: Any) -> Finding:
    before = datetime.now(UTC)
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    apart = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    wrong = f"{apart:.1f} s apart from this machine's" if apart > SKEW_SECONDS else ""
    return checked(
        "clocks", "the database and this machine agree", wrong, "set both by NTP: leases and signatures need it"
    )


_LACKING: Final = """
SELECT relname::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  AND relname <> 'alembic_version'
  AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')) ORDER BY 1"""
