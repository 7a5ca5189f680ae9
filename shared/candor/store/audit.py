"""What staff did: a row for each act, in the transaction of the act itself; nothing changes or removes it early."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import asyncpg
import structlog

from candor.escaping import escaped
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import UnitOfWork, unit_of_work

if TYPE_CHECKING:
    from alembic.operations import Operations

    from candor.store.db import Database

DONE: Final = "done"
KEPT_AT_LEAST_DAYS: Final = 30
LONGEST: Final = 512
FORGET: Final = "public.audit_forget(double precision, integer)"
log: Final = structlog.get_logger("candor.audit")


class Actor(NamedTuple):
    """Who acts, and from where: the name of an API key, a person's subject, or `cli:` and a name on a machine."""

    who: str
    role: str
    place: str


class Act(NamedTuple):
    """One act or refused try: what was done to which object, and what became of it (`done`, or a problem's code).

    `object` is a path or an id; never anybody's words, a secret or an address.
    """

    actor: Actor
    action: str
    object: str
    outcome: str = DONE


def of_this_machine() -> Actor:
    """Whoever runs a command here."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # In a container a user may have a number alone.
        name = str(os.getuid())
    return Actor(f"cli:{name}", "cli", socket.gethostname())


async def write(uow: UnitOfWork, acts: Sequence[Act]) -> None:
    """Record acts, if and only if this transaction commits."""
    if acts:
        rows = [[storable(text) for text in (*act.actor, act.action, act.object, act.outcome)] for act in acts]
        await uow.connection.execute(_WRITE, *(list(column) for column in zip(*rows, strict=True)))


async def write_refused(database: Database, act: Act) -> None:
    """Record a try that was refused; where the database does not take it, it is in the log alone, and refused still."""
    try:
        async with unit_of_work(database) as uow:
            await write(uow, [act])
    except (StoreUnavailable, asyncpg.PostgresError) as error:
        log.warning("refused try not in the audit log", who=act.actor.who, action=act.action, reason=str(error))


def storable(text: str) -> str:
    """Return what somebody sent as the log keeps it: at most LONGEST characters, and nothing unprintable but escaped.

    PostgreSQL takes no NUL and no half of a surrogate pair; other signs would mislead whoever reads the log.
    """
    return escaped(text[:LONGEST])[:LONGEST]


def create(op: Operations | Any) -> None:
    """Create the table; called from a service's migration."""
    for statement in (*_CREATE, *forgetting(KEPT_AT_LEAST_DAYS)):
        op.execute(statement)


def forgetting(days: float) -> list[str]:
    """The statements that make `audit_forget`, the owner's function by which a role without DELETE clears old rows.

    It deletes nothing younger than `days`, whatever its caller asks for: who took over a process cannot hide in it.
    """
    return [_FORGET.format(days=max(days, KEPT_AT_LEAST_DAYS)), f"REVOKE ALL ON FUNCTION {FORGET} FROM PUBLIC"]


SAID: Final = ("who", "role", "place", "action", "object", "outcome")
"""The columns that whoever writes a row fills; the database adds its number and time."""
_WRITE: Final = """
INSERT INTO audit_log (who, role, place, action, object, outcome)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])"""

# A search path of its own: what the caller has made elsewhere is never run with the owner's rights.
_FORGET: Final = """
CREATE OR REPLACE FUNCTION public.audit_forget(older_than_days double precision, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
WITH gone AS (
  DELETE FROM public.audit_log WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM public.audit_log
    WHERE at < now() - make_interval(secs => greatest(older_than_days, {days}) * 86400)
    LIMIT most FOR UPDATE SKIP LOCKED))
  RETURNING 1)
SELECT count(*) FROM gone $$"""

_CREATE: Final = (
    """
CREATE TABLE audit_log (
  id bigserial PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  who text NOT NULL,
  role text NOT NULL,
  place text NOT NULL,
  action text NOT NULL,
  object text NOT NULL,
  outcome text NOT NULL)""",
    "CREATE INDEX audit_log_who ON audit_log (who, id)",
    "CREATE INDEX audit_log_at ON audit_log USING brin (at) WITH (pages_per_range = 32)",
    # Retention alone deletes, and only what is older than the shortest time that may be set.
    f"""
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at < now() - interval '{KEPT_AT_LEAST_DAYS} days' THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit log only grows: % refused', TG_OP;
END $$""",
    """
CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION audit_only_grows()""",
    """
CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()""",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM PUBLIC",
)
