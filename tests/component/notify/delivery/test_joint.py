"""One mail tells a customer of several promises; identity and once-only stay by promise."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest_asyncio

from candor.local.mailbox.smtp import Fault
from candor.store.unit_of_work import unit_of_work
from notify_svc.channels import Begin, Form, Message, Outcome
from notify_svc.delivery import claims
from notify_svc.domain.facts import Rules
from notify_svc.domain.identity import joint_id
from tests.component.notify.channels.smtp_script import STALL, Script, serving
from tests.component.notify.channels.test_pager import Pager
from tests.component.notify.delivery.test_killed_sender import expired, sender
from tests.support.notify import DUE, FINE, Desk, contact, desk, gap, prepare, promise, staff
from tests.support.servers import Databases

RULES = Rules(joint_most=10)


@pytest_asyncio.fixture(loop_scope="session")
async def joint(databases: Databases, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk that tells a customer of several promises in one mail."""
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path, rules=RULES) as made:
        yield made
    await databases.drop(url)


async def late(desk: Desk, names: Iterable[str], customer: str = "c1", owner: str | None = None) -> None:
    """An incident makes promises of one customer late; the warnings wait."""
    events = [contact(customer, email=f"{customer}@customer.example")]
    for name in names:
        made = promise(name, customer, what=f"Flight {name}", owner=owner)
        events += [made, gap(1, name=name, customer=customer)]
    await desk.take(*events)
    await desk.later(5)


def mails(desk: Desk) -> list[EmailMessage]:
    return [mail.parsed() for mail in desk.received()]


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def named(mail: EmailMessage) -> list[str]:
    """The promises that a joint mail's table names; none in a mail about one."""
    return re.findall(r"^\d+\. Flight (\w+)\n   Promised:", text(mail), re.MULTILINE)


async def states(desk: Desk) -> dict[str, tuple[str, str]]:
    return {row["promise_id"]: (row["state"], row["reason"]) for row in await desk.notices()}


async def test_one_mail_names_each_promise_of_a_customer_and_no_other_customers(joint: Desk) -> None:
    await late(joint, ["p1", "p2", "p3"])
    await late(joint, ["q1"], "c2")
    assert await joint.send() == 2
    one = next(mail for mail in mails(joint) if "c1@" in str(mail["To"]))
    other = next(mail for mail in mails(joint) if "c2@" in str(mail["To"]))
    assert sorted(named(one)) == ["p1", "p2", "p3"]
    assert "q1" not in text(one)
    assert (named(other), "Flight q1" in text(other)) == ([], True)
    rows = await joint.notices()
    [told] = {row["joint"] for row in rows if row["customer_id"] == "c1"}
    assert one["Message-ID"] == f"<{told}@mail.test>"
    assert [row["joint"] for row in rows if row["customer_id"] == "c2"] == [""]
    assert {row["state"] for row in rows} == {"sent"}
    # What holds for the customer as a whole is said once, what differs once for each.
    assert text(one).count("To reach us") == text(one).count("Hello Pat,") == 1
    assert text(one).count("We now expect") == 3


async def test_what_comes_next_about_one_of_them_replies_to_the_letter_of_all(joint: Desk) -> None:
    await late(joint, ["p1", "p2"])
    await joint.send()
    await joint.later(30, gap(2, FINE, name="p2", at=joint.clock.now()))
    assert await joint.send() == 1
    first, cleared = mails(joint)
    assert cleared["In-Reply-To"] == first["Message-ID"]
    assert named(cleared) == []


async def test_a_promise_that_heals_before_sending_drops_out(joint: Desk) -> None:
    await late(joint, ["p1", "p2", "p3"])
    await joint.take(gap(2, FINE, name="p2", at=joint.clock.now()))
    assert await joint.send() == 1
    assert sorted(named(mails(joint)[0])) == ["p1", "p3"]
    assert (await states(joint))["p2"] == ("suppressed", "superseded")


async def test_of_two_that_were_claimed_together_the_one_that_is_left_goes_alone(joint: Desk) -> None:
    await late(joint, ["p1", "p2"])
    postman, now = joint.postman(), joint.clock.now()
    async with unit_of_work(joint.database) as uow:
        claimed = await claims.claim(uow, "me", ["email"], 10, 60, 60, now, claims.Round(joint=postman.joint))
    [letter] = claims.letters(claimed, postman.joint)
    assert {claim.joint for claim in letter} == {joint_id(claim.notice_id for claim in letter)}
    await joint.take(gap(2, FINE, name="p2", at=now))
    await postman.deliver(letter)
    [mail] = mails(joint)
    [sent] = [row for row in await joint.notices() if row["state"] == "sent"]
    assert (sent["promise_id"], sent["joint"], named(mail)) == ("p1", "", [])
    assert mail["Message-ID"] == f"<{sent['notice_id']}@mail.test>"


class Healing(Pager):
    """A channel during whose attempt something happens, before its last check."""

    desk: Desk
    events: list[object]

    async def send(self, message: Message, begin: Begin) -> Outcome:
        if self.events:
            await self.desk.take(self.events.pop())  # type: ignore[arg-type]
        return await super().send(message, begin)


