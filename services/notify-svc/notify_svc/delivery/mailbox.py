"""Reads the mailbox that bounces come back to: what did not arrive is told another way, what arrived is settled."""

from __future__ import annotations

import asyncio
import hashlib
import imaplib
from typing import TYPE_CHECKING, Final

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from notify_svc import metrics
from notify_svc.channels.email.imap import Inbox, Place
from notify_svc.channels.email.reports import Said, read
from notify_svc.compose.reach import Reach
from notify_svc.delivery.hearing import NOT_OURS, hear
from notify_svc.store import mail_reports

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database

EVERY_SECONDS: Final = 30.0
SOON_SECONDS: Final = 0.1
AGAIN_SECONDS: Final = 60.0
UNREADABLE: Final = "unreadable"
log = structlog.get_logger("notify.mailbox")


class Mailbox(Rounds):
    """A background that reads some mails a round; several processes may, as reading one twice does no harm."""

    name = "mailbox"

    def __init__(self, database: Database, inbox: Inbox, reach: Reach, clock: Clock) -> None:
        super().__init__()
        self._database = database
        self._inbox = inbox
        self._reach = reach
        self._clock = clock
        self._problem = ""
        for said in (*Said, UNREADABLE, NOT_OURS):
            metrics.MAIL_REPORTS.labels(said).inc(0)

    async def check(self) -> None:
        """Raises ConnectionError if the last round could not read the mailbox."""
        if self._problem:
            raise ConnectionError(f"the mailbox of bounces: {self._problem}")

    async def round(self) -> float:
        """Read some; what the mailbox or the database refuses is tried again."""
        try:
            more = await self.read()
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            self._problem = type(error).__name__
            consequence = "mails that came back are not heard of until it can be read"
            log.warning("mailbox not read", error=self._problem, consequence=consequence)
            return AGAIN_SECONDS
        except StoreUnavailable as error:
            log.warning("mailbox not read", error=error.detail, consequence="read again")
            return EVERY_SECONDS
        self._problem = ""
        return SOON_SECONDS if more else EVERY_SECONDS

    async def read(self) -> bool:
        """Read the next mails, each in a transaction with how far it got; whether there may be more."""
        async with unit_of_work(self._database, durable=False) as uow:
            place = await mail_reports.place(uow, self._inbox.name)
        found = await asyncio.to_thread(self._inbox.after, place)
        for uid, raw in found.mails:
            await self._take(raw, Place(found.place.validity, uid))
        if found.place != place:
            async with unit_of_work(self._database) as uow:
                await mail_reports.move(uow, self._inbox.name, found.place)
        return found.more

    async def _take(self, raw: bytes, place: Place) -> None:
        async with unit_of_work(self._database) as uow:
            said = await self._said(uow, raw)
            await mail_reports.move(uow, self._inbox.name, place)
        metrics.MAIL_REPORTS.labels(said).inc()

    async def _said(self, uow: UnitOfWork, raw: bytes) -> str:
        """What a mail said, once that is saved; what cannot be read is passed over."""
        try:
            report = read(raw, self._inbox.domain)
        except Exception as error:
            # Anybody may write to the mailbox, and the parser is not ours.
            log.warning("mail passed over", error=type(error).__name__, consequence="it is read as none of ours")
            return UNREADABLE
        name = hashlib.blake2b(raw, digest_size=16).hexdigest()
        return await hear(uow, self._reach, report, name, self._clock.now())
