"""Builders of what notify-svc reads, and a whole notify-svc on a real database and a real mail server."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from nacl.public import PrivateKey

from candor.contracts import (
    ContactRemoved,
    ContactSet,
    CustomerErased,
    Event,
    Fact,
    FactKind,
    Forecast,
    GapScored,
    Message,
    PromiseAssigned,
    PromiseMade,
    PromiseRevised,
    PromiseWithdrawn,
    Standing,
    TimesHeld,
    message,
    staff_key,
)
from candor.contracts.promise import AskedBy
from candor.contracts.sealed import seal
from candor.local.mailbox.smtp import Faults, listen
from candor.local.mailbox.store import Mailbox, ReceivedMessage, read_ledger
from candor.messaging.consumer import Work
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.migrate import upgrade
from candor.store.unit_of_work import unit_of_work
from notify_svc.channels import Channel
from notify_svc.channels.email.smtp import EmailChannel, Sender, Server
from notify_svc.compose.contact import Opener
from notify_svc.compose.house import Houses
from notify_svc.compose.reach import Reach
from notify_svc.delivery import switches
from notify_svc.delivery.postman import Patience, Postman
from notify_svc.delivery.reconcile import Reconciler
from notify_svc.domain.facts import Rules
from notify_svc.handlers import NotifyHandler
from notify_svc.service.speaker import Speaker
from notify_svc.store import read_model
from notify_svc.wiring import MIGRATIONS
from tests.support.clocks import NOON, ManualClock

KEY = PrivateKey(bytes(range(32)))
PRIVATE = base64.b64encode(bytes(KEY))
OPENER = Opener.of(PRIVATE)
SENDER = Sender("promises@mail.test", "Example Promises", "help@mail.test", "mail.test")
DUE = NOON + timedelta(hours=6)
LATE = Forecast(0.86, DUE + timedelta(minutes=37), DUE + timedelta(minutes=76), None, n=412)
FINE = Forecast(0.1, DUE - timedelta(minutes=40), DUE - timedelta(minutes=5), None, n=412)
REACH = Reach(OPENER, {"email": EmailChannel(Server("127.0.0.1", 1), SENDER)})
"""E-mail alone, to a server that nobody reaches."""
_numbers = itertools.count(1)


async def prepare(url: str) -> None:
    """A migrated database, to be copied."""
    await upgrade(url, MIGRATIONS)


def sealed(email: str = "pat@customer.example", **changes: Any) -> str:
    """A contact as promise-svc seals it."""
    contact = {"email": email, "name": "Pat", "language": "en", "zone": "America/New_York", "consent": True, **changes}
    return seal(KEY.public_key, msgspec.json.encode(contact))


def event(
    data: Event, version: int, time: datetime = NOON, *, historical: bool = False, traceparent: str = ""
) -> Message:
    """An event as it comes from its topic, with an id of its own."""
    key, name = getattr(data, "customer_id", ""), f"ev-{next(_numbers)}"
    return message(name, "test", time, key, version, data, historical=historical, traceparent=traceparent)


def promise(
    name: str = "p1",
    customer: str = "c1",
    version: int = 1,
    *,
    historical: bool = False,
    time: datetime = NOON,
    **changes: Any,
) -> Message:
    data = PromiseMade(
        promise_id=name,
        customer_id=customer,
        kind="flight",
        what="Flight UA 1545, EWR to IAH",
        made_at=NOON,
        first_due=DUE,
        latest_due=DUE,
        held_due=DUE,
        zone="America/New_York",
    )
    return event(msgspec.structs.replace(data, **changes), version, time, historical=historical)


def revised(held: datetime, name: str = "p1", customer: str = "c1", version: int = 2) -> Message:
    return event(PromiseRevised(name, customer, held, held, AskedBy.CUSTOMER, True, "asked"), version)


def moved(
    due: datetime, version: int = 2, *, held: datetime = DUE, public: str | None = None, time: datetime = NOON
) -> Message:
    """Another date that the company sets; the customer agreed if it is `held` too."""
    data = PromiseRevised("p1", "c1", due, held, AskedBy.COMPANY, held == due, "crew is short", public)
    return event(data, version, time)


def assigned(
    deliverer: str, name: str = "p1", customer: str = "c1", version: int = 2, *, accepted: bool = True
) -> Message:
    return event(PromiseAssigned(name, customer, deliverer, accepted), version)


def withdrawn(
    name: str = "p1",
    customer: str = "c1",
    version: int = 2,
    *,
    asked_by: AskedBy | None = AskedBy.CUSTOMER,
    public: str | None = None,
    time: datetime = NOON,
) -> Message:
    """Withdrawn as the customer asked, of which they are not told, or by the company."""
    return event(PromiseWithdrawn(name, customer, "called off", public, asked_by), version, time)


def contact(customer: str = "c1", version: int = 1, time: datetime = NOON, **changes: Any) -> Message:
    return event(ContactSet(customer, sealed(**changes)), version, time)


def staff(name: str = "anna", version: int = 1, **changes: Any) -> Message:
    """How a promise's owner is reached; the address is the name's at company.example."""
    about = {"email": f"{name}@company.example", "name": name.title(), **changes}
    return event(ContactSet(staff_key(name), sealed(**about)), version)


def removed(customer: str = "c1", version: int = 2) -> Message:
    return event(ContactRemoved(customer), version)


def erased(customer: str = "c1", version: int = 1, time: datetime = NOON) -> Message:
    return event(CustomerErased(customer), version, time)


def gap(
    version: int = 1,
    forecast: Forecast | None = LATE,
    standing: Standing = Standing.OPEN,
    *,
    name: str = "p1",
    customer: str = "c1",
    at: datetime = NOON,
    facts: Iterable[Fact] = (),
    completed: datetime | None = None,
    due: datetime = DUE,
    historical: bool = False,
    traceparent: str = "",
    times: TimesHeld | None = None,
) -> Message:
    data = GapScored(
        promise_id=name,
        customer_id=customer,
        standing=standing,
        score=50.0,
        as_of=at,
        held_due=due,
        contributions=[],
        forecast=forecast,
        times=times or TimesHeld(completed=200, held=0.8, holds=0.8),
        facts=list(facts),
        completed_at=completed,
    )
    return event(data, version, at, historical=historical, traceparent=traceparent)


def departed_late(minutes: float = 47, reason: str = "late inbound aircraft", event_id: str = "ev-d") -> Fact:
    at = NOON - timedelta(minutes=10)
    return Fact(
        kind=FactKind.MILESTONE_LATE,
        event_id=event_id,
        name="departed",
        at=at,
        minutes=minutes,
        told=True,
        public_reason=reason,
    )


_NOTICES = """
SELECT notice.*, channel, recipient, attempts, phase, epoch, provider_code, provider_id, next_at, unknown_since,
  delivery.state AS delivery_state, delivery.outcome
