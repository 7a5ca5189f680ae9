"""The owner inside the company is told before the customer, and never keeps the word from them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest

from candor.contracts import Fact as Said
from candor.contracts import FactKind as SaidKind
from candor.contracts import Message, Standing, staff_key
from candor.local.mailbox.smtp import Fault
from candor.records.packing import unpack
from notify_svc.domain.facts import Rules
from tests.component.notify.channels.smtp_script import CUT, Script, serving
from tests.support.clocks import NOON
from tests.support.notify import DUE, FINE, LATE, Desk, contact, erased, gap, promise, removed, staff, withdrawn

ANNA, PAT = "anna@company.example", "pat@customer.example"
WORSE = msgspec.structs.replace(LATE, p50=DUE + timedelta(hours=3), p80=DUE + timedelta(hours=4))
MISSED = Said(kind=SaidKind.MILESTONE_MISSED, event_id="ev-m", name="boarded", at=NOON, told=True)


def order(desk: Desk) -> list[str]:
    """Who received something, in the order in which they did."""
    return [mail.recipients[0] for mail in desk.received()]


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


async def words(desk: Desk) -> list[tuple[str, str, str, str]]:
    """(audience, statement, state, owner) of every notice, oldest first; an owner's own `owner` says nothing."""
    return [
        (row["audience"], row["statement"], row["state"], row["owner"] if row["audience"] == "customer" else "")
        for row in await desk.notices()
    ]


async def all_sent(desk: Desk) -> None:
    while await desk.send():
        pass


