"""From `gaps` to the mail server: no internal word arrives at a customer, nor one that waited since before."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import msgspec
import pytest

from candor.contracts import (
    ChallengeChanged,
    Fact,
    FactKind,
    GapScored,
    HandoffChanged,
    Standing,
    decode,
    encode,
)
from candor.contracts.envelope import Record
from candor.contracts.matters import ChallengeState, HandoffState
from candor.records.packing import unpack
from tests.support.clocks import NOON
from tests.support.notify import FINE, LATE, Desk, contact, event, gap, promise, staff

INSIDE = "customer is a pain, deprioritised"
MISSED = Fact(kind=FactKind.MILESTONE_MISSED, event_id="ev-m", name="boarded", at=NOON, reason=INSIDE, told=True)
JOB = Fact(kind=FactKind.INCIDENT_OPEN, event_id="ev-i", name="it_ops", at=NOON, text="ECONNREFUSED in job 4711")
PUBLIC = [
    msgspec.structs.replace(MISSED, public_reason="the van broke down"),
    msgspec.structs.replace(JOB, public_text="Snow at Newark"),
]
SECRETS = (INSIDE, "4711", "it_ops")
WORSE = msgspec.structs.replace(LATE, p50=NOON + timedelta(hours=9), p80=NOON + timedelta(hours=10))


def parts(mail: EmailMessage) -> str:
    """Every header and both bodies of a mail, decoded."""
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    return headers + "".join(part.get_content() for part in mail.walk() if not part.is_multipart())


async def all_sent(desk: Desk) -> None:
    while await desk.send():
        pass


def to_the_customer(desk: Desk) -> list[str]:
    return [parts(mail.parsed()) for mail in desk.received() if mail.recipients[0] == "pat@customer.example"]


async def test_no_letter_of_a_promises_life_has_an_internal_word_and_the_owners_have(desk_: Desk) -> None:
    await desk_.take(staff(), promise(owner="anna"), contact(), gap(1, FINE, facts=[MISSED, JOB]), tick=True)
    await all_sent(desk_)
    await desk_.later(10, gap(2, WORSE, facts=[MISSED, JOB], at=desk_.clock.now()))
    await all_sent(desk_)
    cancelled = msgspec.structs.replace(MISSED, kind=FactKind.MILESTONE_CANCELLED, event_id="ev-c")
    await desk_.later(10, gap(3, None, Standing.CANCELLED, facts=[cancelled, JOB], at=desk_.clock.now()))
    await all_sent(desk_)
    letters = to_the_customer(desk_)
    assert len(letters) == 3
    for letter in letters:
        assert not [secret for secret in SECRETS if secret in letter]
    assert "An incident that may affect this has been open since" in letters[0]
    owners = [parts(mail.parsed()) for mail in desk_.received() if mail.recipients[0] == "anna@company.example"]
    assert len(owners) == 3
    assert all(f"Reason: {INSIDE}." in text and "not sent to the customer" in text for text in owners)
    rows = await desk_.database.pool.fetch("SELECT records FROM outbox WHERE topic = 'notices'")
    told = b"".join(record.value for row in rows for record in unpack(row["records"]))
    assert not [secret for secret in SECRETS if secret.encode() in told]


async def test_what_was_given_for_customers_reaches_them(desk_: Desk) -> None:
    await desk_.take(promise(), contact(), gap(1, FINE, facts=PUBLIC), tick=True)
    await all_sent(desk_)
    [letter] = to_the_customer(desk_)
    assert "Reason given: the van broke down." in letter
    assert "Snow at Newark, since" in letter
    assert not [secret for secret in SECRETS if secret in letter]


async def test_a_gap_published_before_there_were_public_words_is_internal(desk_: Desk) -> None:
    sent = gap(1, FINE, facts=PUBLIC)
    data = msgspec.json.decode(encode(sent).value)
    for fact in data["facts"]:
        del fact["public_reason" if "public_reason" in fact else "public_text"]
    record = encode(sent)
    old = decode("gaps", record.headers, Record(record.key, msgspec.json.encode(data), record.headers).value)
    assert isinstance(old.data, GapScored)
    await desk_.take(promise(), contact(), old, tick=True)
    await all_sent(desk_)
    [letter] = to_the_customer(desk_)
    assert not [secret for secret in SECRETS if secret in letter]


@pytest.mark.parametrize("owner", [None, "anna"])
async def test_a_message_that_waited_since_before_is_composed_afresh_and_said_once(
    desk_: Desk, owner: str | None
) -> None:
    await desk_.take(staff(), promise(owner=owner), contact(), gap(1, FINE, facts=[MISSED]), tick=True)
    await desk_.database.pool.execute(
        "UPDATE notice SET public_words = false, body = body || $1, html = html || $1, subject = subject || $1", INSIDE
    )
    await all_sent(desk_)
    assert desk_.received() == []
    await desk_.later(1)
    await all_sent(desk_)
    [letter] = to_the_customer(desk_)
    assert INSIDE not in letter
    assert [mail.recipients[0] for mail in desk_.received()][:-1] == ([] if owner is None else ["anna@company.example"])
    customers = [row for row in await desk_.notices() if row["audience"] == "customer"]
    assert customers[-1]["state"] == "sent"
    assert {row["state"] for row in customers[:-1]} <= {"suppressed"}


async def test_of_what_staff_say_to_each_other_nothing_is_kept(desk_: Desk) -> None:
    handoff = HandoffChanged(
        handoff_id="h1",
        promise_id="p1",
        customer_id="c1",
        state=HandoffState.DECLINED,
        at=NOON,
        deliverer="ops",
        department="sales",
        reason=INSIDE,
    )
    challenge = ChallengeChanged(
        challenge_id="d1", about="promise", about_id="p1", state=ChallengeState.OPENED, at=NOON, reason=INSIDE
    )
    await desk_.take(promise(), contact(), gap(1), event(handoff, 1), event(challenge, 1))
    tables = await desk_.database.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    assert len(tables) > 10
    for row in tables:
        found = f"SELECT count(*) FROM {row['tablename']} t WHERE t::text LIKE '%' || $1 || '%'"
        assert await desk_.database.pool.fetchval(found, INSIDE) == 0, row["tablename"]
