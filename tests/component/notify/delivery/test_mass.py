"""Letters to very many customers at once wait for a person, who releases or drops them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from candor.contracts import Message
from candor.store.unit_of_work import unit_of_work
from notify_svc import metrics
from notify_svc.delivery import mass
from notify_svc.delivery.mass import Guard, Limit
from notify_svc.delivery.reconcile import Reconciler
from tests.support.notify import LATE, Desk, contact, gap, promise

LIMIT = Limit(share=0.5, least=2)


class Sending:
    """A sender whose guard looks each time."""

    def __init__(self, desk: Desk, limit: Limit = LIMIT) -> None:
        self.now = 0.0
        self.guard = Guard(desk.database, limit, lambda: self.now)
        self._reconciler = Reconciler(desk.postman(), guard=self.guard)

    async def turn(self) -> int:
        self.now += 1000
        return await self._reconciler.once()


def about(names: Sequence[str], *, late: bool) -> list[Message]:
    found: list[Message] = []
    for name in names:
        found += [promise(name, name), contact(name, email=f"{name}@customer.example")]
        found.append(gap(1, LATE if late else None, name=name, customer=name))
    return found


async def warned(desk: Desk, late: int, well: int) -> None:
    """So many customers are to be warned, and so many have a promise that nothing is wrong with."""
    await desk.take(*about([f"l{number}" for number in range(late)], late=True))
    await desk.take(*about([f"w{number}" for number in range(well)], late=False))
    await desk.later(5)


def mails(desk: Desk) -> int:
    return len(desk.received())


async def test_letters_to_fewer_than_the_share_go_out(desk_: Desk) -> None:
    await warned(desk_, 3, 3)
    assert await Sending(desk_).turn() == 3
    assert mails(desk_) == 3


async def test_letters_to_few_customers_are_no_mass_whatever_their_share(desk_: Desk) -> None:
    await warned(desk_, 2, 0)
    assert await Sending(desk_).turn() == 2


async def test_a_share_of_one_holds_nothing(desk_: Desk) -> None:
    await warned(desk_, 4, 0)
    assert await Sending(desk_, Limit(1, 2)).turn() == 4


async def test_a_mass_is_held_and_what_still_holds_goes_out_once_released(desk_: Desk) -> None:
    await warned(desk_, 4, 3)
    sending = Sending(desk_)
    assert await sending.turn() == 0
    assert sending.guard.held is not None
    assert (sending.guard.held.customers, sending.guard.held.of_customers) == (4, 7)
    assert metrics.MASS_HELD._value.get() == 4
    assert await sending.turn() == 0
    # One of them comes right meanwhile.
    await desk_.database.pool.execute(
        "UPDATE promise SET gap = jsonb_set(gap, '{forecast}', 'null') WHERE promise_id = 'l0'"
    )
    async with unit_of_work(desk_.database) as uow:
        assert await mass.release(uow, "kim")
        assert not await mass.release(uow, "kim")
    assert await sending.turn() == 4
    assert sorted(mail.recipients[0] for mail in desk_.received()) == [f"l{n}@customer.example" for n in (1, 2, 3)]
    assert metrics.MASS_HELD._value.get() == 0


async def test_what_went_out_within_the_hour_counts_and_what_went_out_before_does_not(desk_: Desk) -> None:
    await warned(desk_, 3, 4)
    sending = Sending(desk_)
    assert await sending.turn() == 3
    await desk_.take(*about(["m0"], late=True))
    await desk_.later(61)
    assert await sending.turn() == 1
    await desk_.take(*about(["m1", "m2", "m3", "m4", "m5", "m6", "m7"], late=True))
    await desk_.later(5)
    assert await sending.turn() == 0
    assert sending.guard.held is not None
    assert sending.guard.held.customers == 8


async def test_for_an_hour_after_a_release_nothing_is_held(desk_: Desk) -> None:
    await warned(desk_, 4, 0)
    sending = Sending(desk_)
    assert await sending.turn() == 0
    async with unit_of_work(desk_.database) as uow:
        await mass.release(uow, "kim")
    assert await sending.turn() == 4
    await desk_.take(*about(["m0", "m1", "m2"], late=True))
    await desk_.later(5)
    assert await sending.turn() == 3
    desk_.clock.advance(timedelta(minutes=70))
    await desk_.take(*about(["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"], late=True))
    await desk_.later(5)
    assert await sending.turn() == 0


async def test_what_a_person_released_is_no_part_of_the_next_mass(desk_: Desk) -> None:
    await warned(desk_, 4, 0)
    sending = Sending(desk_)
    assert await sending.turn() == 0
    async with unit_of_work(desk_.database) as uow:
        await mass.release(uow, "kim")
    # The hour begins with this look, and what is released goes out within it.
    sending.now += 1000
    await sending.guard.look(desk_.clock.now())
    await desk_.later(30)
    assert await sending.turn() == 4
    await desk_.take(*about(["m0"], late=True))
    await desk_.later(31)
    assert await sending.turn() == 1
    assert sending.guard.held is None
    assert mails(desk_) == 5


async def test_what_is_dropped_is_never_sent_and_what_comes_after_waits_for_a_release(desk_: Desk) -> None:
    await warned(desk_, 4, 0)
    sending = Sending(desk_)
    assert await sending.turn() == 0
    async with unit_of_work(desk_.database) as uow:
        assert await mass.drop(uow, "kim")
    await sending.turn()
    await sending.turn()
    assert {(state, reason) for _, state, reason in await desk_.states()} == {("suppressed", "dropped")}
    await desk_.later(60)
    assert {(state, reason) for _, state, reason in await desk_.states()} == {("suppressed", "dropped")}
    # Something new is known of one: it is decided again, and held.
    await desk_.take(gap(2, LATE, name="l1", customer="l1"), tick=True)
    assert await sending.turn() == 0
    async with unit_of_work(desk_.database) as uow:
        assert await mass.release(uow, "kim")
    assert await sending.turn() == 1
    assert [mail.recipients[0] for mail in desk_.received()] == ["l1@customer.example"]


async def test_nothing_is_dropped_or_released_where_nothing_is_held(desk_: Desk) -> None:
    async with unit_of_work(desk_.database) as uow:
        assert not await mass.drop(uow, "kim")
        assert not await mass.release(uow, "kim")


async def test_owners_are_told_while_customers_messages_are_held(desk_: Desk) -> None:
    names = [f"l{number}" for number in range(4)]
    messages = [promise(name, name, owner="kim") for name in names] + [
        contact("staff/kim", email="kim@company.example")
    ]
    await desk_.take(*messages, *about(names, late=True))
    await desk_.later(5)
    sending = Sending(desk_)
    await sending.turn()
    assert {mail.recipients[0] for mail in desk_.received()} == {"kim@company.example"}
    await desk_.later(30)
    await sending.turn()
    assert {mail.recipients[0] for mail in desk_.received()} == {"kim@company.example"}
