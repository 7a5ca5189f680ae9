"""One id, one effect: across processes as well, and whatever goes wrong beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest_asyncio

from candor.intake import Acceptance, Caller, Origin, Submission, event_receipt, key_receipt, once
from candor.store import erasing
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.erasing import Work
from candor.store.group_commit import GroupCommit
from candor.store.receipts import Answer
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from candor.web.http.problems import Problem
from tests.support.clocks import NOON
from tests.support.foundation import fresh_foundation
from tests.support.servers import Databases


@dataclass(frozen=True)
class Done:
    """What a command of these tests comes to."""

    text: str
    customer_id: str = "c1"


Said = Submission[str, Done]
decided: list[str] = []


async def decide(_uow: UnitOfWork, submissions: Sequence[Said]) -> list[Done | Exception]:
    decided.extend(submission.command for submission in submissions)
    return [
        Problem("conflict") if submission.command.startswith("bad") else Done(submission.command)
        for submission in submissions
    ]


async def apply(uow: UnitOfWork, submissions: Sequence[Said]) -> list[Acceptance | Exception]:
    return await once(uow, submissions, decide)


def said(command: str, *ids: str, keys: Sequence[str] = (), raw: bytes | None = None) -> Said:
    content = command.encode() if raw is None else raw
    receipts = [event_receipt(Caller("webhook", "crm"), name, content) for name in ids]
    receipts += [key_receipt("anna", key, "POST /", content) for key in keys]
    return Submission("test", command, Origin("e", "crm", NOON), answer, tuple(receipts))


def answer(done: Done) -> Answer:
    return Answer(201, done.text.encode())


def told(outcomes: Sequence[Acceptance | Exception]) -> list[str]:
    return [
        ("again " if outcome.replayed else "") + outcome.answer.body.decode()
        if isinstance(outcome, Acceptance)
        else getattr(outcome, "code", repr(outcome))
        for outcome in outcomes
    ]


@pytest_asyncio.fixture(loop_scope="session")
async def database(databases: Databases) -> AsyncIterator[Database]:
    decided.clear()
    async with fresh_foundation(databases) as fresh:
        yield fresh


async def run(database: Database, *submissions: Said) -> list[str]:
    async with unit_of_work(database) as uow:
        return told(await apply(uow, submissions))


async def test_what_was_taken_is_answered_again(database: Database) -> None:
    assert await run(database, said("a", "e1"), said("b")) == ["a", "b"]
    assert await run(database, said("a", "e1"), said("b"), said("c", "e2")) == ["again a", "b", "c"]
    assert decided == ["a", "b", "b", "c"]


async def test_twins_in_one_batch_share_one_result(database: Database) -> None:
    assert await run(database, said("a", "e1"), said("a", "e1"), said("bad", "e2"), said("bad", "e2")) == [
        "a",
        "again a",
        "conflict",
        "conflict",
    ]
    assert decided == ["a", "bad"]


async def test_one_id_with_two_bodies(database: Database) -> None:
    outcomes = await run(database, said("a", "e1"), said("b", "e1"), said("c", keys=["k"]), said("d", keys=["k"]))
    assert outcomes == ["a", "event_id_reused", "c", "idempotency_key_reused"]
    assert await run(database, said("b", "e1"), said("d", keys=["k"])) == ["event_id_reused", "idempotency_key_reused"]


async def test_a_request_with_two_names_is_known_by_either(database: Database) -> None:
    assert await run(database, said("a", "e1", keys=["k"])) == ["a"]
    assert await run(database, said("a", "e1"), said("a", keys=["k"])) == ["again a", "again a"]


async def test_keys_and_events_of_one_name_are_strangers(database: Database) -> None:
    assert await run(database, said("a", "same"), said("b", keys=["same"])) == ["a", "b"]


async def test_a_refusal_leaves_its_id_free(database: Database) -> None:
    assert await run(database, said("bad", "e1")) == ["conflict"]
    assert await run(database, said("good", "e1")) == ["good"]


async def test_what_was_answered_about_an_erased_customer_is_forgotten(database: Database) -> None:
    await run(database, said("a", "e1"))
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c1", 1, NOON)
    await Eraser(database, Work((), kept=True)).clear()
    assert await run(database, said("a", "e1")) == ["erased"]


async def test_two_processes_take_one_id_once(database: Database) -> None:
    groups: list[GroupCommit[Said, Acceptance]] = [GroupCommit(database, apply, linger=0) for _ in range(4)]
    for number in range(25):
        submissions = [group.submit(said("a", f"e{number}")) for group in groups]
        outcomes = told(await asyncio.gather(*submissions))
        assert sorted(outcomes) == ["a", "again a", "again a", "again a"]
    assert await database.pool.fetchval("SELECT count(*) FROM ingest") == 25
    for group in groups:
        await group.close()
