"""What must not go out as it is: held and shown, and in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from candor.contracts import Standing
from notify_svc.channels import Form
from notify_svc.channels.email.smtp import EmailChannel
from notify_svc.compose.reach import Reach
from tests.support.notify import FINE, LATE, OPENER, SENDER, Desk, contact, gap, promise, withdrawn


class Postcards(EmailChannel):
    """E-mail in which no letter has room."""

    form = Form(longest=100)


def on_postcards(desk: Desk) -> None:
    """From now on every letter is longer than its channel carries, which the lint objects to."""
    desk.speaker = replace(desk.speaker, reach=Reach(OPENER, {"email": Postcards(desk.server, SENDER)}))


async def test_a_letter_that_the_lint_objects_to_is_held_with_the_reason(desk_: Desk) -> None:
    on_postcards(desk_)
    await desk_.warned()
    [notice] = await desk_.notices()
    assert (notice["state"], notice["reason"]) == ("held", "lint")
    [finding] = msgspec.json.decode(notice["findings"])
    assert finding == {"rule": "too_long", "detail": f"{len(notice['body'])} characters where 100 fit"}
    for number in range(2, 5):
        await desk_.later(30, gap(number, LATE, at=desk_.clock.now()))
    assert await desk_.send() == 0
    assert len(await desk_.states()) == 1


async def test_after_a_held_warning_there_is_no_all_clear(desk_: Desk) -> None:
    on_postcards(desk_)
    await desk_.warned()
    await desk_.later(30, gap(2, FINE, at=desk_.clock.now()))
    assert [state for _, state, _ in await desk_.states()] == ["held"]


async def test_a_letter_that_is_held_does_not_hide_that_the_promise_is_called_off(desk_: Desk) -> None:
    whole = desk_.speaker
    on_postcards(desk_)
    await desk_.warned()
    desk_.speaker = whole
    gone = gap(2, None, Standing.WITHDRAWN, at=desk_.clock.now())
    await desk_.take(withdrawn(asked_by=None), gone, tick=True)
    assert await desk_.states() == [("warning", "suppressed", "withdrawn"), ("cancelled", "pending", "called_off")]
    assert await desk_.send() == 1


async def test_a_promise_no_letter_can_be_made_of_does_not_keep_the_others_from_theirs(desk_: Desk) -> None:
    end_of_time = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    never = msgspec.structs.replace(LATE, p50=end_of_time, p80=end_of_time)
    await desk_.take(promise("p1", "c1"), contact("c1"), gap(1, never, name="p1", customer="c1"))
    await desk_.take(promise("p2", "c2"), contact("c2"), gap(1, name="p2", customer="c2"))
    await desk_.later(5)
    await desk_.later(5)
    assert sorted(await desk_.states()) == [("warning", "held", "not_composed"), ("warning", "pending", "slip_held")]
