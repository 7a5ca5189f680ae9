"""`candor dlq` as a person or a script uses it, on a service's own database."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
import typer
from typer.testing import CliRunner, Result

from candor.commands import dlq
from candor.contracts import Record, encode
from candor.errors import OperatorError
from candor.escaping import shows
from candor.records.packing import unpack
from candor.store.db import Database
from candor.store.dead_letter import BEHIND, DeadLetter
from candor.store.migrate import create_database
from candor.store.unit_of_work import unit_of_work
from tests.support.ledger.book import prepare, withdrawn
from tests.support.servers import Databases


@dataclass
class Deployment:
    """A database server where only risk-svc and notify-svc have a database, and the command against it."""

    server: str
    prefix: str

    async def run(self, *arguments: str) -> Result:
        app = typer.Typer()
        dlq.register(app)
        app.callback()(lambda: None)
        environment = {"DATABASE_URL": self.server, "DATABASE_PREFIX": self.prefix, "COLUMNS": "200"}
        return await asyncio.to_thread(CliRunner(env=environment).invoke, app, ["dlq", *arguments])

    async def json(self, *arguments: str) -> list[dict[str, object]]:
        result = await self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        found: list[dict[str, object]] = json.loads(result.output)
        return found


def letter(offset: int, subject: str, reason: str = "bad_data") -> DeadLetter:
    record = Record(b"c1", b'{"bad', encode(withdrawn("c1", subject, 1)).headers)
    return DeadLetter("risk-svc", 1, "promises", offset, "c1", subject, reason, "Input data was truncated", record)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(postgres: str, databases: Databases) -> AsyncIterator[Deployment]:
    prefix = f"t{secrets.token_hex(5)}"
    urls = [f"{postgres}/{prefix}_{name}" for name in ("risk", "notify")]
    for url in urls:
        await create_database(url)
        await prepare(url)
    yield Deployment(postgres, prefix)
    for url in urls:
        await databases.drop(url)


@pytest_asyncio.fixture(loop_scope="session")
async def deployment(made: Deployment) -> Deployment:
    risk = await Database.open(f"{made.server}/{made.prefix}_risk")
    await risk.pool.execute("TRUNCATE dead_letter RESTART IDENTITY")
    async with unit_of_work(risk) as uow:
        uow.bury([letter(4, "p1"), letter(5, "p1", BEHIND), letter(9, "p2")])
    await risk.close()
    return made


async def test_the_list_shows_what_waits_for_a_decision(deployment: Deployment) -> None:
    found = await deployment.json("list")
    assert [(item["id"], item["subject"], item["reason"], item["state"]) for item in found] == [
        ("risk-svc:1", "p1", "bad_data", "held"),
        ("risk-svc:2", "p1", "behind", "held"),
        ("risk-svc:3", "p2", "bad_data", "held"),
    ]
    table = await deployment.run("list")
    assert "risk-svc:3" in table.output
    assert "Input data was truncated" in table.output


async def test_a_list_can_be_narrowed_and_gone_on_with(deployment: Deployment) -> None:
    assert [item["id"] for item in await deployment.json("list", "--after", "1", "--limit", "1")] == ["risk-svc:2"]
    assert await deployment.json("list", "--service", "notify-svc") == []
    assert await deployment.json("list", "--state", "replayed") == []
    assert "no dead letters held" in (await deployment.run("list", "--service", "notify-svc")).output


async def test_one_letter_is_shown_with_its_record(deployment: Deployment) -> None:
    result = await deployment.run("show", "risk-svc:3")
    shown = json.loads(result.output)
    assert shown["record"]["value"] == '{"bad'
    assert shown["record"]["headers"]["ce_subject"] == "p2"
    assert (shown["offset"], shown["topic"], shown["partition"]) == (9, "promises", 1)


async def test_a_record_of_a_stranger_steers_no_terminal(deployment: Deployment) -> None:
    """One record with such a subject made the whole list unusable, and others reached the terminal as they were."""
    risk = await Database.open(f"{deployment.server}/{deployment.prefix}_risk")
    strange = letter(11, "[/x]\x1b[2J\u202e\n risk-svc:9")
    async with unit_of_work(risk) as uow:
        uow.bury([strange._replace(record=Record(b"\xc2\x9b", "\u202e\x9bÜ".encode(), strange.record.headers))])
    await risk.close()
    table = await deployment.run("list")
    assert table.exit_code == 0, table.exception
    assert r"[/x]\x1b[2J\u202e\n risk-svc:9" in table.output
    shown = await deployment.run("show", "risk-svc:4")
    assert all(shows(sign) or sign == "\n" for sign in table.output + shown.output)
    assert json.loads(shown.output)["record"]["value"] == "\u202e\x9bÜ"
    assert "Ü" in shown.output


async def test_replaying_one_and_then_all(deployment: Deployment) -> None:
    assert "risk-svc: 1 will be retried" in (await deployment.run("replay", "risk-svc:1")).output
    assert [item["id"] for item in await deployment.json("list", "--state", "replay")] == ["risk-svc:1"]
    result = await deployment.run("replay", "--all", "--json")
    assert json.loads(result.output) == {"risk-svc": 1, "notify-svc": 0}
    assert [item["id"] for item in await deployment.json("list")] == ["risk-svc:2"]


async def test_giving_one_up(deployment: Deployment) -> None:
    assert (await deployment.run("discard", "risk-svc:3")).exit_code == 0
    assert [item["id"] for item in await deployment.json("list", "--state", "discarded")] == ["risk-svc:3"]


async def test_mistakes_are_told_in_one_line(deployment: Deployment) -> None:
    for arguments, text in [
        (("replay",), "say --all"),
        (("replay", "risk-svc:1", "--all"), "say --all"),
        (("replay", "risk-svc:99"), "no held dead letter risk-svc:99"),
        (("show", "99"), "is not an id"),
        (("show", "risk-svc:x"), "is not an id"),
        (("show", "notify-svc:1"), "no dead letter notify-svc:1"),
        (("list", "--service", "delivery-svc"), "delivery-svc: database"),
    ]:
        result = await deployment.run(*arguments)
        assert isinstance(result.exception, OperatorError), (arguments, result.output)
        assert text in str(result.exception)


async def test_what_the_relay_could_not_send_goes_back_to_the_outbox(deployment: Deployment) -> None:
    risk = await Database.open(f"{deployment.server}/{deployment.prefix}_risk")
    large = letter(7, "p3", "too_large")._replace(group="risk-svc.relay", topic="gaps", partition=2)
    async with unit_of_work(risk) as uow:
        uow.bury([large])

    assert "risk-svc: 1 will be retried" in (await deployment.run("replay", "risk-svc:4")).output

    (row,) = await risk.pool.fetch("SELECT topic, partition, events, keys, published_at, records FROM outbox")
    assert tuple(row)[:-1] == ("gaps", 2, 1, ["c1"], None)
    assert unpack(row["records"]) == [large.record]
    assert [item["id"] for item in await deployment.json("list", "--state", "replayed")] == ["risk-svc:4"]
    assert [item["id"] for item in await deployment.json("list")] == ["risk-svc:1", "risk-svc:2", "risk-svc:3"]
    await deployment.run("replay", "risk-svc:1")
    assert await risk.pool.fetchval("SELECT count(*) FROM outbox") == 1
    await risk.pool.execute("TRUNCATE outbox")
    await risk.close()


async def test_given_up_is_not_sent(deployment: Deployment) -> None:
    risk = await Database.open(f"{deployment.server}/{deployment.prefix}_risk")
    async with unit_of_work(risk) as uow:
        uow.bury([letter(7, "p3", "too_large")._replace(group="risk-svc.relay", topic="gaps")])
    await deployment.run("discard", "risk-svc:4")
    assert await risk.pool.fetchval("SELECT count(*) FROM outbox") == 0
    await risk.close()
