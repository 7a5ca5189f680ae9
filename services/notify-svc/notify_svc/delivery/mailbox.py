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
from notify_svc.channels.email.reports import Report, Said, read
from notify_svc.compose.reach import Reach
from notify_svc.delivery import returned
from notify_svc.store import mail_reports, read_model
from notify_svc.store.mail_reports import Told

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database

EVERY_SECONDS: Final = 30.0
SOON_SECONDS: Final = 0.1
AGAIN_SECONDS: Final = 60.0
FAILED: Final = (Said.GONE, Said.RETURNED)
PROOFS: Final = (Said.ARRIVED, Said.AUTO_REPLY, Said.REPLY)
"""What nobody says of a message that did not arrive."""
UNREADABLE, NOT_OURS = "unreadable", "not_ours"
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
        told = await mail_reports.about(uow, report.ids) if report else []
        told = [one for one in told if report and self._is_about(report, one)]
        if report is None or not told:
            return NOT_OURS
        name = hashlib.blake2b(raw, digest_size=16).hexdigest()
        if await mail_reports.keep(uow, name, report.said.value, report.code, told):
            await self._apply(uow, report, told)
        return report.said.value

    def _is_about(self, report: Report, told: Told) -> bool:
        """Whether a report names the address that the message went to: an id alone may be known to others."""
        if report.said in (Said.AUTO_REPLY, Said.REPLY):
            return True
        return told.recipient in {self._reach.opener.recipient(address) for address in report.addresses}

    async def _apply(self, uow: UnitOfWork, report: Report, told: list[Told]) -> None:
        now = self._clock.now()
        # Locks are taken in the consumer's order, of all that a joint letter told: promises, customers, notices.
        await read_model.promises(uow, [one.promise_id for one in told])
        await read_model.customers(uow, {one.addressee for one in told})
        for one in told:
            if report.said in FAILED:
                gone = report.said is Said.GONE
                await returned.came_back(uow, self._reach, one.delivery_id, report.code, now, gone=gone)
            elif report.said in PROOFS:
                await returned.arrived(uow, one.delivery_id, "", now)