async def test_one_that_heals_between_the_checks_drops_out_and_the_others_go(
    databases: Databases, tmp_path: Path
) -> None:
    url = await databases.fresh(prepare)
    pager = Healing(form=Form(joint=True))
    async with desk(url, tmp_path, rules=RULES, channels=[pager]) as found:
        await found.take(contact(addresses={"pager": "5501"}, channels=["pager"]))
        await late(found, ["p1", "p2", "p3"])
        pager.desk, pager.events = found, [gap(2, FINE, name="p2", at=found.clock.now())]
        assert await found.send() == 1
        assert pager.pages == []
        await found.later(0)
        await found.retry_now()
        await found.send()
        [page] = pager.pages
        assert "Flight p2" not in page.text
        # In the order in which they came to their turn again.
        assert {"Flight p1", "Flight p3"} <= {line.partition(". ")[2] for line in page.text.splitlines()}
        waits = await found.database.pool.fetch("SELECT promise_id FROM notice WHERE state = 'sent'")
        assert {row["promise_id"] for row in waits} == {"p1", "p3"}
        # The letter that went out is named by what it told, not by what it was to tell.
        told = {row["joint"] for row in await found.notices() if row["state"] == "sent"}
        assert told == {page.notice_id}
    await databases.drop(url)


async def test_a_letter_has_its_most_and_the_rest_follows_in_others(joint: Desk) -> None:
    joint.rules = replace(RULES, joint_most=5)
    await late(joint, [f"p{number:02}" for number in range(12)])
    while await joint.send():
        pass
    found = [named(mail) for mail in mails(joint)]
    assert sorted(len(one) for one in found) == [2, 5, 5]
    assert len({name for one in found for name in one}) == 12


async def test_an_incidents_letters_are_one_message_of_the_days(joint: Desk) -> None:
    joint.rules = replace(RULES, daily_cap=2)
    joint.speaker = replace(joint.speaker, rules=joint.rules)
    await late(joint, ["p1", "p2", "p3", "p4"])
    await joint.send()
    await late(joint, ["p5"])
    await joint.send()
    assert [len(named(mail)) for mail in mails(joint)] == [4, 0]
    await late(joint, ["p6"])
    assert (await states(joint))["p6"] == ("suppressed", "daily_cap")


async def test_messages_wait_for_others_as_long_as_is_set_but_announced_updates_do_not(joint: Desk) -> None:
    joint.rules = replace(RULES, joint_wait=timedelta(minutes=1))
    await late(joint, ["p1"])
    assert await joint.send() == 0
    await late(joint, ["p2"])
    assert await joint.send() == 1
    assert sorted(named(mails(joint)[0])) == ["p1", "p2"]
    joint.clock.set(DUE)
    await joint.later(0)
    assert {row["spoken_for"] for row in await joint.notices() if row["state"] == "pending"} == {"update_due"}
    assert await joint.send() == 1


async def test_an_owner_hears_of_each_promise_by_itself_and_first(joint: Desk) -> None:
    await joint.take(staff())
    await late(joint, ["p1", "p2"], owner="anna")
    while await joint.send():
        pass
    told = [mail.recipients[0] for mail in joint.received()]
    assert told == ["anna@company.example"] * 2 + ["c1@customer.example"]


async def test_where_nobody_knows_all_are_unknown_and_none_is_sent_again(joint: Desk) -> None:
    await late(joint, ["p1", "p2"])
    joint.faults.kind, joint.faults.left = Fault.DROP_BEFORE_REPLY, 1
    assert await joint.send() == 1
    assert set((await states(joint)).values()) == {("unknown", "outcome_unknown")}
    [letter] = {row["joint"] for row in await joint.notices()}
    await joint.later(60)
    assert await joint.send() == 0
    assert [mail["Message-ID"] for mail in mails(joint)] == [f"<{letter}@mail.test>"]


async def test_what_was_refused_in_one_letter_is_refused_for_each(joint: Desk) -> None:
    await late(joint, ["p1", "p2"])
    joint.faults.kind, joint.faults.left = Fault.REFUSE, 1
    await joint.send()
    assert {state for state, _ in (await states(joint)).values()} == {"failed"}


async def test_a_part_of_a_letter_never_begins(joint: Desk) -> None:
    await late(joint, ["p1", "p2"])
    async with unit_of_work(joint.database) as uow:
        ways = claims.Round(joint=claims.Joint(["email"], 10))
        held = await claims.claim(uow, "a", ["email"], 1, 30, 60, joint.clock.now(), ways)
        [letter] = claims.letters(held, ways.joint)
    assert len(letter) == 2
    await joint.database.pool.execute(
        "UPDATE delivery SET lease_until = now() - interval '1 s' WHERE delivery_id = $1", letter[1].delivery_id
    )
    async with unit_of_work(joint.database) as uow:
        assert not await claims.finalise(uow, letter, 30, 60)
    assert {row["phase"] for row in await joint.notices()} == {"claimed"}


async def test_a_sender_killed_in_data_leaves_all_of_its_letter_unknown(joint: Desk) -> None:
    await late(joint, ["p1", "p2"])
    script = Script(dot=STALL)
    async with serving(script), sender(joint, script.port, "joint") as process:
        await script.reached.wait()
        process.kill()
        await process.wait()
        await expired(joint)
    assert set((await states(joint)).values()) == {("unknown", "outcome_unknown")}
    assert await joint.send() == 0


async def test_a_letter_for_now_refused_goes_again_alone_if_the_other_is_done_with(joint: Desk) -> None:
    await late(joint, ["p1", "p2"])
    joint.faults.kind, joint.faults.left = Fault.REFUSE_FOR_NOW, 1
    await joint.send()
    assert {row["joint"] for row in await joint.notices()} != {""}
    await joint.take(gap(2, FINE, name="p2", at=joint.clock.now()))
    await joint.retry_now()
    assert await joint.send() == 1
    [row] = [row for row in await joint.notices() if row["state"] == "sent"]
    assert (row["promise_id"], row["joint"]) == ("p1", "")
