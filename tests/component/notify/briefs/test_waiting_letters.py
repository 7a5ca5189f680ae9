"""Staff are mailed about a letter that waits, unless it is decided by then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from notify_svc.briefs.approvals import ESCALATION
from notify_svc.briefs.sender import Addressed, BriefSender
from notify_svc.channels.email.smtp import EmailChannel
from tests.support.approving import act, approving, deciding, newest, waiting, waits
from tests.support.notify import OPENER, SENDER, Desk, staff


def sender(desk: Desk) -> BriefSender:
    addressed = Addressed({ESCALATION: ("head@company.example",)}, "https://candor.example.com")
    channel = EmailChannel(desk.server, SENDER)
    return BriefSender(desk.database, channel, OPENER, desk.clock, addressed, desk.patience)


@pytest.mark.parametrize("decided", [False, True])
async def test_owner_then_escalation_unless_it_was_decided(desk_: Desk, tmp_path: Path, *, decided: bool) -> None:
    await waits(approving(desk_), staff(), owner="anna")
    await desk_.database.pool.execute("UPDATE notice SET next_update_by = next_update_by + interval '1 day'")
    looking, mailing = waiting(desk_, timedelta(minutes=30)), sender(desk_)
    for minutes in (31, 31):
        desk_.clock.advance(timedelta(minutes=minutes))
        await looking.once()
        if decided:
            async with deciding(desk_, tmp_path) as api:
                await act(api, await newest(desk_), "approve")
        await mailing.once()
    told = [] if decided else ["anna@company.example", "head@company.example"]
    found = [mail for mail in desk_.received() if "waits for approval" in str(mail.parsed()["subject"])]
    assert [mail.recipients[0] for mail in found] == told
    assert all("https://candor.example.com/board/inbox" in mail.parsed().as_string() for mail in found)
