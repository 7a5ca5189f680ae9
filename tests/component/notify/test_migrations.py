"""A database of an earlier version is brought up to date with what it holds."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from candor.store.migrate import upgrade
from notify_svc.domain.identity import delivery_id
from notify_svc.wiring import MIGRATIONS
from tests.support.servers import Databases

NOTICE = """
INSERT INTO notice (notice_id, customer_id, promise_id, episode, statement, state, reason, spoken_for, version, closing,
  subject, body, html, evidence, findings, gap_version, recipient, reply_to, decided_at, changed_at)
VALUES ($1, 'c1', 'p1', 1, 'warning', 'sent', 'delivered', 'slip_held', 3, false, 's', 'b', 'h', '{}', '[]', 1, 'r', '',
  now(), now())"""
OWNERS = NOTICE.replace("INSERT INTO notice (", "INSERT INTO notice (audience, ahead_of, ").replace(
    "VALUES (", "VALUES ('owner', 'n1', "
)
NEW_OWNERS = OWNERS.replace(" recipient,", "").replace(" 'r',", "")
AT_0003: Final = """
INSERT INTO notice (notice_id, customer_id, addressee, promise_id, episode, statement, state, reason, spoken_for,
  version, closing, subject, body, html, evidence, findings, gap_version, recipient, reply_to, decided_at, changed_at,
  attempts, phase, claim_epoch, claimed_by, lease_until, unknown_since, smtp_code, next_try_at)
SELECT $1, 'c1', 'c1', 'p' || $1, 1, 'warning', $2, $3, 'slip_held', 5, false, 's', 'b', 'h', '{}', '[]', 1, $4, '',
  timestamptz '2026-03-08 12:00Z', timestamptz '2026-03-08 12:05Z', $5, $6, $7, $8, $9, $10, $11,
  timestamptz '2026-03-08 12:06Z'"""
LEASE: Final = "2026-03-08 12:07:00+00:00"
# notice_id, state, reason, recipient, attempts, phase, epoch, claimed_by, lease_until, unknown_since, smtp_code
BEFORE: Final[list[tuple[Any, ...]]] = [
    ("preview", "preview", "sending_off", "hash", 0, "", 0, "", False, False, None),
    ("held", "held", "lint", "hash", 0, "", 0, "", False, False, None),
    ("silent", "suppressed", "no_contact", "", 0, "", 0, "", False, False, None),
    ("taken_back", "suppressed", "superseded", "hash", 0, "", 0, "", False, False, None),
    ("tried_once", "suppressed", "superseded", "hash", 1, "", 1, "a", False, False, 0),
    ("held_again", "held", "lint", "hash", 0, "", 2, "a", False, False, 451),
    ("pending", "pending", "slip_held", "hash", 0, "", 0, "", False, False, None),
    ("again", "pending", "try_later", "hash", 2, "", 2, "a", False, False, 451),
    ("claimed", "sending", "claimed", "hash", 1, "claimed", 1, "a", True, False, None),
    ("final", "sending", "claimed", "hash", 1, "final", 1, "a", True, False, None),
    ("sent", "sent", "delivered", "hash", 1, "final", 1, "a", False, False, 250),
    ("unknown", "unknown", "outcome_unknown", "hash", 1, "final", 1, "a", False, True, 0),
    ("failed", "failed", "refused", "hash", 3, "", 3, "a", False, False, 550),
]
# Which have a delivery afterwards: its state, phase, epoch, attempts and the provider's code.
AFTER: Final = {
    "tried_once": ("suppressed", "", 1, 1, ""),
    "held_again": ("suppressed", "", 2, 0, "451"),
    "pending": ("pending", "", 0, 0, None),
    "again": ("pending", "", 2, 2, "451"),
    "claimed": ("sending", "claimed", 1, 1, None),
    "final": ("sending", "final", 1, 1, None),
    "sent": ("sent", "final", 1, 1, "250"),
    "unknown": ("unknown", "final", 1, 1, ""),
    "failed": ("failed", "", 3, 3, "550"),
}


@asynccontextmanager
async def version(number: str, databases: Databases, folder: Path) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database as the migration of this number left it, and a connection to it."""
    later = [path.name for path in (MIGRATIONS / "versions").glob("*.py") if path.name[:4] > number]
    shutil.copytree(MIGRATIONS, folder / "old", ignore=shutil.ignore_patterns("__pycache__", *later))

    async def prepare(url: str) -> None:
        await upgrade(url, folder / "old")

    url = await databases.fresh(prepare)
    connection = await asyncpg.connect(url)
    try:
        yield url, connection
    finally:
        await connection.close()
        await databases.drop(url)


