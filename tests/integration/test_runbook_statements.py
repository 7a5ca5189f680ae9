"""Every SQL statement that a page gives is typed as it stands there, in a shell made ready as the runbooks say."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio

import delivery_svc
import notify_svc
import promise_svc
import risk_svc
from candor.local.postgres import binaries
from candor.ops.database_url import database_of, named
from candor.store.migrate import scripts, upgrade
from tests.support.catalogue import ROOT

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md"), ROOT / "README.md"])
PACKAGES = {"promise": promise_svc, "delivery": delivery_svc, "risk": risk_svc, "notify": notify_svc}
TYPED = re.compile(r"""psql [^`\n]*?-c (?:'[^'\n]*'|"[^"\n]*")""")
LOOSE = re.compile(r"`(select [^`]*)`", re.IGNORECASE)
READY = re.compile(r"^(?:\[ -z \"\$DATABASE_PASSWORD_FILE|database\(\)).*$", re.MULTILINE)
GIVEN = [
    (str(page.relative_to(ROOT)), line)
    for page in PAGES
    if "adr" not in page.parts
    for line in TYPED.findall(page.read_text())
]


class Server(NamedTuple):
    """Where the four migrated databases are, and the file of their user's password."""

    url: str
    prefix: str
    password: Path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    prefix = f"t{secrets.token_hex(5)}"
    for service, package in PACKAGES.items():
        await upgrade(named(postgres, f"{prefix}_{service}"), scripts(Path(str(package.__file__)).parent))
    user, password = postgres.removeprefix("postgresql://").rpartition("@")[0].split(":")
    file = tmp_path_factory.mktemp("secrets") / "password"
    file.write_text(f"{password}\n")
    yield Server(f"postgresql://{user}@{postgres.rpartition('@')[2]}", prefix, file)
    admin = await asyncpg.connect(f"{postgres}/postgres")
    for service in PACKAGES:
        await admin.execute(f"DROP DATABASE IF EXISTS {prefix}_{service} WITH (FORCE)")
    await admin.close()


def shell(server: Server, line: str, ending: str = "") -> subprocess.CompletedProcess[str]:
    """A line in a shell with the preamble of docs/runbooks/README.md, and DATABASE_URL with that ending."""
    ready = READY.findall((ROOT / "docs/runbooks/README.md").read_text())
    assert len(ready) == 2
    environment = os.environ | {
        "PATH": f"{binaries()}:{os.environ['PATH']}",
        "DATABASE_URL": f"{server.url}{ending}",
        "DATABASE_PREFIX": server.prefix,
        "DATABASE_PASSWORD_FILE": str(server.password),
    }
    script = "\n".join([*ready, line])
    return subprocess.run(["sh", "-ec", script], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("page", "line"), GIVEN)
def test_a_statement_runs_in_the_database_it_is_typed_for(server: Server, page: str, line: str) -> None:
    assert page
    done = shell(server, line.replace("psql ", "psql -v ON_ERROR_STOP=1 ", 1))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("ending", ["", "/", "/postgres", "?sslmode=prefer", "/?sslmode=prefer", "/x?sslmode=prefer"])
def test_the_database_is_the_service_s_own_however_the_address_ends(server: Server, ending: str) -> None:
    done = shell(server, """psql -At "$(database risk)" -c 'select current_database()'""", ending)
    assert (done.stdout.strip(), done.stderr) == (f"{server.prefix}_risk", "")
    hosts = shell(server._replace(url="postgresql://a,b:5433"), "database risk", "/?target_session_attrs=primary")
    assert database_of(hosts.stdout.strip()) == f"{server.prefix}_risk"


def test_a_statement_that_fails_is_seen(server: Server) -> None:
    assert "audits" in shell(server, """psql "$(database notify)" -c 'select * from audits'""").stderr


def test_statements_are_found_and_none_goes_another_way() -> None:
    assert len(GIVEN) >= 7
    pages = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES if "adr" not in page.parts}
    assert [page for page, line in GIVEN if 'psql "$(database ' not in line] == []
    assert [page for page, text in pages.items() if 'psql "$DATABASE_URL' in text] == []
    assert [(page, one) for page, text in pages.items() for one in LOOSE.findall(text)] == []
