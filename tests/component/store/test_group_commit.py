"""Many requests share a transaction, and none of them notices the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from urllib.parse import urlsplit

import asyncpg
import pytest

from candor.ops import metrics
from candor.store.db import Database
from candor.store.errors import AmbiguousCommit, Overloaded, StoreUnavailable
from candor.store.fair_queue import Lane
from candor.store.group_commit import GroupCommit
from candor.store.outbox import Backlog
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.foundation import made
from tests.support.proxy import Proxy
from tests.support.waiting import until

request_name: ContextVar[str] = ContextVar("request_name", default="none")


class RefusedError(Exception):
    """What the service says to one command."""


class InsertingHandler:
    """Inserts every command as an effect in one statement; notes the batches it saw. `poison` breaks its batch."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.contexts: set[str] = set()
        self.gate: Callable[[], Awaitable[object]] | None = None

    async def __call__(self, uow: UnitOfWork, commands: Sequence[str]) -> Sequence[int | Exception]:
        self.batches.append(list(commands))
        self.contexts.add(request_name.get())
        if self.gate is not None:
            await self.gate()
        if "poison" in commands:
            raise KeyError("a bug of the service")
        wanted = [command for command in commands if not command.startswith("refuse")]
        await uow.connection.execute("INSERT INTO effect (id) SELECT unnest($1::text[])", wanted)
        uow.emit([made(command) for command in wanted])
        return [RefusedError(command) if command not in wanted else len(command) for command in commands]


async def effects(database: Database) -> set[str]:
    return {row["id"] for row in await database.pool.fetch("SELECT id FROM effect")}


async def test_each_gets_its_own_answer_from_one_transaction(database: Database) -> None:
    apply = InsertingHandler()
    group = GroupCommit(database, apply)

    answers = await asyncio.gather(*(group.submit("x" * length) for length in range(1, 33)))

    assert answers == list(range(1, 33))
    assert len(apply.batches) == 1
    assert await database.pool.fetchval("SELECT count(DISTINCT xmin::text) FROM effect") == 1
    assert await database.pool.fetchval("SELECT sum(events) FROM outbox") == 32


async def test_the_metrics_tell_how_many_shared_a_transaction(database: Database) -> None:
    def seen() -> tuple[float, float, float]:
        names = ("requests_count", "requests_sum", "seconds_count")
        values = [metrics.REGISTRY.get_sample_value(f"candor_group_commit_{name}") or 0.0 for name in names]
        return values[0], values[1], values[2]

    before = seen()
    await GroupCommit(database, InsertingHandler()).submit_all(["a", "b", "c"])
    await asyncio.gather(GroupCommit(database, InsertingHandler()).submit("a"), return_exceptions=True)

    # The second fails, an id being there already, and no transaction that was rolled back is counted.
    assert [after - earlier for earlier, after in zip(before, seen(), strict=True)] == [1, 3, 1]


async def test_what_arrives_during_a_transaction_makes_the_next_one_bigger(database: Database) -> None:
    apply = InsertingHandler()
    hold = asyncio.Event()
    apply.gate = hold.wait
    group = GroupCommit(database, apply, largest=8)
    first = asyncio.create_task(group.submit("first"))
    await until(lambda: apply.batches, pause=0)
    others = [asyncio.create_task(group.submit(f"n{number}")) for number in range(20)]
    await asyncio.sleep(0)
    hold.set()
    await asyncio.gather(first, *others)
    assert [len(batch) for batch in apply.batches] == [1, 8, 8, 4]
    assert [command for batch in apply.batches for command in batch] == ["first", *(f"n{n}" for n in range(20))]


async def test_a_refusal_concerns_only_its_own_command(database: Database) -> None:
    apply = InsertingHandler()
    group = GroupCommit(database, apply)
    outcomes = await asyncio.gather(*(group.submit(c) for c in ("a", "refuse", "b")), return_exceptions=True)
    assert outcomes[0] == 1 and outcomes[2] == 1 and isinstance(outcomes[1], RefusedError)
    assert await effects(database) == {"a", "b"}
    assert len(apply.batches) == 1


async def test_a_bug_set_off_by_one_command_is_found_and_the_others_are_saved(database: Database) -> None:
    group = GroupCommit(database, InsertingHandler())
    commands = [f"n{number}" for number in range(30)]
    commands[17] = "poison"
    outcomes = await asyncio.gather(*(group.submit(c) for c in commands), return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Exception)] == [17]
    assert isinstance(outcomes[17], KeyError)
    assert await effects(database) == set(commands) - {"poison"}