async def test_notices_from_before_owners_were_told_are_the_customers(databases: Databases, tmp_path: Path) -> None:
    async with version("0001", databases, tmp_path) as (url, connection):
        await connection.execute(NOTICE, "n1")
        await upgrade(url, MIGRATIONS)
        row = await connection.fetchrow(
            "SELECT audience, addressee, ahead_of, owner, owner_wait_until, public_words FROM notice"
        )
        assert row is not None
        assert tuple(row) == ("customer", "c1", None, "no_owner", None, False)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(NEW_OWNERS.replace("'owner', 'n1'", "'customer', NULL"), "n2")
        for name in ("o1", "o2"):
            await connection.execute(NEW_OWNERS, name)


async def test_how_far_a_notice_got_is_its_deliverys_whatever_its_state(databases: Databases, tmp_path: Path) -> None:
    async with version("0003", databases, tmp_path) as (url, connection):
        for row in BEFORE:
            lease, since = ("2026-03-08T12:07Z" if given else None for given in row[8:10])
            statement = AT_0003.replace("$9", f"'{lease}'::timestamptz" if lease else "NULL")
            statement = statement.replace("$10", f"'{since}'::timestamptz" if since else "NULL").replace("$11", "$9")
            await connection.execute(statement, *row[:8], row[10])
        await upgrade(url, MIGRATIONS)
        kept = await connection.fetch("SELECT notice_id, state, reason, version, body FROM notice ORDER BY seq")
        assert [tuple(one) for one in kept] == [(*row[:3], 5, "b") for row in BEFORE]
        found = await connection.fetch("SELECT * FROM delivery JOIN notice USING (notice_id) ORDER BY seq")
        told = {
            one["notice_id"]: (one["state"], one["phase"], one["epoch"], one["attempts"], one["provider_code"])
            for one in await connection.fetch("SELECT * FROM delivery")
        }
        assert told == AFTER
        for one in found:
            assert one["delivery_id"] == delivery_id(one["notice_id"], "email")
            assert (one["channel"], one["recipient"], one["outcome"]) == ("email", "hash", one["reason"])
            assert str(one["next_at"]) == "2026-03-08 12:06:00+00:00"
        leases = {one["notice_id"]: str(one["lease_until"]) for one in found if one["lease_until"]}
        assert leases == {"claimed": LEASE, "final": LEASE}
        assert [one["notice_id"] for one in found if one["unknown_since"]] == ["unknown"]


async def test_more_notices_than_one_statement_moves_are_all_moved(databases: Databases, tmp_path: Path) -> None:
    async with version("0003", databases, tmp_path) as (url, connection):
        await connection.execute(
            NOTICE.replace("VALUES ($1", "SELECT 'n' || number").replace("'p1'", "'p' || number").rstrip(")")
            + ") FROM generate_series(1, 5001) AS number"
        )
        await upgrade(url, MIGRATIONS)
        assert await connection.fetchval("SELECT count(*) FROM delivery WHERE state = 'sent'") == 5001


async def test_an_address_that_was_refused_is_refused_for_email(databases: Databases, tmp_path: Path) -> None:
    async with version("0003", databases, tmp_path) as (url, connection):
        await connection.execute(
            "INSERT INTO customer (customer_id, contact_version, refused, erased_version) "
            "VALUES ('c1', 1, true, 0), ('c2', 1, false, 0)"
        )
        await upgrade(url, MIGRATIONS)
        rows = await connection.fetch("SELECT customer_id, refused_on FROM customer ORDER BY customer_id")
        assert [tuple(row) for row in rows] == [("c1", ["email"]), ("c2", [])]
