"""What the company changes itself reaches the customer once, with its reason, from the event to the mailbox."""

from __future__ import annotations

from datetime import timedelta

from candor.contracts import Standing
from candor.contracts.promise import AskedBy
from tests.support.clocks import NOON
from tests.support.notify import DUE, FINE, Desk, contact, gap, moved, promise, staff, withdrawn

LATER = DUE + timedelta(days=1)


def body(desk: Desk, number: int = -1) -> str:
    return str(desk.received()[number].parsed().get_body(("plain",)).get_content()).replace("\r\n", "\n")  # type: ignore[union-attr]


async def test_another_date_is_told_once_with_both_dates_the_reason_and_the_options(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, FINE), tick=True)
    await desk_.take(moved(LATER, public="the van broke down"))
    assert [state[:1] + state[2:] for state in await desk_.states()] == [("warning", "date_moved")]
    assert await desk_.send() == 1
    said = body(desk_)
    for words in (
        "We have moved this to a later date: Flight UA 1545",
        "The date until now: Fri 8 Mar, 13:00.",
        "The new date: Sat 9 Mar, 13:00.",
        "Reason given: the van broke down.",
        "What you can do:",
    ):
        assert words in said
    assert "crew is short" not in said
    await desk_.take(moved(LATER, public="the van broke down"), tick=True)
    assert await desk_.send() == 0
    assert len(await desk_.states()) == 1


async def test_a_date_that_was_agreed_waits_for_its_gap_and_is_confirmed(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1), tick=True)
    await desk_.later(5)
    await desk_.send()
    await desk_.take(moved(LATER, held=LATER))
    assert [state[0] for state in await desk_.states()] == ["warning"]
    await desk_.take(gap(2, FINE, due=LATER, at=desk_.clock.now()))
    assert (await desk_.states())[-1] == ("all_clear", "pending", "date_moved")
    assert await desk_.send() == 1
    assert "You agreed to the new date" in body(desk_)


async def test_moves_that_follow_each_other_before_a_letter_went_out_are_one_letter(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, FINE), tick=True)
    await desk_.take(moved(LATER))
    await desk_.take(moved(LATER + timedelta(days=1), 3))
    states = [state for _, state, _ in await desk_.states()]
    assert states == ["suppressed", "pending"]
    assert await desk_.send() == 1
    said = body(desk_)
    assert "The date until now: Fri 8 Mar, 13:00." in said
    assert "The new date: Sun 10 Mar" in said


async def test_the_move_is_not_told_again_after_its_letter_was_rebuilt_from_notices(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, FINE), tick=True)
    await desk_.take(moved(LATER))
    await desk_.send()
    await desk_.take(contact(version=2, email="new@customer.example"))
    await desk_.later(1)
    assert len(await desk_.states()) == 1


async def test_what_is_called_off_is_told_and_a_warning_that_waits_is_not(desk_: Desk) -> None:
    await desk_.warned()
    about = withdrawn(asked_by=AskedBy.COMPANY, public="the part is no longer made")
    await desk_.take(about, gap(2, None, Standing.WITHDRAWN, at=desk_.clock.now()))
    assert await desk_.states() == [("warning", "suppressed", "withdrawn"), ("cancelled", "pending", "called_off")]
    assert await desk_.send() == 1
    said = body(desk_)
    assert "This is called off, and it is not going to happen: Flight UA 1545" in said
    assert "Reason given: the part is no longer made." in said
    assert "We are sorry" in said
    # What waited never went out: no letter says that it did.
    assert "We last said" not in said
    await desk_.later(60, gap(3, None, Standing.WITHDRAWN, at=desk_.clock.now()))
    assert await desk_.send() == 0


async def test_a_withdrawal_that_the_customer_asked_for_is_no_news_to_them(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, FINE), tick=True)
    await desk_.take(withdrawn(), gap(2, None, Standing.WITHDRAWN))
    assert await desk_.states() == []


async def test_the_owner_hears_first_of_a_change_too(desk_: Desk) -> None:
    await desk_.take(promise(owner="anna"), contact(), staff(reach="+1 212 555 0100"), gap(1, FINE), tick=True)
    await desk_.take(withdrawn(asked_by=None), gap(2, None, Standing.WITHDRAWN))
    assert await desk_.send() == 1
    assert await desk_.send() == 1
    owner, customer = desk_.received()
    assert (owner.recipients, customer.recipients) == (("anna@company.example",), ("pat@customer.example",))
    assert "Anna looks after this for you: reply to this message, or +1 212 555 0100." in body(desk_)


async def test_a_change_of_long_ago_is_no_news(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, FINE), tick=True)
    long_ago = NOON - timedelta(days=8)
    await desk_.take(moved(LATER, time=long_ago))
    await desk_.take(withdrawn(version=3, asked_by=None, time=long_ago), gap(2, None, Standing.WITHDRAWN))
    assert await desk_.states() == []
