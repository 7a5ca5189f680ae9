"""The schema: creates and upgrades a service's database, and the tables that all services share."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from candor.ops.database_url import database_of, named, quoted
from candor.store.connecting import connect
from candor.store.errors import unavailable
from candor.store.fitness import UnfitDatabaseError, check_fitness, give_rights, no_entry

_NOT_OURS: Final = (
    "the database {} {}, and the role {} may not change that: "
    "run `candor migrate {}` as the owner of the database first"
)
_NO_RIGHTS: Final = "the role {} may not read the tables of the database {}: {}"
_LOCK: Final = 0x63616E646F72  # "candor"


async def upgrade(url: str, migrations: Path) -> None:
    """Create the database of `url` if it is missing and run the Alembic scripts in `migrations` up to the newest.

    Safe to call from many processes at once: one works, the others wait and find nothing to do. All or nothing.
    A role that may not change the schema is enough once there is nothing to do. Raises StoreUnavailable while the
    server is away, UnfitDatabaseError for a database that cannot do the work or a role that would have to change it.
    """
    try:
        await create_database(url)
        await check_fitness(url)
        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=partial(connect, url, timeout=5), poolclass=NullPool
        )
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await connection.run_sync(_upgrade, migrations)
    except Exception as error:
        if isinstance(getattr(error, "orig", error).__cause__ or error, asyncpg.InsufficientPrivilegeError):
            raise UnfitDatabaseError(await _lacking(url, service_of(migrations))) from error
        raise unavailable(error) or error from error


async def _lacking(url: str, service: str) -> str:
    """What a role that was refused lacks: to be let in, to read what is there, or to make what is not."""
    name = database_of(url)
    try:
        connection = await connect(url, timeout=5)
    except asyncpg.InvalidCatalogNameError:
        return _NOT_OURS.format(name, "is missing", urlsplit(url).username or "in DATABASE_URL", service)
    except asyncpg.InsufficientPrivilegeError:
        return no_entry(url, service)
    try:
        role, made, readable = await connection.fetchrow(RIGHTS) or ("", False, False)
    finally:
        await connection.close()
    if made and not readable:
        return _NO_RIGHTS.format(role, name, give_rights(service, role))
    return _NOT_OURS.format(name, "has an older schema" if made else "has no schema yet", role, service)


def service_of(migrations: Path) -> str:
    """The service whose Alembic scripts these are."""
    return migrations.parent.name.replace("_", "-")


async def create_database(url: str) -> None:
    """Create the database that `url` names, unless it exists."""
    name = database_of(url)
    if not name:
        raise ValueError("the database URL names no database")
    try:
        connection = await connect(url, timeout=5)
    except asyncpg.InvalidCatalogNameError:
        server = named(url, "postgres")
        connection = await connect(server, timeout=5)
        try:
            # template0: the server's own template may have an encoding that holds no "☕".
            await connection.execute(f"CREATE DATABASE {quoted(name)} ENCODING 'UTF8' TEMPLATE template0")
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            # Another process created it between the two statements.
            await asyncio.sleep(0)
        finally:
            await connection.close()
    else:
        await connection.close()


RIGHTS: Final = """
SELECT current_user::text, found.oid IS NOT NULL, coalesce(has_schema_privilege('public', 'USAGE')
  AND has_table_privilege(found.oid, 'SELECT'), false)
FROM (SELECT (SELECT oid FROM pg_class WHERE relname = 'alembic_version'
  AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'public')) AS oid) AS found"""
"""Who we are, whether there is a schema of ours, and whether we may read it; what everybody may ask."""


def scripts(package: Path) -> Path:
    """Return a service's Alembic scripts: inside its package when installed from a wheel, beside it in a checkout."""
    inside = package / "migrations"
    return inside if inside.exists() else package.parent / "migrations"


def run(context: Any, metadata: MetaData) -> None:
    """Run migrations; called by a service's migrations/env.py with Alembic's context and the metadata of its tables."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run through candor.store.migrate.upgrade (`candor up` calls it)")
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


def create_foundation(op: Any) -> None:
    """Create the tables that all services have, with Alembic's `op`; comes first in the first migration."""
    for statement in _FOUNDATION:
        op.execute(statement)


def _upgrade(connection: Connection, migrations: Path) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")


_FOUNDATION: Final = (
    """
CREATE TABLE outbox (
  id bigserial PRIMARY KEY,
  topic text NOT NULL,
  partition int NOT NULL,
  events int NOT NULL,
  attempt int NOT NULL DEFAULT 0,
  erased int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz,
  keys text[] NOT NULL,
  records bytea NOT NULL)""",
    "CREATE INDEX outbox_waiting ON outbox (partition, id) WHERE published_at IS NULL",
    """
CREATE TABLE ingest (
  source text NOT NULL,
  event_id text NOT NULL,
  body_sha256 bytea NOT NULL,
  key text NOT NULL DEFAULT '',
  status int NOT NULL,
  response bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, event_id))""",
    # Only retention reads it; rows lie in insertion order, so a few pages locate the old ones.
    "CREATE INDEX ingest_received ON ingest USING brin (received_at) WITH (pages_per_range = 32)",
    """
CREATE TABLE lease (
  grp text NOT NULL,
  partition int NOT NULL,
  owner text NOT NULL,
  epoch bigint NOT NULL,
  offsets jsonb NOT NULL,
  PRIMARY KEY (grp, partition)) WITH (fillfactor = 50)""",
    "CREATE TABLE member (grp text NOT NULL, id text NOT NULL, until timestamptz NOT NULL, PRIMARY KEY (grp, id))",
    """
CREATE TABLE dead_letter (
  id bigserial PRIMARY KEY,
  grp text NOT NULL,
  partition int NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  subject text NOT NULL,
  kafka_offset bigint NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  record bytea NOT NULL,
  state text NOT NULL DEFAULT 'held',
  created_at timestamptz NOT NULL DEFAULT now(),
  replayed_at timestamptz)""",
    # Unlogged: a rate limit is worth no disk write, and starts anew after a crash.
    """
CREATE UNLOGGED TABLE rate (
  bucket bytea PRIMARY KEY,
  tokens float8 NOT NULL,
  since timestamptz NOT NULL) WITH (fillfactor = 50)""",
    "CREATE INDEX dead_letter_open ON dead_letter (grp, partition, id) WHERE state IN ('held', 'replay')",
)
