"""Every service as a role that only reads and writes rows: it starts, does a round of work, and may do no more."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio

from candor.ops.database_url import named
from candor.store.fitness import UnfitDatabaseError
from candor.store.grants import NEVER_CHANGED
from candor.store.migrate import upgrade
from promise_svc.wiring import MIGRATIONS
from tests.support.clocks import ManualClock
from tests.support.town import Trip, whole_town

pytestmark = pytest.mark.long

SERVICES = ("promise", "delivery", "risk", "notify")
AUDIT_KEPT_DAYS = "100"
OLD = """INSERT INTO audit_log (at, who, role, place, action, object, outcome)
VALUES (now() - make_interval(days => $1), 'old', 'operator', '', 'x', 'y', 'done')"""
SENT_WARNING = ("warning", "sent")


class Roles(NamedTuple):
    """The owner's address of the server, and that of each service."""

    prefix: str
    owner: str
    least: dict[str, str]

    def database(self, service: str, of: str = "") -> str:
        """The address of a service's database as its own role, or as that of another service."""
        return named(self.least[of or service], f"{self.prefix}_{service}")


def migrate(roles: Roles, service: str, *more: str) -> subprocess.CompletedProcess[str]:
    given = {"DATABASE_URL": roles.owner, "DATABASE_PREFIX": roles.prefix, "AUDIT_KEPT_DAYS": AUDIT_KEPT_DAYS}
    environment = {**os.environ, **given, "COLUMNS": "200"}
    command = [sys.executable, "-m", "candor.cli", "migrate", f"{service}-svc", *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def as_role(server: str, role: str, password: str) -> str:
    return f"postgresql://{role}:{password}@{server.rpartition('@')[2]}/"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def roles(postgres: str) -> AsyncIterator[Roles]:
    prefix, password = f"t{secrets.token_hex(5)}", secrets.token_hex(12)
    admin = await asyncpg.connect(f"{postgres}/postgres")
    users = [f"{prefix}_owner", *(f"{prefix}_{service}_app" for service in SERVICES)]
    for user in users:
        may = "CREATEDB" if user.endswith("_owner") else "NOCREATEDB"
        await admin.execute(f"CREATE ROLE {user} LOGIN NOSUPERUSER {may} PASSWORD '{password}'")
    least = {service: as_role(postgres, f"{prefix}_{service}_app", password) for service in SERVICES}
    found = Roles(prefix, as_role(postgres, users[0], password), least)
    for service in SERVICES:
        done = migrate(found, service, "--grants", f"{prefix}_{service}_app")
        assert done.returncode == 0, done.stderr
    yield found
    for service in SERVICES:
        await admin.execute(f"DROP DATABASE IF EXISTS {prefix}_{service} WITH (FORCE)")
    for user in users:
        await admin.execute(f"DROP ROLE {user}")
    await admin.close()


async def refused(url: str, statement: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    finally:
        await connection.close()
    return False


async def test_every_service_starts_and_does_a_round_of_work(
    roles: Roles, kafka: str, postgres: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with whole_town(kafka, postgres, tmp_path, ManualClock(), prefix=roles.prefix, urls=roles.least) as town:
        trip = Trip(town)
        await trip.reported("booked")
        await trip.promised()
        await trip.slipping()
        await town.notices(trip.promise_id, SENT_WARNING)
        stopped = await town.notify.call("PUT", "/v1/switch", {"sending": False}, role="admin")
        assert stopped.status_code < 500
        await town.promise.call("DELETE", f"/v1/customers/{trip.customer}")
        await town.notices(trip.promise_id)
        # A part that may not do its work ends, or says so for ever; the others would go on without it.
        assert [line for line in capsys.readouterr().out.splitlines() if "permission denied" in line] == []
        # The databases are dropped with the town: what the roles may not do is asked here.
        await held_back(roles)


async def held_back(roles: Roles) -> None:
    """Each role may change no table, no schema version, no history, and opens no other service's database."""
    for service in SERVICES:
        own = roles.database(service)
        assert await refused(own, "CREATE TABLE more (id int)"), service
        assert await refused(own, "TRUNCATE outbox"), service
        assert await refused(own, "DROP TABLE outbox"), service
        assert await refused(own, "UPDATE alembic_version SET version_num = '0000'"), service
        for table in (*NEVER_CHANGED[f"{service}-svc"], "audit_log"):
            assert not await may(own, table, "UPDATE"), table
        assert not await may(own, "audit_log", "DELETE")
        await held_by_the_audit_log(roles, service)
        for other in set(SERVICES) - {service}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
                await asyncpg.connect(roles.database(other, of=service))


async def held_by_the_audit_log(roles: Roles, service: str) -> None:
    """A role adds to the audit log, changes nothing in it, and clears what is older than its owner allows."""
    own, owner = roles.database(service), named(roles.owner, f"{roles.prefix}_{service}")
    for statement in (
        "UPDATE audit_log SET who = 'bob'",
        "DELETE FROM audit_log",
        "DROP TRIGGER audit_rows ON audit_log",
        "INSERT INTO audit_log (at, who, role, place, action, object, outcome) VALUES (now(), '', '', '', '', '', '')",
        "INSERT INTO audit_log (id, who, role, place, action, object, outcome) VALUES (9, '', '', '', '', '', '')",
        "SELECT setval('audit_log_id_seq', 1)",
        "SELECT last_value FROM audit_log_id_seq",
    ):
        assert await refused(own, statement), (service, statement)
    connection = await asyncpg.connect(owner)
    await connection.executemany(OLD, [(99,), (101,)])
    await connection.close()
    connection = await asyncpg.connect(own)
    assert await connection.fetchval("SELECT audit_forget(0, 100)") == 1
    assert await connection.fetchval("SELECT audit_forget(0, 100)") == 0
    assert await connection.fetchval("SELECT count(*) FROM audit_log WHERE who = 'old'") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(
            "CREATE OR REPLACE FUNCTION audit_forget(float8, int) RETURNS bigint AS 'SELECT 1' LANGUAGE sql"
        )
    await connection.close()


async def may(url: str, table: str, right: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        found: bool = await connection.fetchval("SELECT has_table_privilege($1, $2)", table, right)
    finally:
        await connection.close()
    return found


async def test_a_schema_that_is_behind_is_said_with_the_command_that_mends_it(roles: Roles) -> None:
    with pytest.raises(
        UnfitDatabaseError, match=r"is missing.*run `candor migrate promise-svc` as the owner of the database first"
    ):
        await upgrade(named(roles.least["promise"], f"{roles.prefix}_missing"), MIGRATIONS)


def test_the_sql_can_be_printed_for_somebody_else_to_run(roles: Roles) -> None:
    done = migrate(roles, "promise", "--grants", 'shop"s', "--sql")
    assert done.returncode == 0
    assert 'REVOKE UPDATE ON change FROM "shop""s";\n' in done.stdout
    assert f'REVOKE ALL ON DATABASE "{roles.prefix}_promise" FROM PUBLIC;\n' in done.stdout


def test_a_role_that_grants_cannot_limit_is_refused(roles: Roles) -> None:
    for role, reason in {"nobody_knows": "there is no role", f"{roles.prefix}_owner": "owns the database"}.items():
        done = migrate(roles, "promise", "--grants", role)
        assert done.returncode == 1
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1
