"""Versions of a company's templates: written once, approved by another person, withdrawn; no word of one changes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from candor.contracts import Statement
from candor.store.unit_of_work import UnitOfWork
from notify_svc.domain.own import Own

MOST: Final = 1_000
"""Versions of one statement in one language."""
LONGEST_WHY: Final = 300


class Decided(StrEnum):
    """What became of an approval or a withdrawal."""

    DONE = "done"
    OWN_VERSION = "own_version"
    CONFLICT = "conflict"


async def write(uow: UnitOfWork, statement: Statement, language: str, subject: str, body: str, by: str) -> int | None:
    """Store the next version and return its number; None if there are MOST already."""
    await uow.connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"template/{statement.value}/{language}")
    number: int | None = await uow.connection.fetchval(_WRITE, statement.value, language, subject, body, by, MOST)
    return number


async def version(uow: UnitOfWork, statement: Statement, language: str, number: int) -> Own | None:
    """One version as it was written."""
    row = await uow.connection.fetchrow(_VERSION, statement.value, language, number)
    return _own(row) if row else None


async def approve(uow: UnitOfWork, own: Own, by: str) -> Decided:
    """Have a version used from now on, unless `by` wrote it, or it was approved or withdrawn before."""
    return await _decide(uow, _APPROVE, own, by)


async def withdraw(uow: UnitOfWork, own: Own, by: str) -> Decided:
    """Have a version used no more: the one approved before it is used again, else the built-in template."""
    return await _decide(uow, _WITHDRAW, own, by)


async def in_use(uow: UnitOfWork) -> dict[tuple[str, str], Own]:
    """The version that is used for each statement and language: the one approved last that is not withdrawn."""
    return {(row["statement"], row["language"]): _own(row) for row in await uow.connection.fetch(_IN_USE)}


async def failed(uow: UnitOfWork, why: Mapping[str, str]) -> None:
    """Keep that versions, by name, made no letter and why; the first time counts."""
    for name, words in sorted(why.items()):
        statement, language, number = name.split("/")
        await uow.connection.execute(_FAILED, statement, language, int(number), words[:LONGEST_WHY])


async def failing(uow: UnitOfWork) -> int:
    """How many versions in use made no letter at least once."""
    count: int = await uow.connection.fetchval(_FAILING)
    return count


async def _decide(uow: UnitOfWork, change: str, own: Own, by: str) -> Decided:
    key = (own.statement.value, own.language, own.number)
    author = await uow.connection.fetchval(_LOCKED, *key)
    if change is _APPROVE and author == by:
        return Decided.OWN_VERSION
    done = await uow.connection.fetchval(change, *key, by)
    return Decided.DONE if done else Decided.CONFLICT


def _own(row: Any) -> Own:
    return Own(Statement(row["statement"]), row["language"], row["number"], row["subject"], row["body"])


_WRITE: Final = """
INSERT INTO letter_template (statement, language, number, subject, body, written_by)
SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5 FROM letter_template WHERE statement = $1 AND language = $2
HAVING coalesce(max(number), 0) < $6
RETURNING number"""

_ONE: Final = "statement = $1 AND language = $2 AND number = $3"
_USED: Final = "approved_at IS NOT NULL AND withdrawn_at IS NULL"
_VERSION: Final = f"SELECT statement, language, number, subject, body FROM letter_template WHERE {_ONE}"  # noqa: S608
_LOCKED: Final = f"SELECT written_by FROM letter_template WHERE {_ONE} FOR UPDATE"  # noqa: S608

_APPROVE: Final = f"""
UPDATE letter_template SET approved_by = $4, approved_at = clock_timestamp()
WHERE {_ONE} AND approved_at IS NULL AND withdrawn_at IS NULL RETURNING true"""  # noqa: S608 - constants only

_WITHDRAW: Final = f"""
UPDATE letter_template SET withdrawn_by = $4, withdrawn_at = clock_timestamp()
WHERE {_ONE} AND withdrawn_at IS NULL RETURNING true"""  # noqa: S608 - constants only

_IN_USE: Final = f"""
SELECT DISTINCT ON (statement, language) statement, language, number, subject, body, failed_at FROM letter_template
WHERE {_USED} ORDER BY statement, language, approved_at DESC"""  # noqa: S608 - constants only

_FAILED: Final = f"""
UPDATE letter_template SET failed_at = clock_timestamp(), failed_why = $4
WHERE {_ONE} AND failed_at IS NULL"""  # noqa: S608 - constants only

_FAILING: Final = f"SELECT count(*)::int FROM ({_IN_USE}) AS used WHERE failed_at IS NOT NULL"  # noqa: S608
