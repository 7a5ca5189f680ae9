"""The sending background: bounded, drained on stop, and alive after the database or one bad notice failed it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from candor.store.errors import StoreUnavailable
from notify_svc.channels import Fate, Outcome
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.delivery.claims import Claim
from notify_svc.delivery.postman import Patience, Postman
from notify_svc.delivery.reconcile import Reconciler
from tests.component.notify.channels.smtp_script import GATE, Script, serving
from tests.support.notify import Desk, contact, gap, promise
from tests.support.waiting import until


async def many(desk: Desk, count: int) -> None:
    for number in range(count):
        name = f"p{number}"
        await desk.take(promise(name, name), contact(name, email=f"{name}@x.example"), gap(1, name=name, customer=name))
    await desk.later(5)


@asynccontextmanager
async def running(postman: Postman, concurrency: int = 8) -> AsyncIterator[Reconciler]:
    """The sender at work; stopped at the end."""
    reconciler = Reconciler(postman, concurrency=concurrency)
    task = asyncio.create_task(reconciler.run())
    try:
        yield reconciler
    finally:
        await reconciler.stop()
        await task


async def count(desk: Desk, state: str) -> int:
    found: int = await desk.database.pool.fetchval("SELECT count(*) FROM notice WHERE state = $1", state)
    return found


async def test_all_go_out_and_no_more_than_a_few_at_a_time(desk_: Desk) -> None:
    await many(desk_, 12)
    script = Script(rcpt=GATE)
    async with serving(script), running(desk_.postman(port=script.port, seconds=30), 3):
        await until(lambda: script.seen.count("RCPT") == 3)
        assert await count(desk_, "sending") == 3
        script.go.set()
        await until(lambda: len(script.took) == 12)
    assert await count(desk_, "sent") == 12


async def test_a_stop_lets_what_is_under_way_end_and_claims_nothing_more(desk_: Desk) -> None:
    await many(desk_, 4)
    script = Script(data=GATE)
    async with serving(script):
        reconciler = Reconciler(desk_.postman(port=script.port, data_seconds=20), concurrency=2)
        task = asyncio.create_task(reconciler.run())
        await until(lambda: script.seen.count("DATA") == 2)
        stopping = asyncio.create_task(reconciler.stop())
        await asyncio.sleep(0)
        script.go.set()
        await asyncio.gather(stopping, task)
    assert (await count(desk_, "sent"), await count(desk_, "pending")) == (2, 2)
    assert len(script.took) == 2


async def test_connections_cut_by_the_server_are_outlived(desk_: Desk) -> None:
    desk_.patience = Patience(lease=3, saving=2)
    await many(desk_, 3)
    async with running(desk_.postman()):
        connection = await asyncpg.connect(desk_.database.url)
        for _ in range(5):
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.05)
        await connection.close()
        await many(desk_, 6)

        async def settled() -> bool:
            await desk_.database.pool.execute("UPDATE delivery SET next_at = now() WHERE state = 'pending'")
            return await count(desk_, "sent") + await count(desk_, "unknown") == 6

        await until(settled)
    ids = [str(mail.parsed()["Message-ID"]) for mail in desk_.received()]
    assert len(ids) == len(set(ids))
    assert await count(desk_, "sent") <= len(ids) <= 6


class Broken(Postman):
    """A postman with a bug that shows at one promise."""

    async def deliver(self, claimed: Sequence[Claim]) -> None:
        if claimed[0].promise_id == "p0":
            raise LookupError("a bug")
        await super().deliver(claimed)


async def test_one_notice_that_meets_a_bug_does_not_stop_the_others(desk_: Desk) -> None:
    await many(desk_, 3)
    plain = desk_.postman()
    broken = Broken(plain.database, plain.reach, plain.clock, plain.rules, plain.patience)
    async with running(broken):
        await until(lambda: len(desk_.received()) == 2)
    assert await count(desk_, "sending") == 1


class Fading(Postman):
    """A postman whose database is away when the first outcome is to be written down."""

    async def _write(self, uow: object, letter: Sequence[Claim], outcome: Outcome, recipient: str) -> None:
        if not faded:
            faded.append(outcome.fate)
            raise StoreUnavailable("away on purpose")
        await super()._write(uow, letter, outcome, recipient)  # type: ignore[arg-type]


faded: list[Fate] = []


async def test_what_is_known_is_written_down_once_the_database_is_back(desk_: Desk) -> None:
    await desk_.warned()
    plain = desk_.postman()
    fading = Fading(plain.database, plain.reach, plain.clock, plain.rules, plain.patience)
    await Reconciler(fading).once()
    assert faded == [Fate.SENT]
    assert await desk_.states() == [("warning", "sent", "delivered")]
    assert len(desk_.received()) == 1


@pytest.mark.parametrize("port", [1, 9])
async def test_nobody_listening_is_provably_unsent(desk_: Desk, port: int) -> None:
    await desk_.warned()
    await desk_.send(port=port, seconds=1)
    assert await desk_.states() == [("warning", "pending", "try_later")]
    assert isinstance(desk_.postman().reach.channels["email"], EmailChannel)
