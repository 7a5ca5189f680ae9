"""Customers who want messages for some purposes only: what reaches them, and what is kept back with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import Forecast, Standing
from tests.support.notify import DUE, FINE, LATE, Desk, contact, gap, promise, sealed, staff

LATER = Forecast(0.97, DUE + timedelta(hours=4), DUE + timedelta(hours=6), None, n=412)
AGAIN = "We write again when something changes."


async def warned(desk: Desk, **about: Any) -> None:
    """A warning is decided for a customer with this contact, and sent if it may be."""
    await desk.take(promise(), contact(**about), gap(1))
    await desk.later(5)
    await desk.send()


def words(desk: Desk) -> list[str]:
    """The texts that were received."""
    parts = [mail.parsed().get_body(("plain",)) for mail in desk.received()]
    return [part.get_content() for part in parts if part is not None]


async def test_who_wants_warnings_only_hears_of_every_change_and_of_nothing_else(desk_: Desk) -> None:
    await warned(desk_, purposes=["warnings"])
    assert AGAIN in words(desk_)[0]
    [first] = await desk_.notices()
    assert (first["state"], first["next_update_by"]) == ("sent", None)
    # Nothing has changed, however long: no message comes due.
    for number in range(2, 5):
        await desk_.later(20, gap(number, LATE, at=desk_.clock.now()))
    assert len(await desk_.notices()) == 1
    await desk_.later(1, gap(5, LATER, at=desk_.clock.now()))
    assert await desk_.send() == 1
    await desk_.later(1, gap(6, FINE, at=desk_.clock.now()))
    assert await desk_.send() == 1
    assert [state[:2] for state in await desk_.states()] == [
        ("warning", "sent"),
        ("update", "sent"),
        ("all_clear", "sent"),
    ]


async def test_who_wants_updates_only_is_not_warned_and_it_is_stored_why(desk_: Desk) -> None:
    await warned(desk_, purposes=["updates"])
    assert await desk_.states() == [("warning", "suppressed", "purpose_not_wanted")]
    assert desk_.received() == []


@pytest.mark.parametrize("purposes", [None, ["warnings", "updates"], ["warnings", "updates", "surveys"]])
async def test_who_wants_all_is_told_when_they_hear_next(desk_: Desk, purposes: list[str] | None) -> None:
    await warned(desk_, **({} if purposes is None else {"purposes": purposes}))
    [first] = await desk_.notices()
    assert first["next_update_by"] is not None
    assert AGAIN not in words(desk_)[0]


@pytest.mark.parametrize("end", ["recovered", "kept", "late"])
async def test_bad_news_is_taken_back_whatever_they_want_by_then(desk_: Desk, end: str) -> None:
    await warned(desk_)
    ends = {
        "recovered": gap(2, FINE),
        "kept": gap(2, None, Standing.KEPT, completed=DUE),
        "late": gap(2, None, Standing.BROKEN, completed=DUE + timedelta(hours=9)),
    }
    await desk_.later(30, contact(version=2, purposes=["updates"]), ends[end])
    assert await desk_.send() == 1
    assert (await desk_.states())[-1][1] == "sent"


async def test_an_announced_update_is_kept_back_from_who_wants_none_by_then(desk_: Desk) -> None:
    await warned(desk_)
    [first] = await desk_.notices()
    await desk_.take(contact(version=2, purposes=["warnings"]))
    desk_.clock.set(first["next_update_by"])
    await desk_.take(gap(2, LATE, at=desk_.clock.now()), tick=True)
    await desk_.later(60, gap(3, LATE, at=desk_.clock.now()))
    assert await desk_.send() == 0
    kept = [one for one in await desk_.notices() if one["state"] == "suppressed"]
    assert {(one["spoken_for"], one["reason"]) for one in kept} == {("update_due", "purpose_not_wanted")}


async def test_a_message_that_waits_is_written_again_without_an_announcement(desk_: Desk) -> None:
    await desk_.warned()
    # Only the contact has changed: nothing was decided anew before the message is looked at for the last time.
    statement = "UPDATE customer SET sealed = $1 WHERE customer_id = 'c1'"
    await desk_.database.pool.execute(statement, sealed(purposes=["warnings"]))
    await desk_.send()
    await desk_.later(1)
    assert await desk_.send() == 1
    [text] = words(desk_)
    assert AGAIN in text
    assert [(one["state"], one["next_update_by"] is None) for one in await desk_.notices()][-1] == ("sent", True)


async def test_an_owner_who_wants_warnings_only_reads_those_before_the_customer(desk_: Desk) -> None:
    await desk_.warned(staff(purposes=["warnings"]), owner="anna")
    while await desk_.send():
        await desk_.later(1)
    assert [mail.recipients for mail in desk_.received()] == [("anna@company.example",), ("pat@customer.example",)]
