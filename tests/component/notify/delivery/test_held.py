"""What must not go out as it is: held and shown, and in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from notify_svc.compose.letter import Wording
from tests.support.notify import FINE, LATE, Desk, contact, gap, promise

CARELESS = Wording(action="we fix it as soon as possible.")


async def test_a_letter_that_the_lint_objects_to_is_held_with_the_reason(desk_: Desk) -> None:
    desk_.speaker = replace(desk_.speaker, wording=CARELESS)
    await desk_.warned()
    [notice] = await desk_.notices()
    assert (notice["state"], notice["reason"]) == ("held", "lint")
    assert msgspec.json.decode(notice["findings"]) == [{"rule": "vague_time", "detail": "as soon as possible"}]
    assert "as soon as possible" in notice["body"]
    for number in range(2, 5):
        await desk_.later(30, gap(number, LATE, at=desk_.clock.now()))
    assert await desk_.send() == 0
    assert len(await desk_.states()) == 1


async def test_after_a_held_warning_there_is_no_all_clear(desk_: Desk) -> None:
    desk_.speaker = replace(desk_.speaker, wording=CARELESS)
    await desk_.warned()
    await desk_.later(30, gap(2, FINE, at=desk_.clock.now()))
    assert [state for _, state, _ in await desk_.states()] == ["held"]


async def test_a_promise_no_letter_can_be_made_of_does_not_keep_the_others_from_theirs(desk_: Desk) -> None:
    end_of_time = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    never = msgspec.structs.replace(LATE, p50=end_of_time, p80=end_of_time)
    await desk_.take(promise("p1", "c1"), contact("c1"), gap(1, never, name="p1", customer="c1"))
    await desk_.take(promise("p2", "c2"), contact("c2"), gap(1, name="p2", customer="c2"))
    await desk_.later(5)
    await desk_.later(5)
    assert sorted(await desk_.states()) == [("warning", "held", "not_composed"), ("warning", "pending", "slip_held")]
