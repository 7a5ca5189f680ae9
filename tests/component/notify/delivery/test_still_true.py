"""A message that waited says only what is still so; what is not is withheld, and said afresh."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import msgspec

from candor.contracts import Fact, FactKind, Forecast, PromiseSettled, Standing, Verdict
from tests.support.clocks import NOON
from tests.support.notify import DUE, FINE, LATE, Desk, contact, departed_late, event, gap, promise, revised, staff

SOONER, LATER = DUE - timedelta(hours=1), DUE + timedelta(days=2)
INCIDENT = Fact(kind=FactKind.INCIDENT_OPEN, event_id="ev-i", name="site", at=NOON, public_text="Closed ramp")
SUPERSEDED = ("warning", "suppressed", "superseded")


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


async def last(desk: Desk) -> str:
    """The text of the newest mail, after all that waits has gone out."""
    while await desk.send():
        await desk.later(0)
    return text(desk.received()[-1].parsed())


async def test_a_date_agreed_on_while_a_warning_waits_is_the_one_it_names(desk_: Desk) -> None:
    await desk_.warned()
    # As if the revision had been read, and the warning not been decided upon again.
    await desk_.take(revised(SOONER))
    content = await last(desk_)
    assert "We promised: by Fri 8 Mar, 12:00." in content
    assert len(desk_.received()) == 1


async def test_a_later_date_agreed_on_while_a_warning_waits_takes_the_warning_back(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.take(revised(LATER))
    assert await desk_.send() == 1
    assert await desk_.states() == [SUPERSEDED]
    late = msgspec.structs.replace(LATE, p50=LATER + timedelta(hours=1), p80=LATER + timedelta(hours=2))
    await desk_.later(1, gap(2, late, at=desk_.clock.now(), due=LATER))
    await desk_.later(5)
    assert "We promised: by Sun 10 Mar" in await last(desk_)
    assert len(desk_.received()) == 1


async def test_a_verdict_read_before_its_gap_stops_a_warning(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.take(event(PromiseSettled("p1", "c1", Verdict.KEPT, NOON, NOON), 2))
    assert await desk_.send() == 1
    await desk_.later(1)
    assert await desk_.send() == 0
    assert await desk_.states() == [SUPERSEDED]


async def test_an_incident_that_is_over_is_not_told_as_open(desk_: Desk) -> None:
    await desk_.warned(gap(2, facts=[INCIDENT, departed_late()]))
    assert "Closed ramp" in (await desk_.notices())[-1]["body"]
    desk_.lag = 61.0
    await desk_.take(gap(3, facts=[departed_late()]))
    desk_.lag = 0.0
    content = await last(desk_)
    assert "Closed ramp" not in content
    assert "late inbound aircraft" in content


async def test_done_after_all_is_not_told_as_not_done(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, None, Standing.BROKEN), tick=True)
    assert await desk_.states() == [("warning", "pending", "not_kept")]
    desk_.lag = 61.0
    await desk_.take(gap(2, None, Standing.BROKEN, completed=DUE + timedelta(hours=1)))
    desk_.lag = 0.0
    assert await desk_.send() == 1
    await desk_.later(0)
    assert await desk_.send() == 0
    assert desk_.received() == []


async def test_an_all_clear_is_not_sent_once_a_step_that_the_customer_knows_of_is_missed(desk_: Desk) -> None:
    await desk_.warned()
    await desk_.send()
    await desk_.later(10, gap(2, FINE, at=desk_.clock.now()))
    missed = Fact(kind=FactKind.MILESTONE_MISSED, event_id="ev-m", name="boarded", at=NOON, told=True)
    desk_.lag = 61.0
    await desk_.take(gap(3, FINE, at=desk_.clock.now(), facts=[missed]))
    desk_.lag = 0.0
    await desk_.send()
    assert (await desk_.states())[1] == ("all_clear", "suppressed", "superseded")
    assert len(desk_.received()) == 1


async def test_an_owner_who_was_told_with_the_old_date_is_told_again_before_the_customer(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    assert await desk_.send() == 1
    await desk_.take(revised(SOONER))
    while await desk_.send():
        await desk_.later(0)
    assert [mail.recipients[0].split("@")[0] for mail in desk_.received()] == ["anna", "anna", "pat"]
    _, owners, customers = [text(mail.parsed()) for mail in desk_.received()]
    assert "We promised: by Fri 8 Mar, 12:00." in customers
    assert customers.strip() in owners


async def test_an_all_clear_without_a_range_gives_way_to_a_delay_that_is_likely_again(desk_: Desk) -> None:
    likely = Forecast(0.28, DUE - timedelta(minutes=10), DUE + timedelta(minutes=30), None, n=412)
    unlikely = Forecast(0.69, DUE + timedelta(hours=2), DUE + timedelta(hours=4), None, n=412)
    await desk_.take(promise(), contact(), gap(1))
    await desk_.later(5)
    await desk_.send()
    await desk_.later(10, gap(2, likely, at=desk_.clock.now()))
    assert (await desk_.states())[-1] == ("all_clear", "pending", "recovered")
    await desk_.take(gap(3, unlikely, at=desk_.clock.now()))
    await desk_.send()
    assert (await desk_.states())[-1] == ("all_clear", "suppressed", "superseded")
    assert len(desk_.received()) == 1
