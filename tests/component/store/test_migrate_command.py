"""`candor migrate`: what a job does before a roll-out, for each service, once and again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from delivery_svc import wiring as delivery
from notify_svc import wiring as notify
from promise_svc import wiring as promise
from risk_svc import wiring as risk
from tests.support.servers import Databases

pytestmark = pytest.mark.long

MIGRATIONS = {
    "promise-svc": promise.MIGRATIONS,
    "delivery-svc": delivery.MIGRATIONS,
    "risk-svc": risk.MIGRATIONS,
    "notify-svc": notify.MIGRATIONS,
}


def newest(migrations: Path) -> str:
    return max(path.name[:4] for path in (migrations / "versions").glob("0*.py"))


def migrate(service: str, url: str, prefix: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # As in a container: nothing of a local stack is there, and nothing may be made of it.
    environment = {"DATABASE_URL": url, "DATABASE_PREFIX": prefix, "HOME": str(folder), "CANDOR_HOME": "/proc/none"}
    return subprocess.run(
        [sys.executable, "-m", "candor.cli", "migrate", service],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("service", sorted(MIGRATIONS))
async def test_the_schema_is_the_newest_afterwards_and_a_second_run_changes_nothing(
    service: str, postgres: str, databases: Databases, topic_prefix: str, tmp_path: Path
) -> None:
    url = f"{postgres}/{topic_prefix}_{service.removesuffix('-svc')}"
    try:
        for _ in range(2):
            done = migrate(service, f"{postgres}/", topic_prefix, tmp_path)
            assert done.stderr == ""
            assert done.stdout == f"the database of {service} has the newest schema\n"
            connection = await asyncpg.connect(url)
            found = await connection.fetchval("SELECT version_num FROM alembic_version")
            await connection.close()
            assert found == newest(MIGRATIONS[service])
    finally:
        await databases.drop(url)


def test_a_server_that_is_away_is_one_line(tmp_path: Path) -> None:
    done = migrate("promise-svc", "postgresql://nobody@127.0.0.1:1/", "candor", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("candor: the database of promise-svc cannot be reached, so nothing was changed: ")
    assert len(done.stderr.splitlines()) == 1