async def test_the_owner_reads_first_what_the_customer_reads_next_and_why(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    assert await words(desk_) == [
        ("owner", "warning", "pending", ""),
        ("customer", "warning", "pending", "waiting"),
    ]
    assert await desk_.send() == 1
    assert order(desk_) == [ANNA]
    assert await desk_.send() == 1
    assert order(desk_) == [ANNA, PAT]
    assert (await words(desk_))[1] == ("customer", "warning", "sent", "owner_told")
    first, second = [mail.parsed() for mail in desk_.received()]
    _, notice = await desk_.notices()
    assert first["Subject"] == f"Heads-up before your customer: {second['Subject']}"
    assert text(first).splitlines()[:3] == ["Hello Anna,", "", text(second).splitlines()[2]]
    assert "Promise: p1, made to customer c1" in text(first)
    assert "the forecast says 86 in 100 that it will be late; since Fri 8 Mar, 07:00 it has said 70" in text(first)
    assert notice["notice_id"] in text(first)
    assert text(second).strip() in text(first)
    assert PAT not in first.as_string()


async def test_a_silent_owner_does_not_make_the_customers_announced_word_late(desk_: Desk) -> None:
    desk_.speaker = replace(desk_.speaker, rules=Rules(update_share=0.2))
    await desk_.warned(staff(), owner="anna")
    await all_sent(desk_)
    announced = (await desk_.notices())[1]["next_update_by"]
    early = Rules().update_early + Rules().owner_wait
    desk_.clock.set(announced - early)
    await desk_.take(tick=True)
    _, _, owners, customers = await desk_.notices()
    assert (owners["audience"], customers["spoken_for"]) == ("owner", "update_due")
    assert customers["owner_wait_until"] < announced
    for table in ("notice", "delivery"):
        await desk_.database.pool.execute(
            f"UPDATE {table} SET state = 'unknown' WHERE notice_id = $1",
            owners["notice_id"],
        )
    assert await desk_.send() == 0
    desk_.clock.set(customers["owner_wait_until"])
    await all_sent(desk_)
    last = (await desk_.notices())[3]
    assert (last["state"], last["owner"]) == ("sent", "owner_not_reached")
    assert last["changed_at"] < announced


LIVES: list[tuple[list[Message], str]] = [
    ([gap(2, FINE, at=NOON + timedelta(minutes=10))], "all_clear"),
    ([gap(2, None, Standing.CANCELLED, at=NOON + timedelta(minutes=10))], "cancelled"),
    ([gap(2, WORSE, at=NOON + timedelta(minutes=10))], "update"),
    (
        [gap(2, None, Standing.KEPT, at=NOON + timedelta(minutes=10), completed=NOON + timedelta(minutes=10))],
        "all_clear",
    ),
]


@pytest.mark.parametrize(("events", "statement"), LIVES, ids=["recovered", "cancelled", "range_left", "kept"])
async def test_every_later_word_reaches_the_owner_first_as_well(
    desk_: Desk, events: list[Message], statement: str
) -> None:
    await desk_.warned(staff(), owner="anna")
    await all_sent(desk_)
    await desk_.later(10, *events)
    await all_sent(desk_)
    assert order(desk_) == [ANNA, PAT, ANNA, PAT]
    assert [(row["statement"], row["state"]) for row in await desk_.notices()][2:] == [(statement, "sent")] * 2
    mails = [mail.parsed() for mail in desk_.received()]
    # Two threads, one each.
    assert [mail["In-Reply-To"] for mail in mails[2:]] == [mail["Message-ID"] for mail in mails[:2]]


async def test_a_missed_step_that_the_customer_knows_of_reaches_the_owner_first(desk_: Desk) -> None:
    await desk_.take(staff(), promise(owner="anna"), contact(), gap(1, FINE, facts=[MISSED]), tick=True)
    await all_sent(desk_)
    assert order(desk_) == [ANNA, PAT]
    assert '"boarded", which the customer knows of, did not happen as planned' in text(desk_.received()[0].parsed())


WITHOUT: list[tuple[list[Message], str, list[tuple[str, str]]]] = [
    ([promise()], "no_owner", []),
    ([promise(owner="anna")], "owner_has_no_address", [("suppressed", "no_contact")]),
    (
        [promise(owner="anna"), staff(), removed(staff_key("anna"))],
        "owner_has_no_address",
        [("suppressed", "no_contact")],
    ),
    ([promise(owner="anna"), staff(consent=False)], "owner_not_reached", [("suppressed", "no_consent")]),
    ([promise(owner="anna"), staff(email="no address")], "owner_not_reached", [("suppressed", "bad_contact")]),
    ([promise(owner="c1")], "owner_has_no_address", [("suppressed", "no_contact")]),
]


@pytest.mark.parametrize(
    ("events", "owner", "kept"), WITHOUT, ids=["none", "unknown", "removed", "no_consent", "bad", "customers_id"]
)
async def test_without_an_owner_to_tell_the_customer_is_told_at_once_with_the_reason_kept(
    desk_: Desk, events: list[Message], owner: str, kept: list[tuple[str, str]]
) -> None:
    await desk_.take(*events, contact(), gap(1))
    await desk_.later(5)
    assert await desk_.send() == 1
    assert order(desk_) == [PAT]
    rows = await desk_.notices()
    assert [(row["state"], row["reason"]) for row in rows if row["audience"] == "owner"] == kept
    assert rows[-1]["owner"] == owner


async def test_an_owner_without_mailbox_keeps_nobody_waiting_and_is_not_tried_again(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    desk_.faults.kind, desk_.faults.left = Fault.REFUSE, 1
    await all_sent(desk_)
    assert order(desk_) == [PAT]
    assert await words(desk_) == [
        ("owner", "warning", "failed", ""),
        ("customer", "warning", "sent", "owner_not_reached"),
    ]
    await desk_.later(10, gap(2, FINE, at=NOON + timedelta(minutes=15)))
    await all_sent(desk_)
    assert order(desk_) == [PAT, PAT]
    assert [row["reason"] for row in await desk_.notices()][2:] == ["address_refused", "delivered"]
    await desk_.take(staff(version=2, email="anna.b@company.example"))
    await desk_.later(10, gap(3, LATE, at=NOON + timedelta(minutes=30)))
    await desk_.later(10)
    await all_sent(desk_)
    assert order(desk_)[2:] == ["anna.b@company.example", PAT]


async def test_an_owner_who_cannot_be_reached_for_now_keeps_the_customer_waiting_for_a_while_only(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    script = Script(rcpts={ANNA: "450 later"})
    async with serving(script):
        assert await desk_.send(port=script.port) == 1
        await desk_.later(9.9)
        await desk_.retry_now()
        assert await desk_.send(port=script.port) == 1
        assert script.took == []
        assert (await words(desk_))[1] == ("customer", "warning", "pending", "waiting")
        await desk_.later(0.1)
        await desk_.retry_now()
        assert await desk_.send(port=script.port) == 2
    assert len(script.took) == 1
    assert (await words(desk_))[1] == ("customer", "warning", "sent", "owner_not_reached")
    await desk_.retry_now()
    await all_sent(desk_)
    assert order(desk_) == [ANNA]


async def test_when_nobody_knows_whether_the_owner_was_told_the_customer_waits_for_a_person_a_while(
    desk_: Desk,
) -> None:
    await desk_.warned(staff(), owner="anna")
    script = Script(dot=CUT)
    async with serving(script):
        await desk_.send(port=script.port)
    assert await desk_.send() == 0
    await desk_.later(10)
    assert await desk_.send() == 1
    assert order(desk_) == [PAT]
    assert await words(desk_) == [
        ("owner", "warning", "unknown", ""),
        ("customer", "warning", "sent", "owner_not_reached"),
    ]


async def test_previews_show_both_and_the_kill_switch_stops_both(desk_: Desk) -> None:
    await desk_.database.pool.execute("UPDATE switch SET sending = false")
    await desk_.warned(staff(), owner="anna")
    assert [state for _, _, state, _ in await words(desk_)] == ["preview", "preview"]
    await desk_.database.pool.execute("UPDATE switch SET sending = true, killed = true")
    assert await desk_.send() == 0
    assert order(desk_) == []


async def test_an_erased_customer_leaves_nothing_with_the_owners_notices_either(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    await desk_.send()
    await desk_.take(erased())
    await desk_.end_erasures()
    assert await desk_.notices() == []
    assert await desk_.send() == 0
    kept = await desk_.database.pool.fetchval("SELECT sealed FROM customer WHERE customer_id = 'staff/anna'")
    assert kept is not None


async def test_a_withdrawal_takes_both_back(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    await desk_.take(withdrawn())
    assert [state[1:] for state in await desk_.states()] == [("suppressed", "withdrawn")] * 2
    assert await desk_.send() == 0


async def test_news_between_the_two_is_told_to_the_owner_before_the_customer_hears_anything(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    await desk_.send()
    await desk_.later(1, gap(2, WORSE, at=desk_.clock.now()))
    await all_sent(desk_)
    assert order(desk_) == [ANNA, ANNA, PAT]
    told, last = text(desk_.received()[1].parsed()), text(desk_.received()[2].parsed())
    assert last.strip() in told
    assert [(row["audience"], row["state"]) for row in await desk_.notices()] == [
        ("owner", "sent"),
        ("customer", "suppressed"),
        ("owner", "sent"),
        ("customer", "sent"),
    ]


async def test_what_no_longer_holds_is_told_to_neither(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    # As if the newest gap had been read and not yet decided upon.
    await desk_.database.pool.execute(
        """UPDATE promise SET gap = jsonb_set(gap, '{forecast,p_slip}', '0.1') WHERE promise_id = 'p1'"""
    )
    await all_sent(desk_)
    assert order(desk_) == []
    assert [state[1:] for state in await desk_.states()] == [("suppressed", "superseded")] * 2


async def test_owners_have_a_cap_of_their_own(desk_: Desk) -> None:
    desk_.rules = Rules(owner_daily_cap=2)
    desk_.speaker = replace(desk_.speaker, rules=desk_.rules)
    await desk_.take(staff())
    for number in range(4):
        name = f"p{number}"
        about = (promise(name, name, owner="anna"), contact(name, email=f"{name}@customer.example"))
        await desk_.take(*about, gap(1, name=name, customer=name))
    await desk_.later(5)
    await all_sent(desk_)
    assert order(desk_).count(ANNA) == 2
    assert Counter(row["owner"] for row in await desk_.notices() if row["audience"] == "customer") == {
        "owner_told": 2,
        "owner_not_reached": 2,
    }
    assert [row["reason"] for row in await desk_.notices()].count("daily_cap") == 2


async def test_only_customers_notices_are_published_and_each_continues_the_trace_of_its_gap(desk_: Desk) -> None:
    trace = "00-6f1c0a7e52b94d1d8f3be27f40c9a1b2-0a1b2c3d4e5f6071-01"
    await desk_.take(staff(), promise(owner="anna"), contact(), gap(1, traceparent=trace))
    await desk_.later(5)
    await all_sent(desk_)
    rows = await desk_.database.pool.fetch("SELECT records FROM outbox WHERE topic = 'notices' ORDER BY id")
    records = [record for row in rows for record in unpack(row["records"])]
    said: list[dict[str, Any]] = [msgspec.json.decode(record.value) for record in records]
    assert [(item["customer_id"], item["state"]) for item in said] == [
        ("c1", "pending"),
        ("c1", "sending"),
        ("c1", "sent"),
    ]
    customers = {row["notice_id"] for row in await desk_.notices() if row["audience"] == "customer"}
    assert {item["notice_id"] for item in said} == customers
    assert {dict(record.headers)["traceparent"] for record in records} == {trace.encode()}


async def test_an_owner_contact_on_another_partition_serves_every_promise(desk_: Desk) -> None:
    await desk_.take(staff(), promise("p1", "c1", owner="anna"), contact("c1"), gap(1))
    other = "c2@customer.example"
    await desk_.take(promise("p2", "c2", owner="anna"), contact("c2", email=other), gap(1, name="p2", customer="c2"))
    await desk_.later(5)
    await all_sent(desk_)
    received = order(desk_)
    assert Counter(received) == {ANNA: 2, PAT: 1, other: 1}
    assert received[0] == ANNA


async def slipping(desk_: Desk, names: list[str]) -> None:
    """Promises of Anna's, one a customer, each about to be warned of."""
    await desk_.take(staff())
    for name in names:
        about = (promise(name, name, owner="anna"), contact(name, email=f"{name}@customer.example"))
        await desk_.take(*about, gap(1, name=name, customer=name))
    await desk_.later(5)


@pytest.mark.parametrize("trial", range(3))
async def test_whatever_the_mail_server_does_nobody_who_is_said_to_be_told_after_the_owner_was_told_before(
    desk_: Desk, seeded: random.Random, trial: int
) -> None:
    names = [f"p{number}" for number in range(6)]
    await slipping(desk_, names)
    for version in range(2, 14):
        desk_.faults.kind = Fault(seeded.choice(list(Fault)))
        desk_.faults.left = seeded.randint(0, 2)
        await desk_.retry_now()
        await desk_.send()
        desk_.faults.left = 0
        name, forecast = seeded.choice(names), seeded.choice([LATE, FINE, WORSE])
        at = desk_.clock.now()
        await desk_.later(seeded.randint(0, 6), gap(version, forecast, name=name, customer=name, at=at))
    rows = {f"<{row['notice_id']}@mail.test>": row for row in await desk_.notices()}
    ids = [str(mail.parsed()["Message-ID"]) for mail in desk_.received()]
    assert len(ids) == len(set(ids))
    firsts = {row["ahead_of"]: name for name, row in rows.items() if row["state"] == "sent" and row["ahead_of"]}
    told = [row for row in rows.values() if row["state"] == "sent" and row["owner"] == "owner_told"]
    for row in told:
        assert ids.index(firsts[row["notice_id"]]) < ids.index(f"<{row['notice_id']}@mail.test>")
    waited = [row for row in rows.values() if row["audience"] == "customer" and row["state"] == "sent"]
    assert {row["owner"] for row in waited} <= {"owner_told", "owner_not_reached"}


async def test_several_senders_at_once_keep_the_order(desk_: Desk) -> None:
    names = [f"p{number}" for number in range(8)]
    await slipping(desk_, names)
    while any(await asyncio.gather(*(desk_.send() for _ in range(4)))):
        pass
    rows = {f"<{row['notice_id']}@mail.test>": row for row in await desk_.notices()}
    received = [rows[str(mail.parsed()["Message-ID"])] for mail in desk_.received()]
    assert len(received) == 2 * len(names)
    for name in names:
        assert [row["audience"] for row in received if row["promise_id"] == name] == ["owner", "customer"]


async def test_an_owner_without_consent_is_not_written_to_even_if_it_was_taken_back_meanwhile(desk_: Desk) -> None:
    await desk_.warned(staff(), owner="anna")
    await desk_.take(staff(version=2, consent=False))
    await all_sent(desk_)
    assert order(desk_) == [PAT]
    assert [(state, reason) for _, state, reason in await desk_.states()] == [
        ("suppressed", "no_consent"),
        ("sent", "delivered"),
    ]
