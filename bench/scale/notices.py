"""Very many notices were sent; a mail that is due goes out at once all the same."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from bench.scale.bulk import database_size, filling
from bench.scale.promises import made
from bench.scale.scenario import Finding, Scenario, plain, within
from bench.scale.site import Site
from candor.contracts import ContactSet, Forecast, GapScored, Message, Standing, message
from candor.contracts.sealed import seal
from candor.local.ports import choose_port
from promise_svc.service.sealing import public_key

MAILS: Final = 10
WATCHED: Final = 60.0
CHUNK: Final = 500_000
NOTICES: Final = """
INSERT INTO notice (notice_id, customer_id, promise_id, episode, statement, state, reason, spoken_for, version, closing,
  subject, body, html, evidence, findings, gap_version, reply_to, decided_at, changed_at, created_at, addressee,
  public_words, words_since)
SELECT 'notice-' || number, 'cust-' || number % 100000, 'old-' || number, 1, 'warning', 'sent', 'delivered', 'p_slip',
  3, false, '', '', '', '{}', '[]', 1, '', at, at, at, 'cust-' || number % 100000, true, NULL
FROM generate_series($1::bigint, $2::bigint) AS number
  CROSS JOIN LATERAL (SELECT $3::timestamptz - make_interval(secs => 86400 + number::float8) AS at) AS when_"""
DELIVERIES: Final = """
INSERT INTO delivery (delivery_id, notice_id, channel, recipient, state, outcome, phase, epoch, attempts, created_at,
  changed_at)
SELECT 'delivery-' || number, 'notice-' || number, 'email', '', 'sent', 'delivered', 'final', 1, 1, at, at
FROM generate_series($1::bigint, $2::bigint) AS number
  CROSS JOIN LATERAL (SELECT $3::timestamptz - make_interval(secs => 86400 + number::float8) AS at) AS when_"""


async def run(site: Site, count: int) -> Sequence[Finding]:
    """Fill notify-svc, start it beside a mail server, and let ten promises become late."""
    connection = await site.connect("notify-svc")
    try:
        await fill(connection, count)
        size = f"{count:,} rows, {plain(await database_size(connection) / 1e9)} GB"
    finally:
        await connection.close()
    http, smtp = choose_port(None, "the mailbox"), choose_port(None, "SMTP")
    file = str(site.folder.data / "messages.jsonl")
    module = ("candor.local.mailbox", "--http", str(http), "--smtp", str(smtp), "--file", file)
    mailbox = await site.launch("mailbox", module, http, site.stage.settings())
    feed = await site.feed()
    await feed.send(_known(site))
    # Nobody else is here whose word the age of facts could be known by.
    own = {"EXPECTED_PROCESSES": "notify-svc", "HOLD_MINUTES": "0.001", "OWNER_WAIT_MINUTES": "0", "JOINT_SECONDS": "0"}
    await site.start("notify-svc", wait=True, SMTP_PORT=str(smtp), **own)
    begun = time.monotonic()
    await feed.send([_late(number) for number in range(MAILS)])
    took = math.inf
    while time.monotonic() - begun < WATCHED and math.isinf(took):
        await asyncio.sleep(0.1)
        total = (await site.client.get(f"{mailbox.url}/messages", params={"limit": 1})).json()["total"]
        took = time.monotonic() - begun if total >= MAILS else took
    return [
        Finding("notices, with their words emptied", size),
        within(f"{MAILS} mails received, the last after", took, 10.0, WATCHED),
    ]


async def fill(connection: asyncpg.Connection[Any], count: int, before: datetime | None = None) -> None:
    """Write `count` notices that were sent over the years before, by default before now, and the delivery of each."""
    ends = before or datetime.now(UTC)
    for table, statement in (("notice", NOTICES), ("delivery", DELIVERIES)):
        async with filling(connection, table):
            for start in range(0, count, CHUNK):
                await connection.execute(statement, start + 1, min(count, start + CHUNK), ends)
        await connection.execute(f"ANALYZE {table}")


def _known(site: Site) -> list[Message]:
    """Ten customers with a promise each, and how they are reached."""
    key, now, found = public_key(site.contact_key), datetime.now(UTC), []
    for number in range(MAILS):
        contact = {"email": f"c{number}@example.com", "name": "Pat", "language": "en", "consent": True}
        data = ContactSet(f"mailed-{number}", seal(key, msgspec.json.encode(contact)))
        found.append(message(f"contact.{number}", "promise-svc", now, data.customer_id, 1, data))
        found.append(made(f"late-{number}", f"mailed-{number}", days=0.5))
    return found


def _late(number: int) -> Message:
    now = datetime.now(UTC)
    due = now + timedelta(hours=12)
    forecast = Forecast(0.93, due + timedelta(hours=3), due + timedelta(hours=6), due + timedelta(hours=9), n=400)
    data = GapScored(
        promise_id=f"late-{number}",
        customer_id=f"mailed-{number}",
        standing=Standing.OPEN,
        score=80.0,
        as_of=now,
        held_due=due,
        forecast=forecast,
    )
    version = int(now.timestamp() * 1000)
    return message(f"gap.{version}.{number}", "risk-svc", now, data.customer_id, version, data)


SCENARIOS = (
    Scenario(
        name="notices",
        about="mail goes out beside notices of years",
        things="notices",
        stated=20_000_000,
        usual=0.1,
        run=run,
        deadline=600,
        row_bytes=1_000,
    ),
)
