"""The sending process killed (-9) between the owner's message and the customer's: each is told once, in that order."""

from __future__ import annotations

import asyncio

from tests.component.notify.channels.smtp_script import STALL, Script, serving
from tests.component.notify.delivery.test_killed_sender import expired, sender, told
from tests.support.notify import Desk, staff

ANNA, PAT = "anna@company.example", "pat@customer.example"


async def killed_at(desk: Desk, script: Script, *options: str) -> None:
    """A sender that is killed where the script answers nothing, or once it has been told 250 (`stuck`)."""
    await desk.warned(staff(), owner="anna")
    async with serving(script), sender(desk, script.port, *options) as process:
        if options:
            assert process.stdout is not None
            assert await asyncio.wait_for(told(process.stdout), 60) == "told sent"
        else:
            await asyncio.wait_for(script.reached.wait(), 60)
        process.kill()
        await process.wait()
        await expired(desk)
        # The new process looks at the world anew, and finds its input fresh.
        await desk.later(0)


def recipients(desk: Desk) -> list[str]:
    return [mail.recipients[0] for mail in desk.received()]


async def test_after_the_owner_and_before_the_customer(desk_: Desk) -> None:
    script = Script(rcpts={PAT: STALL})
    await killed_at(desk_, script)
    assert [state[1:] for state in await desk_.states()] == [("sent", "delivered"), ("pending", "claim_expired")]
    assert await desk_.send() == 1
    assert await desk_.send() == 0
    assert len(script.took) == 1
    assert ANNA.encode() in script.took[0]
    assert recipients(desk_) == [PAT]
    assert (await desk_.notices())[1]["owner"] == "owner_told"


async def test_before_the_owners_data_the_owner_is_still_first(desk_: Desk) -> None:
    script = Script(rcpts={ANNA: STALL})
    await killed_at(desk_, script)
    while await desk_.send():
        pass
    assert script.took == []
    assert recipients(desk_) == [ANNA, PAT]
    assert (await desk_.notices())[1]["owner"] == "owner_told"


async def test_when_the_owners_250_was_not_written_down_the_customer_is_told_once_after_the_wait(desk_: Desk) -> None:
    script = Script()
    await killed_at(desk_, script, "stuck")
    assert [row["state"] for row in await desk_.notices()] == ["unknown", "pending"]
    assert await desk_.send() == 0
    await desk_.later(10)
    assert await desk_.send() == 1
    assert await desk_.send() == 0
    assert len(script.took) == 1
    assert recipients(desk_) == [PAT]
    assert (await desk_.notices())[1]["owner"] == "owner_not_reached"
