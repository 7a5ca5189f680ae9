"""Dead letters on real PostgreSQL: what is kept, who waits behind whom, what people decide."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from candor.contracts import Record
from candor.store import dead_letter
from candor.store.db import Database
from candor.store.dead_letter import BEHIND, DeadLetter, HeldLetters, StoredDeadLetter
from candor.store.unit_of_work import unit_of_work

GROUP = "risk-svc"


def letter(
    offset: int, subject: str = "p1", reason: str = "bad_data", *, partition: int = 0, topic: str = "promises"
) -> DeadLetter:
    record = Record(b"c1", b"{", [("ce_id", b"e1")])
    return DeadLetter(GROUP, partition, topic, offset, "c1", subject, reason, "why", record)


async def bury(database: Database, letters: Sequence[DeadLetter]) -> None:
    async with unit_of_work(database) as uow:
        uow.bury(letters)


async def found(database: Database, state: str = "") -> list[StoredDeadLetter]:
    async with unit_of_work(database) as uow:
        return await dead_letter.find(uow.connection, state=state)


async def due(database: Database) -> list[int]:
    async with unit_of_work(database) as uow:
        return [item.offset for item in await dead_letter.due(uow.connection, GROUP, 0, 100)]


async def decide(database: Database, state: str, number: int | None = None) -> int:
    async with unit_of_work(database) as uow:
        return await dead_letter.decide(uow.connection, state, number=number)


async def test_a_letter_keeps_its_record_byte_for_byte(database: Database) -> None:
    await bury(database, [letter(7)])
    [item] = await found(database)
    assert (item.group, item.partition, item.topic, item.offset, item.subject) == (GROUP, 0, "promises", 7, "p1")
    assert (item.reason, item.detail, item.state, item.replayed_at) == ("bad_data", "why", "held", None)
    assert item.record == Record(b"c1", b"{", [("ce_id", b"e1")])


async def test_a_rolled_back_transaction_buries_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with unit_of_work(database) as uow:
            uow.bury([letter(7)])
            _ = 1 / 0
    assert await found(database) == []


async def test_nul_bytes_and_endless_text_do_not_keep_a_letter_from_being_written(database: Database) -> None:
    strange = letter(1, "p\x00" + "x" * 9_000)._replace(key="\x00", detail="\x00" * 9_000)
    await bury(database, [strange])
    [item] = await found(database)
    assert item.subject.startswith("p\N{REPLACEMENT CHARACTER}x")
    assert len(item.subject) == len(item.detail) == dead_letter.TEXT_LIMIT


async def test_what_is_unresolved_is_read_with_its_partition(database: Database) -> None:
    await bury(database, [letter(1), letter(2, reason=BEHIND), letter(3, partition=1), letter(4, "p2")])
    await decide(database, "discarded", (await found(database))[3].id)
    async with unit_of_work(database) as uow:
        assert await dead_letter.unresolved(uow.connection, GROUP, 0) == [
            HeldLetters("promises", "p1", 1, "bad_data"),
            HeldLetters("promises", "p1", 2, BEHIND),
        ]
        tallies = await dead_letter.count(uow.connection, GROUP, [0, 1, 2])
    assert {number: tally.reasons for number, tally in tallies.items()} == {
        0: {"bad_data": 1, BEHIND: 1},
        1: {"bad_data": 1},
    }
    assert tallies[1].moving == 0


async def test_nothing_is_due_until_somebody_decides(database: Database) -> None:
    await bury(database, [letter(1), letter(2, reason=BEHIND)])
    assert await due(database) == []


async def test_replaying_all_leaves_those_behind_to_follow_by_themselves(database: Database) -> None:
    await bury(database, [letter(1), letter(2, reason=BEHIND), letter(3, "p2"), letter(4, "p3", topic="milestones")])
    assert await decide(database, "replay") == 3
    assert await due(database) == [1, 3, 4]
    first = (await found(database))[0]
    async with unit_of_work(database) as uow:
        await dead_letter.settle(uow.connection, {first.id: None})
    assert await due(database) == [2, 3, 4]
    assert (await found(database, "replayed"))[0].replayed_at is not None


async def test_a_decision_on_many_takes_some_a_transaction(database: Database) -> None:
    await bury(database, [letter(number, f"p{number}") for number in range(5)])
    counts = []
    for _ in range(4):
        async with unit_of_work(database) as uow:
            counts.append(await dead_letter.decide(uow.connection, "discarded", most=2))
    assert counts == [2, 2, 1, 0]
    assert [item.offset for item in await found(database, "discarded")] == [0, 1, 2, 3, 4]


async def test_with_an_erasure_go_those_that_wait_and_the_eraser_takes_the_others(database: Database) -> None:
    await bury(database, [letter(1), letter(2, "p2"), letter(3, "p3")._replace(key="c2")])
    await decide(database, "discarded", (await found(database))[0].id)
    async with unit_of_work(database) as uow:
        await dead_letter.erase(uow.connection, GROUP, ["c1"])
    assert [item.offset for item in await found(database)] == [1, 3]


async def test_a_letter_held_again_has_its_new_reason_and_keeps_its_followers(database: Database) -> None:
    await bury(database, [letter(1), letter(2, reason=BEHIND)])
    await decide(database, "replay")
    first = (await found(database))[0]
    async with unit_of_work(database) as uow:
        await dead_letter.settle(uow.connection, {first.id: ("handler_error", "KeyError")})
    assert await due(database) == []
    again = (await found(database, "held"))[0]
    assert (again.reason, again.detail) == ("handler_error", "KeyError")


async def test_discarding_one_frees_those_behind_it(database: Database) -> None:
    await bury(database, [letter(1), letter(2, reason=BEHIND)])
    assert await decide(database, "discarded", (await found(database))[0].id) == 1
    assert await due(database) == [2]


async def test_a_decided_letter_is_not_decided_twice(database: Database) -> None:
    await bury(database, [letter(1)])
    [item] = await found(database)
    assert await decide(database, "replay", item.id) == 1
    assert await decide(database, "discarded", item.id) == 0
    assert await decide(database, "replay", 999) == 0


async def test_who_waits_is_known_per_subject_and_topic(database: Database) -> None:
    await bury(
        database, [letter(1), letter(2, "p2"), letter(3, reason=BEHIND), letter(4, topic="milestones"), letter(5, "")]
    )
    items = {item.offset: item for item in await found(database)}
    async with unit_of_work(database) as uow:
        waits = [offset for offset, item in items.items() if await dead_letter.waits(uow.connection, item)]
    assert waits == [3]


async def test_a_list_goes_on_after_its_last_id(database: Database) -> None:
    await bury(database, [letter(offset, f"p{offset}") for offset in range(5)])
    async with unit_of_work(database) as uow:
        page = await dead_letter.find(uow.connection, limit=2)
        rest = await dead_letter.find(uow.connection, after=page[-1].id)
    assert [item.offset for item in [*page, *rest]] == [0, 1, 2, 3, 4]
