"""From events and time to a message in a mailbox."""

from __future__ import annotations

from tests.support.notify import FINE, Desk, contact, departed_late, gap, promise


async def test_a_slip_that_holds_five_minutes_reaches_the_customer(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, facts=[departed_late()]), tick=True)
    await desk_.later(4.9)
    assert await desk_.states() == []
    await desk_.later(0.1)
    assert await desk_.states() == [("warning", "pending", "slip_held")]
    assert await desk_.send() == 1
    assert await desk_.states() == [("warning", "sent", "delivered")]
    [mail] = desk_.received()
    assert mail.recipients == ("pat@customer.example",)
    text = mail.parsed().get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.startswith("Hello Pat,\r\n\r\nWe are probably going to be late with this: Flight UA 1545")
    await desk_.later(10, gap(2, FINE))
    assert await desk_.send() == 1
    assert [state[:2] for state in await desk_.states()] == [("warning", "sent"), ("all_clear", "sent")]
