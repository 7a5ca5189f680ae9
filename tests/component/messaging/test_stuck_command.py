"""`candor stuck` as a person or a script uses it, on a service's own database."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
import typer
from typer.testing import CliRunner, Result

from candor.commands import stuck
from candor.errors import OperatorError
from candor.store import review_aside, suspects
from candor.store.db import Database
from candor.store.migrate import create_database
from candor.store.review_aside import ReviewAside
from candor.store.suspects import STUCK, Suspect
from candor.store.unit_of_work import unit_of_work
from tests.support.ledger.book import prepare
from tests.support.servers import Databases


@dataclass
class Deployment:
    """A database server where only risk-svc has a database, and the command against it."""

    server: str
    prefix: str
    risk: Database

    async def run(self, *arguments: str) -> Result:
        app = typer.Typer()
        stuck.register(app)
        app.callback()(lambda: None)
        environment = {"DATABASE_URL": self.server, "DATABASE_PREFIX": self.prefix, "COLUMNS": "200"}
        return await asyncio.to_thread(CliRunner(env=environment).invoke, app, ["stuck", *arguments])


@pytest_asyncio.fixture(loop_scope="session")
async def deployment(postgres: str, databases: Databases) -> AsyncIterator[Deployment]:
    prefix = f"t{secrets.token_hex(5)}"
    url = f"{postgres}/{prefix}_risk"
    await create_database(url)
    await prepare(url)
    risk = await Database.open(url)
    await risk.pool.execute("INSERT INTO lease VALUES ('risk-svc', 3, 'a', 7, '{}'), ('risk-svc', 1, 'a', 7, '{}')")
    async with unit_of_work(risk) as uow:
        halted = Suspect("promises", 17, 18, 17, 3, "MemoryError at fold.py:3 in fold", STUCK)
        await suspects.save(uow.connection, "risk-svc", 3, 7, [halted])
        await suspects.save(uow.connection, "risk-svc", 1, 7, [Suspect("promises", 5, 9, 7, 2, "MemoryError")])
    yield Deployment(postgres, prefix, risk)
    await risk.close()
    await databases.drop(url)


async def states(deployment: Deployment) -> dict[int, str]:
    rows = await deployment.risk.pool.fetch("SELECT partition, state FROM suspect")
    return {row["partition"]: row["state"] for row in rows}


async def test_halted_partitions_are_listed_and_searches_are_not(deployment: Deployment) -> None:
    table = await deployment.run("list")
    assert table.exit_code == 0, table.exception
    assert "risk-svc:3" in table.output
    assert "MemoryError at fold.py:3 in fold" in table.output
    assert "no promise is set aside" in table.output
    [found] = json.loads((await deployment.run("list", "--json")).output)
    assert (found["id"], found["topic"], found["offset"], found["attempts"]) == ("risk-svc:3", "promises", 17, 3)


async def test_each_database_is_opened_once(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, really = list[str](), Database.open

    async def counted(url: str, **settings: Any) -> Database:
        opened.append(url.rpartition("_")[2])
        return await really(url, **settings)

    monkeypatch.setattr(Database, "open", counted)
    await deployment.run("list")
    assert sorted(opened) == ["delivery", "notify", "risk"]
    opened.clear()
    await deployment.run("list", "--service", "risk-svc")
    assert opened == ["risk"]


async def test_a_decision_is_stored_once_and_audited(deployment: Deployment) -> None:
    said = await deployment.run("retry", "risk-svc:3")
    assert "risk-svc:3: the event will be tried again" in said.output
    assert await states(deployment) == {1: "search", 3: "retry"}
    assert isinstance((await deployment.run("bury", "risk-svc:3")).exception, OperatorError)
    acts = await deployment.risk.pool.fetch("SELECT action, outcome FROM audit_log ORDER BY 1")
    assert [tuple(act) for act in acts] == [("partition.bury", "not_found"), ("partition.retry", "done")]


async def test_promises_set_aside_are_listed_and_one_is_tried_again(deployment: Deployment) -> None:
    async with unit_of_work(deployment.risk) as uow:
        left = {"PR-1": ReviewAside(3, "LookupError at score.py:9 in late"), "PR-2": ReviewAside(1, "ValueError")}
        await review_aside.save(uow.connection, "risk-svc", {3: 7, 1: 7}, left)
    table = await deployment.run("list")
    assert "LookupError at score.py:9 in late" in table.output
    said = await deployment.run("retry", "--promise", "PR-1")
    assert "risk-svc: the promise PR-1 will be reviewed again" in said.output
    found = [item for item in json.loads((await deployment.run("list", "--json")).output) if "promise_id" in item]
    assert [(item["promise_id"], item["partition"], item["state"]) for item in found] == [
        ("PR-1", 3, "retry"),
        ("PR-2", 1, "aside"),
    ]
    acts = await deployment.risk.pool.fetch("SELECT action, object, outcome FROM audit_log")
    assert [tuple(act) for act in acts] == [("review.retry", "PR-1", "done")]


async def test_mistakes_are_told_in_one_line(deployment: Deployment) -> None:
    for arguments, text in [
        (("retry", "risk-svc:1"), "risk-svc:1 is not halted for an event"),
        (("retry", "--promise", "PR-9"), "the promise PR-9 is not set aside"),
        (("retry",), "name one partition, or one promise with --promise"),
        (("bury", "3"), "is not an id from `candor stuck list`"),
        (("bury", "notify-svc:3"), "notify-svc: database"),
    ]:
        result = await deployment.run(*arguments)
        assert isinstance(result.exception, OperatorError), (arguments, result.output)
        assert text in str(result.exception)


async def test_an_owner_of_before_writes_nothing(deployment: Deployment) -> None:
    async with unit_of_work(deployment.risk) as uow:
        await suspects.save(uow.connection, "risk-svc", 3, 6, [Suspect("promises", 0, 1, 0, 0, "")])
        await suspects.save(uow.connection, "risk-svc", 3, 6, [])
        [left] = await suspects.read(uow.connection, "risk-svc", 3)
    assert (left.low, left.failures) == (17, 3)
