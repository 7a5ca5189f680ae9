"""Fixtures for every test: real servers, fresh databases, unique topic names, printed seeds."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from zlib import crc32

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from candor.messaging.watchdog import Watchdog
from tests.support.servers import HOME, Databases, kafka_server, postgres_server

settings.register_profile(
    "candor",
    # A busy two-core machine is slow at times: that is no failure of the code.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    database=DirectoryBasedExampleDatabase(HOME / "hypothesis"),
)
settings.load_profile("candor")
# Tests call without a key, from one address, thousands of times; those of this limit set it themselves.
os.environ["ADDRESS_RATE_LIMIT"] = "0"
# Of a hundred stacks each would make some hundreds of partitions; those that are about many say how many.
os.environ["PARTITIONS"] = "4"
PROGRAMS = {
    "browser": ("chromium", "Chromium is missing: apt-get install chromium"),
    "promtool": ("promtool", "promtool is missing: it is in Debian's package prometheus, and .ci/run unpacks it"),
    "prometheus": ("prometheus", "prometheus is missing: .ci/run unpacks it from Debian's package of that name"),
    "alertmanager": (
        "prometheus-alertmanager",
        "prometheus-alertmanager is missing: .ci/run unpacks it and prometheus from Debian's packages",
    ),
    "pgbouncer": ("pgbouncer", "pgbouncer is missing: .ci/run unpacks Debian's package of that name"),
    "caddy": ("caddy", "caddy is missing: .ci/run unpacks Debian's package of that name"),
    "nginx": ("nginx", "nginx is missing: .ci/run unpacks Debian's package of that name"),
}
"""What some tests need that does not come from pip, by their marker, and what to do where it is missing."""


TESTS = Path(__file__).parent


def _mixed(item: pytest.Item) -> int:
    return crc32(str(item.path.relative_to(TESTS)).encode())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="Repeat the random choices of an earlier run.")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    for marker, (program, _) in PROGRAMS.items():
        config.addinivalue_line(
            "markers", f"{marker}: needs {program} (skipped without it, but a failure when CI=true)"
        )
    if config.option.seed is None:
        worker = getattr(config, "workerinput", None)
        config.option.seed = worker["seed"] if worker else random.SystemRandom().randrange(2**32)
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = str(config.option.seed)


def pytest_configure_node(node: object) -> None:
    """Gives every worker of pytest-xdist the seed that the header prints."""
    node.workerinput["seed"] = node.config.option.seed  # type: ignore[attr-defined]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Names a failure at once: a run that is cut off has said what failed."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stderr.write(f"\nfailed ({report.when}): {report.nodeid}\n")


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.option.seed} (the same choices again: pytest --seed {config.option.seed})"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Files are mixed: those that start all processes would otherwise run beside each other, or last.
    items.sort(key=_mixed)
    if os.environ.get("CI") == "true":
        return
    for marker, (program, reason) in PROGRAMS.items():
        if shutil.which(program):
            continue
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def nothing_ends_the_tests() -> Iterator[None]:
    """No watchdog: a worker that a failed test leaves behind has no event loop any more, and would end all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watchdog, "start", lambda _: None)
        yield


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Bootstrap servers of a real broker."""
    with kafka_server() as bootstrap_servers:
        yield bootstrap_servers


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a real PostgreSQL server, without a database."""
    with postgres_server() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def databases(postgres: str) -> AsyncIterator[Databases]:
    """Makes further databases: `await databases.fresh(prepare)`; all are dropped at the end."""
    made = Databases(postgres)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """URL of a fresh, empty database of this test."""
    url = await databases.fresh()
    yield url
    await databases.drop(url)


@pytest.fixture
def topic_prefix() -> str:
    """A topic prefix that no other test uses."""
    return f"t{secrets.token_hex(5)}"


@pytest.fixture
def seeded(request: pytest.FixtureRequest) -> random.Random:
    """Random choices of this test: the same for the same `--seed`, whichever tests run beside it."""
    return random.Random(f"{request.config.option.seed}:{request.node.nodeid}")
