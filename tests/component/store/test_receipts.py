"""What was accepted once is answered the same again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256

import asyncpg
import pytest

from candor.store import erasing, receipts
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.erasing import Work
from candor.store.group_commit import GroupCommit
from candor.store.receipts import Answer, Receipt
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.foundation import NOON

Command = tuple[str, bytes]


async def accept(uow: UnitOfWork, commands: Sequence[Command]) -> Sequence[Answer | Exception]:
    """A service in small: new ids have their effect, known ones their old answer, other bodies a conflict."""
    asked = [Receipt("crm", event_id, sha256(body).digest(), f"c-{event_id}") for event_id, body in commands]
    known = await receipts.answered(uow, asked)
    results: list[Answer | Exception] = []
    fresh: list[tuple[Receipt, Answer]] = []
    for receipt in asked:
        earlier = known.get((receipt.source, receipt.event_id))
        if earlier is None:
            fresh.append((receipt, Answer(201, f"made {receipt.event_id}".encode())))
            results.append(fresh[-1][1])
        else:
            results.append(earlier[1] if earlier[0] == receipt.body_sha256 else ValueError("another body"))
    await receipts.remember(uow, fresh)
    for receipt, _ in fresh:
        await uow.connection.execute("INSERT INTO effect (id) VALUES ($1)", receipt.event_id)
    return results


async def test_the_first_answer_is_given_again(database: Database) -> None:
    receipt = Receipt("crm", "e1", b"sha")
    async with unit_of_work(database) as uow:
        assert await receipts.answered(uow, [receipt]) == {}
        await receipts.remember(uow, [(receipt, Answer(201, b'{"id":1}'))])
    async with unit_of_work(database) as uow:
        found = await receipts.answered(uow, [receipt, Receipt("crm", "e2", b""), Receipt("other", "e1", b"")])
    assert found == {("crm", "e1"): (b"sha", Answer(201, b'{"id":1}'))}


async def test_nothing_is_remembered_of_work_that_failed(database: Database) -> None:
    receipt = Receipt("crm", "e1", b"sha")
    with pytest.raises(ZeroDivisionError):
        async with unit_of_work(database) as uow:
            await receipts.remember(uow, [(receipt, Answer(201, b""))])
            raise ZeroDivisionError
    async with unit_of_work(database) as uow:
        assert await receipts.answered(uow, [receipt]) == {}


async def test_an_id_is_taken_once(database: Database) -> None:
    receipt = Receipt("crm", "e1", b"sha")
    async with unit_of_work(database) as uow:
        await receipts.remember(uow, [(receipt, Answer(201, b""))])
    with pytest.raises(asyncpg.UniqueViolationError):
        async with unit_of_work(database) as uow:
            await receipts.remember(uow, [(receipt, Answer(201, b""))])


async def test_the_same_request_fifty_times_at_once_has_one_effect(database: Database) -> None:
    group: GroupCommit[Command, Answer] = GroupCommit(database, accept)
    answers = await asyncio.gather(*(group.submit(("e1", b"body")) for _ in range(50)))
    assert set(answers) == {Answer(201, b"made e1")}
    assert await database.pool.fetchval("SELECT count(*) FROM effect") == 1


async def test_the_same_request_in_two_processes_has_one_effect(database: Database) -> None:
    groups: list[GroupCommit[Command, Answer]] = [GroupCommit(database, accept) for _ in range(2)]
    commands = [(f"e{number}", b"body") for number in range(40)]
    work = [group.submit(command) for command in commands for group in groups]
    answers = await asyncio.gather(*work)
    assert answers[0::2] == answers[1::2] == [Answer(201, f"made {event_id}".encode()) for event_id, _ in commands]
    assert await database.pool.fetchval("SELECT count(*) FROM effect") == 40


async def test_one_id_with_two_bodies_is_a_conflict(database: Database) -> None:
    group: GroupCommit[Command, Answer] = GroupCommit(database, accept)
    outcomes = await asyncio.gather(
        group.submit(("e1", b"one")), group.submit(("e1", b"two")), group.submit(("e2", b"x")), return_exceptions=True
    )
    assert outcomes[0] == Answer(201, b"made e1")
    assert isinstance(outcomes[1], ValueError)
    assert outcomes[2] == Answer(201, b"made e2")


async def test_erasing_a_customer_empties_the_answers_and_keeps_the_ids(database: Database) -> None:
    async with unit_of_work(database) as uow:
        kept, gone = Receipt("crm", "e1", b"s1", "c1"), Receipt("crm", "e2", b"s2", "c2")
        await receipts.remember(uow, [(kept, Answer(201, b"one")), (gone, Answer(201, b"two"))])
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c2", 1, NOON)
        await erasing.begin(uow, "c3", 1, NOON)
    async with unit_of_work(database) as uow:
        back = Receipt("crm", "e3", b"s3", "c2")
        await receipts.remember(uow, [(back, Answer(201, b"said later"))])
    await Eraser(database, Work((), kept=True)).clear()
    async with unit_of_work(database) as uow:
        assert (await receipts.answered(uow, [back]))["crm", "e3"][1] == Answer(201, b"said later")
        found = await receipts.answered(uow, [kept, gone])
    assert found[("crm", "e1")] == (b"s1", Answer(201, b"one"))
    assert found[("crm", "e2")] == (b"", Answer(201, b""))


async def test_receipts_are_looked_through_some_blocks_a_transaction(database: Database) -> None:
    sizes = range(400)
    async with unit_of_work(database) as uow:
        entries = [(Receipt("crm", f"e{n}", b"s" * 32, f"c{n % 2}"), Answer(201, b"x" * 400)) for n in sizes]
        await receipts.remember(uow, entries)
        await erasing.begin(uow, "c1", 1, NOON)
    left = "SELECT count(*) FROM ingest WHERE key = 'c1'"
    # Another process after each step, as if the one before had been killed.
    seen = [await database.pool.fetchval(left)]
    while await Eraser(database, Work((), kept=True, most=8)).step():
        seen.append(await database.pool.fetchval(left))
    assert seen[0] == 200
    assert seen[-1] == 0
    assert len(set(seen)) > 4
    assert await database.pool.fetchval("SELECT count(*) FROM ingest WHERE key = 'c0'") == 200
