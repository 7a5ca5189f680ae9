"""Who may send: epochs, leases by the database's clock, the last look before DATA (faults 7–9, 15)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from candor.contracts import NoticeState
from candor.store.unit_of_work import unit_of_work
from notify_svc.channels import Begin, Fate, Message, Outcome
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.compose.reach import Reach
from notify_svc.delivery import claims
from notify_svc.delivery.claims import Claim, Round
from notify_svc.delivery.postman import Postman
from notify_svc.delivery.reconcile import Reconciler
from notify_svc.domain.facts import Reason
from tests.component.notify.channels.smtp_script import STALL, Script, serving
from tests.support.notify import FINE, LATE, OPENER, SENDER, Desk, contact, gap, promise, withdrawn


async def claim(desk: Desk, owner: str = "a", limit: int = 8, where: Round | None = None) -> list[Claim]:
    async with unit_of_work(desk.database) as uow:
        return await claims.claim(uow, owner, ["email"], limit, 30, 60, desk.clock.now(), where)


async def finalise(desk: Desk, held: Claim) -> bool:
    async with unit_of_work(desk.database) as uow:
        return await claims.finalise(uow, [held], 30, 60)


async def finish(desk: Desk, held: Claim, state: NoticeState, reason: Reason = Reason.DELIVERED) -> bool:
    async with unit_of_work(desk.database) as uow:
        return await claims.finish(uow, held, state, reason, desk.clock.now())


async def expire(desk: Desk) -> int:
    async with unit_of_work(desk.database) as uow:
        return await claims.expire(uow, desk.clock.now(), 30)


async def test_a_notice_is_one_claimants_at_a_time(desk_: Desk) -> None:
    await desk_.warned()
    won = await asyncio.gather(*(claim(desk_, str(number)) for number in range(8)))
    assert sorted(len(taken) for taken in won) == [0] * 7 + [1]


async def test_many_claimants_share_the_work_without_overlap(desk_: Desk) -> None:
    for number in range(30):
        name, customer = f"p{number}", f"c{number}"
        await desk_.take(promise(name, customer), contact(customer), gap(1, name=name, customer=customer))
    await desk_.later(5)
    won = await asyncio.gather(*(claim(desk_, str(number), 5) for number in range(8)))
    ids = [held.notice_id for taken in won for held in taken]
    assert len(ids) == len(set(ids)) == 30


async def test_what_cannot_go_keeps_nobody_waiting_however_much_it_is(desk_: Desk) -> None:
    for number in range(6):
        name, customer = f"p{number}", f"c{number}"
        await desk_.take(promise(name, customer), contact(customer), gap(1, name=name, customer=customer))
    await desk_.later(5)
    # Five of them wait for a channel that this process does not have, and were there first.
    await desk_.database.pool.execute("UPDATE delivery SET next_at = now() - make_interval(secs => 100)")
    await desk_.database.pool.execute(
        "UPDATE delivery SET channel = 'pager' FROM notice "
        "WHERE notice.notice_id = delivery.notice_id AND promise_id <> 'p3'"
    )
    await desk_.database.pool.execute("UPDATE delivery SET next_at = now() WHERE channel = 'email'")
    where, found = Round(looked=2), list[list[Claim]]()
    for _ in range(3):
        found.append(await claim(desk_, where=where))
    assert [[one.promise_id for one in taken] for taken in found] == [[], [], ["p3"]]
    assert (where.urgent, where.others) == (Round().urgent, Round().others)


async def test_bad_news_goes_before_others_that_are_due_for_longer(desk_: Desk) -> None:
    for number in range(4):
        name, customer = f"p{number}", f"c{number}"
        await desk_.take(promise(name, customer), contact(customer), gap(1, name=name, customer=customer))
    await desk_.later(5)
    assert await desk_.database.pool.fetchval("SELECT bool_and(urgent) FROM delivery")
    await desk_.database.pool.execute(
        "UPDATE delivery SET urgent = false, next_at = now() - interval '1 day' WHERE notice_id IN "
        "(SELECT notice_id FROM notice WHERE promise_id <> 'p2')"
    )
    [first] = await claim(desk_, limit=1, where=Round(looked=2))
    assert first.promise_id == "p2"


async def test_a_claim_ends_although_the_clock_was_set_back(desk_: Desk) -> None:
    await desk_.warned()
    [held] = await claim(desk_)
    assert await expire(desk_) == 0
    await desk_.database.pool.execute("UPDATE delivery SET lease_until = lease_until + interval '1 hour'")
    assert await expire(desk_) == 1
    assert not await finalise(desk_, held)
    assert len(await claim(desk_)) == 1


async def test_a_claim_that_ran_out_before_data_waits_again_and_its_holder_is_fenced(desk_: Desk) -> None:
    await desk_.warned()
    [old] = await claim(desk_)
    await desk_.leases_run_out()
    assert not await finalise(desk_, old)
    assert await expire(desk_) == 1
    assert await desk_.states() == [("warning", "pending", "claim_expired")]
    [new] = await claim(desk_)
    assert new.epoch != old.epoch
    assert not await finalise(desk_, old)
    assert not await finish(desk_, old, NoticeState.SENT)
    assert await finalise(desk_, new)


async def test_a_claim_that_ran_out_after_data_began_is_unknown_for_good(desk_: Desk) -> None:
    await desk_.warned()
    [held] = await claim(desk_)
    assert await finalise(desk_, held)
    assert not await finalise(desk_, held)
    await desk_.leases_run_out()
    assert await expire(desk_) == 1
    assert await desk_.states() == [("warning", "unknown", "outcome_unknown")]
    assert await claim(desk_) == []


async def test_a_250_that_was_seen_late_still_makes_an_unknown_one_known(desk_: Desk) -> None:
    await desk_.warned()
    [held] = await claim(desk_)
    await finalise(desk_, held)
    await desk_.leases_run_out()
    await expire(desk_)
    assert not await finish(desk_, held, NoticeState.PENDING, Reason.TRY_LATER)
    assert await finish(desk_, held, NoticeState.SENT)
    assert await desk_.states() == [("warning", "sent", "delivered")]


async def test_versions_only_grow_and_every_change_is_told(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    [notice] = await desk_.notices()
    assert notice["version"] == 3
    events = await desk_.database.pool.fetchval("SELECT sum(events) FROM outbox WHERE topic = 'notices'")
    assert events == 3


async def test_input_that_lags_or_is_not_read_at_all_stops_sending(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.database.pool.execute("UPDATE freshness SET lag_seconds = 61")
    assert await claim(desk_) == []
    await desk_.database.pool.execute("UPDATE freshness SET lag_seconds = 0, seen_at = now() - interval '61 s'")
    assert await claim(desk_) == []
    await desk_.database.pool.execute("UPDATE freshness SET lag_seconds = 40, seen_at = now() - interval '40 s'")
    assert await claim(desk_) == []
    await desk_.database.pool.execute("UPDATE freshness SET lag_seconds = 0, seen_at = now()")
    assert len(await claim(desk_)) == 1


class Meddling(EmailChannel):
    """The real channel, with something happening between RCPT and the last look."""

    def __init__(self, desk: Desk, meddle: Callable[[], Awaitable[Any]]) -> None:
        super().__init__(desk.server, SENDER)
        self._meddle = meddle

    async def send(self, message: Message, begin: Begin) -> Outcome:
        async def meddled() -> bool:
            await self._meddle()
            return await begin()

        outcome = await super().send(message, meddled)
        assert outcome.fate is Fate.ABORTED
        return outcome


async def meddled(desk: Desk, meddle: Callable[[], Awaitable[Any]]) -> list[tuple[str, str, str]]:
    """The states after an attempt during which `meddle` happened just before DATA; nothing may have gone out."""
    await desk.warned()
    plain = desk.postman()
    reach = Reach(OPENER, {"email": Meddling(desk, meddle)})
    postman = Postman(plain.database, reach, plain.clock, plain.rules, plain.patience)
    assert await Reconciler(postman).once() == 1
    assert desk.received() == []
    return await desk.states()


async def test_a_withdrawal_just_before_data_stops_it(desk_: Desk) -> None:
    states = await meddled(desk_, lambda: desk_.take(withdrawn()))
    assert states == [("warning", "suppressed", "withdrawn")]


async def test_good_news_just_before_data_stops_it(desk_: Desk) -> None:
    states = await meddled(desk_, lambda: desk_.take(gap(2, FINE, at=desk_.clock.now())))
    assert states[0] == ("warning", "suppressed", "superseded")


async def test_consent_taken_back_just_before_data_stops_it(desk_: Desk) -> None:
    states = await meddled(desk_, lambda: desk_.take(contact(version=2, consent=False)))
    assert states[0] == ("warning", "suppressed", "no_consent")


async def test_the_kill_switch_just_before_data_stops_it_and_it_waits(desk_: Desk) -> None:
    states = await meddled(desk_, lambda: desk_.database.pool.execute("UPDATE switch SET killed = true"))
    assert states == [("warning", "pending", "try_later")]


async def test_input_that_falls_behind_just_before_data_stops_it_and_it_waits(desk_: Desk) -> None:
    states = await meddled(desk_, lambda: desk_.database.pool.execute("UPDATE freshness SET lag_seconds = 61"))
    assert states == [("warning", "pending", "try_later")]


async def test_a_stalled_worker_finds_its_claim_gone_just_before_data(desk_: Desk) -> None:
    async def stalled() -> None:
        await desk_.leases_run_out()
        await expire(desk_)

    assert await meddled(desk_, stalled) == [("warning", "pending", "claim_expired")]


async def test_a_worker_stalled_after_final_leaves_it_unknown_and_its_late_failure_changes_nothing(desk_: Desk) -> None:
    await desk_.warned()
    script = Script(dot=STALL)
    async with serving(script):
        sending = asyncio.create_task(desk_.send(port=script.port, data_seconds=1.0))
        await script.reached.wait()
        await desk_.leases_run_out()
        assert await expire(desk_) == 1
        await sending
    assert await desk_.states() == [("warning", "unknown", "outcome_unknown")]
    assert len(script.took) == 1
    await desk_.later(10, gap(2, LATE, at=desk_.clock.now()))
    assert await desk_.send() == 0


async def test_something_is_due_once_its_time_has_come_whether_or_not_it_may_go(desk_: Desk) -> None:
    assert not await claims.due(desk_.database)
    await desk_.warned()
    for urgent in (True, False):
        await desk_.database.pool.execute("UPDATE delivery SET urgent = $1, next_at = now()", urgent)
        assert await claims.due(desk_.database)
        await desk_.database.pool.execute("UPDATE delivery SET next_at = now() + interval '1 hour'")
        assert not await claims.due(desk_.database)
    await desk_.database.pool.execute("UPDATE delivery SET next_at = now()")
    await desk_.database.pool.execute("UPDATE switch SET sending = false")
    assert await claims.due(desk_.database)


async def test_the_sender_claims_only_if_something_is_due_and_begins_its_round_anew_otherwise(
    desk_: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconciler, asked = Reconciler(desk_.postman()), list[Round]()

    async def noting(*given: Any) -> list[Claim]:
        asked.append(given[-1])
        return []

    monkeypatch.setattr(claims, "claim", noting)
    reconciler._round.urgent = reconciler._round.others = (desk_.clock.now(), "p9")
    assert await reconciler.once() == 0
    assert (asked, reconciler._round) == ([], Round())
    await desk_.warned()
    await reconciler.once()
    assert asked == [reconciler._round]
