"""What the role of a running service may do in its database: read and write rows, and nothing to the tables."""

from __future__ import annotations

from typing import Final

from candor.ops.database_url import database_of, quoted
from candor.store import audit
from candor.store.connecting import connect
from candor.store.errors import unavailable
from candor.store.fitness import CONNECT_SECONDS, UnfitDatabaseError

NEVER_CHANGED: Final = {
    "promise-svc": ("change", "matter_entry"),
    "delivery-svc": ("sighting",),
    "risk-svc": ("journal", "learner_state", "learner_step", "model_version", "used_link"),
    "notify-svc": (),
}
"""Tables whose rows are added and, at their time, deleted, but never changed, by service."""
UNCHANGING: Final = frozenset(table for tables in NEVER_CHANGED.values() for table in tables)
"""Nobody who may not change a row can lock it either; two who delete the same rows wait for each other."""
EXCEPT: Final = {
    "promise-svc": (
        ("change", "reason, public_reason, deliverer, words_since"),
        ("matter_entry", "words, words_since"),
    ),
    "risk-svc": (("journal", "xid"),),
}
"""Columns that a role may change all the same: words are emptied, and entries get another place on another cluster."""


def grants(service: str, database: str, role: str, audit_days: float) -> list[str]:
    """Return the statements that give `role` what the service needs in its database, and take away everything else.

    The audit log is then kept for `audit_days` whatever the processes ask for.
    """
    to = quoted(role)
    return [
        *audit.forgetting(audit_days),
        f"REVOKE ALL ON DATABASE {quoted(database)} FROM PUBLIC",
        f"REVOKE ALL ON DATABASE {quoted(database)} FROM {to}",
        f"GRANT CONNECT ON DATABASE {quoted(database)} TO {to}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON SCHEMA public FROM {to}",
        f"GRANT USAGE ON SCHEMA public TO {to}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {to}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {to}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version, layout FROM {to}",
        *(f"REVOKE UPDATE ON {table} FROM {to}" for table in NEVER_CHANGED[service]),
        *(f"GRANT UPDATE ({column}) ON {table} TO {to}" for table, column in EXCEPT.get(service, ())),
        # Nothing is deleted from it either, but for what `audit_forget` finds old enough.
        # What it says of its own row is all that a role may say: number and time are the database's.
        f"REVOKE INSERT, UPDATE, DELETE ON audit_log FROM {to}",
        f"GRANT INSERT ({', '.join(audit.SAID)}) ON audit_log TO {to}",
        f"GRANT EXECUTE ON FUNCTION {audit.FORGET} TO {to}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {to}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {to}",
    ]


async def grant(url: str, service: str, role: str, audit_days: float) -> None:
    """Apply `grants`, all or nothing. Raises UnfitDatabaseError if there is no such role, or it may do too much."""
    try:
        connection = await connect(url, timeout=CONNECT_SECONDS)
    except Exception as error:
        raise unavailable(error) or error from error
    try:
        found = await connection.fetchrow(_ROLE, role)
        if found is None:
            raise UnfitDatabaseError(f"there is no role {role}: CREATE ROLE {quoted(role)} LOGIN PASSWORD '…'")
        if found["superuser"]:
            raise UnfitDatabaseError(f"{role} is a superuser, whom no grant limits: name an ordinary role")
        if found["owner"]:
            raise UnfitDatabaseError(f"{role} owns the database, so it may do everything: name another role")
        # In one message, which PostgreSQL applies as one transaction.
        await connection.execute("; ".join(grants(service, database_of(url), role, audit_days)))
    finally:
        await connection.close()


_ROLE: Final = """
SELECT rolsuper AS superuser, pg_has_role(oid, (SELECT datdba FROM pg_database WHERE datname = current_database()),
'MEMBER') AS owner FROM pg_roles WHERE rolname = $1"""