async def test_two_with_one_id_the_second_alone_gets_the_violation(database: Database) -> None:
    apply = InsertingHandler()
    group = GroupCommit(database, apply)
    outcomes = await asyncio.gather(*(group.submit(c) for c in ("a", "b", "b", "c")), return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["int", "int", "UniqueViolationError", "int"]
    assert await effects(database) == {"a", "b", "c"}
    assert await database.pool.fetchval("SELECT sum(events) FROM outbox") == 3


async def test_a_wrong_number_of_results_saves_nothing(database: Database) -> None:
    async def short(uow: UnitOfWork, commands: Sequence[str]) -> Sequence[int]:
        await uow.connection.execute("INSERT INTO effect (id) SELECT unnest($1::text[])", list(commands))
        return []

    group: GroupCommit[str, int] = GroupCommit(database, short)
    outcomes = await asyncio.gather(group.submit("a"), group.submit("b"), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [RuntimeError, RuntimeError]
    assert await effects(database) == set()


async def test_a_client_that_goes_away_takes_nothing_back(database: Database) -> None:
    apply = InsertingHandler()
    hold = asyncio.Event()
    apply.gate = hold.wait
    group = GroupCommit(database, apply)
    tasks = [asyncio.create_task(group.submit(f"n{number}")) for number in range(10)]
    await until(lambda: apply.batches, pause=0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.sleep(0)
    hold.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [True, False] * 5
    assert await effects(database) == {f"n{number}" for number in range(10)}


async def test_a_batch_does_not_run_in_the_context_of_the_request_that_started_it(database: Database) -> None:
    apply = InsertingHandler()
    group = GroupCommit(database, apply)
    request_name.set("request 1")
    await group.submit("a")
    assert apply.contexts == {"none"}


async def test_too_many_waiting_are_refused_at_once(database: Database) -> None:
    apply = InsertingHandler()
    hold = asyncio.Event()
    apply.gate = hold.wait
    group = GroupCommit(database, apply, largest=1, waiting=2)
    accepted = [asyncio.create_task(group.submit("n0"))]
    await until(lambda: apply.batches, pause=0)
    accepted += [asyncio.create_task(group.submit(f"n{number}")) for number in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await group.submit("n3")
    hold.set()
    await asyncio.gather(*accepted)
    assert await effects(database) == {"n0", "n1", "n2"}


async def test_one_callers_list_lets_others_in_and_leaves_room_for_them(database: Database) -> None:
    apply = InsertingHandler()
    hold = asyncio.Event()
    apply.gate = hold.wait
    group = GroupCommit(database, apply, largest=4, waiting=20)
    first = asyncio.create_task(group.submit("first"))
    await until(lambda: apply.batches, pause=0)
    names = [f"import {number:02}" for number in range(15)]
    crowd = asyncio.create_task(group.submit_all(names, "import"))
    await asyncio.sleep(0)
    others = [asyncio.create_task(group.submit(name, Lane("crm", name))) for name in ("acme", "globex")]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="of this caller"):
        await group.submit("import 15", Lane("import"))
    hold.set()
    await asyncio.gather(first, crowd, *others)
    assert apply.batches[:2] == [["first"], ["import 00", "acme", "import 01", "globex"]]
    assert [name for batch in apply.batches for name in batch if name in names] == names


async def test_a_full_outbox_refuses_until_it_drains(database: Database) -> None:
    backlog = Backlog(database, most=2, fresh_s=1000)
    group = GroupCommit(database, InsertingHandler(), backlog=backlog)
    for name in ("a", "b", "c"):
        await group.submit(name)
    await backlog.refresh()
    with pytest.raises(Overloaded) as caught:
        await group.submit("d")
    assert caught.value.retry_after >= 1
    await database.pool.execute("UPDATE outbox SET published_at = now()")
    await backlog.refresh()
    await group.submit("e")
    assert await effects(database) == {"a", "b", "c", "e"}


async def test_an_old_outbox_refuses_too(database: Database) -> None:
    group = GroupCommit(database, InsertingHandler(), backlog=Backlog(database, oldest_s=60, fresh_s=0))
    await group.submit("a")
    await database.pool.execute("UPDATE outbox SET created_at = now() - interval '2 minutes'")
    await group.submit("looked at beside this one")
    await group.close()
    group = GroupCommit(database, InsertingHandler(), backlog=group.backlog)
    with pytest.raises(Overloaded):
        await group.submit("b")


async def test_closing_answers_everyone_who_came_before(database: Database) -> None:
    group = GroupCommit(database, InsertingHandler(), linger=30)
    waiting = [asyncio.create_task(group.submit(f"n{number}")) for number in range(3)]
    await asyncio.sleep(0.05)
    await group.close()
    assert await asyncio.gather(*waiting) == [2, 2, 2]
    with pytest.raises(StoreUnavailable):
        await group.submit("late")
    assert await effects(database) == {"n0", "n1", "n2"}


async def test_a_batch_goes_as_soon_as_it_is_full(database: Database) -> None:
    group = GroupCommit(database, InsertingHandler(), linger=30, largest=3)
    assert await asyncio.gather(*(group.submit(f"n{number}") for number in range(3))) == [2, 2, 2]


async def test_a_deadlock_with_another_process_is_tried_again(database: Database) -> None:
    await database.pool.execute("INSERT INTO effect (id) VALUES ('x'), ('y')")
    other = await asyncpg.connect(database.url)
    try:
        holding = other.transaction()
        await holding.start()
        # The other one never looks for deadlocks itself, so it is this side that is chosen.
        await other.execute("SET LOCAL deadlock_timeout = '60s'")
        await other.execute("UPDATE effect SET n = 10 WHERE id = 'y'")
        crossed: list[asyncio.Task[str]] = []
        tries = 0

        async def cross(uow: UnitOfWork, commands: Sequence[str]) -> Sequence[int]:
            nonlocal tries
            tries += 1
            await uow.connection.execute("SET LOCAL deadlock_timeout = '20ms'")
            await uow.connection.execute("UPDATE effect SET n = n + 1 WHERE id = 'x'")
            if not crossed:
                crossed.append(asyncio.create_task(other.execute("UPDATE effect SET n = 10 WHERE id = 'x'")))
                await asyncio.sleep(0.1)
                crossed[0].add_done_callback(lambda _: asyncio.ensure_future(holding.commit()))
            await uow.connection.execute("UPDATE effect SET n = n + 1 WHERE id = 'y'")
            return [0 for _ in commands]

        await asyncio.wait_for(GroupCommit(database, cross).submit("go"), 20)
        assert tries == 2
    finally:
        await other.close()
    assert [row["n"] for row in await database.pool.fetch("SELECT n FROM effect")] == [11, 11]


@pytest.mark.parametrize("delivered", [True, False], ids=["saved", "not saved"])
async def test_an_ambiguous_commit_is_said_to_all_and_tried_by_none(database: Database, delivered: bool) -> None:
    parts = urlsplit(database.url)
    async with Proxy(str(parts.hostname), int(parts.port or 5432)).running() as proxy:
        behind = await Database.open(proxy.url(database.url), pool_size=1)
        apply = InsertingHandler()
        group = GroupCommit(behind, apply)
        await group.submit("before")
        proxy.cut_at, proxy.deliver_first = b"COMMIT", delivered
        outcomes = await asyncio.gather(*(group.submit(c) for c in ("a", "b")), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [AmbiguousCommit, AmbiguousCommit]
        assert len(apply.batches) == 2
        await group.submit("after")
        await group.close()
        await behind.close()
    assert await effects(database) == ({"before", "a", "b", "after"} if delivered else {"before", "after"})


async def test_while_the_database_is_away_everyone_hears_it_and_afterwards_it_works(database: Database) -> None:
    parts = urlsplit(database.url)
    proxy = Proxy(str(parts.hostname), int(parts.port or 5432))
    async with proxy.running():
        behind = await Database.open(proxy.url(database.url), pool_size=1)
        group = GroupCommit(behind, InsertingHandler(), backlog=Backlog(behind, fresh_s=1000))
        await group.submit("a")
    outcomes = await asyncio.gather(group.submit("b"), group.submit("c"), return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    await group.close()
    await behind.close()
    async with unit_of_work(database) as uow:
        assert await uow.connection.fetchval("SELECT array_agg(id) FROM effect") == ["a"]


async def test_a_list_is_applied_in_its_order_with_an_answer_each(database: Database) -> None:
    apply = InsertingHandler()
    group = GroupCommit(database, apply, largest=4)
    outcomes = await group.submit_all(["a", "refuse", "bb", "a", "ccc", "d"])
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "int", "RefusedError", "int", "UniqueViolationError", "int", "int",
    ]  # fmt: skip
    assert await effects(database) == {"a", "bb", "ccc", "d"}
    await group.close()
    with pytest.raises(StoreUnavailable):
        await group.submit_all(["late"])