FROM notice LEFT JOIN LATERAL (
  SELECT * FROM delivery AS any_ WHERE any_.notice_id = notice.notice_id ORDER BY created_at DESC LIMIT 1
) AS delivery ON true ORDER BY seq"""


@dataclass
class Desk:
    """notify-svc without Kafka: events are given to the handler, time is moved by hand, mail goes over real SMTP."""

    database: Database
    mailbox: Mailbox
    ledger: Path
    faults: Faults
    clock: ManualClock
    speaker: Speaker
    server: Server
    patience: Patience
    lag: float = 0.0
    rules: Rules = field(default_factory=Rules)

    async def take(self, *messages: Message, tick: bool = False, fresh: bool = True) -> None:
        """One transaction of the consumer."""
        handler = NotifyHandler(self.speaker, self.clock, lambda _: self.lag)
        async with unit_of_work(self.database) as uow:
            await handler.apply(uow, [Work(0, list(messages))], tick=tick)

    async def end_erasures(self, most: int = 0) -> None:
        """All that erasures have left to do, a few rows a transaction."""
        await Eraser(self.database, read_model.erasures(most)).clear()

    async def later(self, minutes: float, *messages: Message) -> None:
        """Time passes, then a tick."""
        self.clock.advance(timedelta(minutes=minutes))
        await self.take(*messages, tick=True)

    async def warned(self, *extra: Message, forecast: Forecast = LATE, owner: str | None = None) -> None:
        """A promise, its contact, and a gap that has stood long enough: a warning waits."""
        await self.take(promise(owner=owner), contact(), gap(1, forecast), *extra)
        await self.later(5)

    def postman(self, **changes: Any) -> Postman:
        """A postman with the desk's channels; with `changes` of the mail server with e-mail alone."""
        email = EmailChannel(replace(self.server, **changes), SENDER)
        reach = Reach(OPENER, {"email": email}) if changes else self.speaker.reach
        return Postman(self.database, reach, self.clock, self.rules, self.patience, self.speaker.links)

    async def send(self, **changes: Any) -> int:
        """One turn of the sender."""
        return await Reconciler(self.postman(**changes)).once()

    async def notices(self) -> list[dict[str, Any]]:
        """Every notice, oldest first, with how far its newest delivery got where it has one."""
        rows = await self.database.pool.fetch(_NOTICES)
        return [dict(row) for row in rows]

    async def states(self) -> list[tuple[str, str, str]]:
        """(statement, state, reason) of every notice, oldest first."""
        return [(row["statement"], row["state"], row["reason"]) for row in await self.notices()]

    async def retry_now(self) -> None:
        """Every pending delivery's pause is over."""
        await self.database.pool.execute("UPDATE delivery SET next_at = now() WHERE state = 'pending'")

    async def leases_run_out(self) -> None:
        """Every claim's lease is over."""
        await self.database.pool.execute("UPDATE delivery SET lease_until = now() WHERE state = 'sending'")
        await asyncio.sleep(0.002)

    def received(self) -> list[ReceivedMessage]:
        """What the mail server took, from its file."""
        return list(read_ledger(self.ledger))


@asynccontextmanager
async def desk(
    url: str, folder: Path, *, sending: bool = True, rules: Rules | None = None, channels: Iterable[Channel] = ()
) -> AsyncIterator[Desk]:
    """A desk on the migrated database `url`, with e-mail and `channels`."""
    database = await Database.open(url)
    mailbox, faults = Mailbox(folder / "mail.jsonl"), Faults()
    listening = await listen(mailbox, faults, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server = Server("127.0.0.1", port, seconds=2, data_seconds=2)
    found: dict[str, Channel] = {channel.name: channel for channel in (EmailChannel(server, SENDER), *channels)}
    speaker = Speaker(Reach(OPENER, found), rules or Rules(), Houses())
    async with unit_of_work(database) as uow:
        await switches.begin(uow, sending=sending)
    patience = Patience(lease=30, saving=2)
    try:
        yield Desk(
            database,
            mailbox,
            folder / "mail.jsonl",
            faults,
            ManualClock(),
            speaker,
            server,
            patience,
            rules=rules or Rules(),
        )
    finally:
        listening.close()
        await database.close()
        mailbox.close()
