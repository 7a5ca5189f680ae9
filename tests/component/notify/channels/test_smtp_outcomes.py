"""What a mail server can do to a message, and what becomes of the notice."""

from __future__ import annotations

import pytest

from notify_svc.delivery.claims import backoff
from tests.component.notify.channels.smtp_script import CUT, STALL, Script, serving
from tests.support.notify import LATE, Desk, contact, gap


async def attempt(desk: Desk, script: Script, *, seconds: float = 0.6) -> None:
    async with serving(script):
        await desk.send(port=script.port, seconds=seconds, data_seconds=seconds)


UNSENT = [
    {"banner": "421 busy"},
    {"banner": "554 go away"},
    {"banner": CUT},
    {"banner": STALL},
    {"mail": "451 later"},
    {"mail": CUT},
    {"rcpt": "450 later"},
    {"rcpt": "421 shutting down"},
    {"rcpt": CUT},
    {"rcpt": STALL},
    {"data": "451 later"},
    {"data": "421 shutting down"},
    {"dot": "451 later", "takes": False},
    {"dot": "421 shutting down", "takes": False},
]


@pytest.mark.parametrize("script", UNSENT, ids=str)
async def test_provably_unsent_waits_and_goes_out_with_the_same_id(desk_: Desk, script: dict[str, object]) -> None:
    await desk_.warned()
    await attempt(desk_, Script(**script))  # type: ignore[arg-type]
    [notice] = await desk_.notices()
    assert (notice["state"], notice["reason"], notice["phase"]) == ("pending", "try_later", "")
    assert notice["next_at"] > notice["created_at"]
    assert await desk_.send() == 0
    await desk_.retry_now()
    assert await desk_.send() == 1
    [mail] = desk_.received()
    assert mail.parsed()["Message-ID"] == f"<{notice['notice_id']}@mail.test>"
    assert (await desk_.notices())[0]["attempts"] == 2


@pytest.mark.parametrize(
    "script", [{"mail": "550 no"}, {"data": "554 no"}, {"dot": "552 too much", "takes": False}], ids=str
)
async def test_a_final_no_is_a_failure_that_is_shown(desk_: Desk, script: dict[str, object]) -> None:
    await desk_.warned()
    await attempt(desk_, Script(**script))  # type: ignore[arg-type]
    [notice] = await desk_.notices()
    assert (notice["state"], notice["reason"]) == ("failed", "refused")
    assert 500 <= int(notice["provider_code"]) < 600
    await desk_.later(30, gap(2, LATE, at=desk_.clock.now()))
    await desk_.retry_now()
    assert await desk_.send() == 0


async def test_a_mailbox_that_does_not_exist_is_not_tried_again_until_there_is_another(desk_: Desk) -> None:
    await desk_.warned()
    await attempt(desk_, Script(rcpt="550 5.1.1 no such user pat@customer.example"))
    assert await desk_.states() == [("warning", "failed", "refused")]
    await desk_.take(contact(version=2, email="sam@customer.example"))
    assert await desk_.send() == 1
    assert desk_.received()[0].recipients == ("sam@customer.example",)
    assert [state[:2] for state in await desk_.states()] == [("warning", "sent")]


@pytest.mark.parametrize("answer", ["554 5.7.1 relay access denied", "550 5.7.26 unauthenticated", "552 5.2.2 full"])
async def test_a_no_that_is_not_about_the_mailbox_does_not_suppress_the_address(desk_: Desk, answer: str) -> None:
    await desk_.warned()
    await attempt(desk_, Script(rcpt=answer))
    assert await desk_.states() == [("warning", "failed", "refused")]
    assert not await desk_.database.pool.fetchval("SELECT refused_on FROM customer WHERE customer_id = 'c1'")


@pytest.mark.parametrize("answer", ["550 no such user", "553 5.1.3 bad address", "551 moved", "550 5.1.1 unknown"])
async def test_a_mailbox_that_is_not_there_is_suppressed(desk_: Desk, answer: str) -> None:
    await desk_.warned()
    await attempt(desk_, Script(rcpt=answer))
    assert await desk_.database.pool.fetchval("SELECT refused_on FROM customer WHERE customer_id = 'c1'")


AMBIGUOUS = [
    {"data": CUT},
    {"data": STALL},
    {"dot": CUT, "takes": False},
    {"dot": CUT, "takes": True},
    {"dot": STALL},
    {"dot": "220 what?"},
]


@pytest.mark.parametrize("script", AMBIGUOUS, ids=str)
async def test_no_clear_answer_after_data_is_unknown_and_never_sent_again_by_itself(
    desk_: Desk, script: dict[str, object]
) -> None:
    await desk_.warned()
    await attempt(desk_, Script(**script))  # type: ignore[arg-type]
    [notice] = await desk_.notices()
    assert (notice["state"], notice["reason"], notice["phase"]) == ("unknown", "outcome_unknown", "final")
    assert notice["unknown_since"] is not None
    await desk_.retry_now()
    await desk_.later(20, gap(2, LATE, at=desk_.clock.now()))
    assert await desk_.send() == 0
    assert desk_.received() == []


async def test_a_server_that_hangs_up_after_its_250_has_taken_the_message(desk_: Desk) -> None:
    await desk_.warned()
    script = Script()
    await attempt(desk_, script)
    assert await desk_.states() == [("warning", "sent", "delivered")]
    assert len(script.took) == 1


async def test_one_slow_server_does_not_hold_up_the_others(desk_: Desk) -> None:
    await desk_.warned()
    slow = Script(dot=STALL)
    async with serving(slow):
        await desk_.send(port=slow.port, seconds=0.3, data_seconds=0.3)
    assert len(slow.took) == 1
    assert await desk_.states() == [("warning", "unknown", "outcome_unknown")]


async def test_after_the_last_try_it_gives_up_and_says_so(desk_: Desk) -> None:
    await desk_.warned()
    for _ in range(desk_.patience.attempts):
        await desk_.retry_now()
        await attempt(desk_, Script(banner="421 busy"))
    assert await desk_.states() == [("warning", "failed", "gave_up")]


def test_pauses_double_up_to_an_hour() -> None:
    assert [backoff(count) for count in (0, 1, 2, 3, 10, 11, 10_000)] == [5, 5, 10, 20, 2560, 3600, 3600]
