"""Mails weekly briefs: to each recipient once in effect, late rather than twice, and not at all after a day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from candor.ops.clock import Clock
from candor.ops.rounds import Rounds
from candor.store.db import Database
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from notify_svc.briefs import approvals, kept, owners, unanswered
from notify_svc.briefs.kept import Brief, Mail
from notify_svc.briefs.letter import Letter, letter, mail_id, owners_letter
from notify_svc.channels import Begin, Channel, Fate, Message, Outcome
from notify_svc.compose.contact import Opener
from notify_svc.delivery.claims import backoff
from notify_svc.delivery.postman import Patience

LATEST: Final = timedelta(days=1)
"""A mail that could not be sent for so long is not sent any more."""
COMPANY: Final = "*"
"""Stands for the brief of all in the settings."""
REST_SECONDS: Final = 2.0
REFUSED: Final = (Fate.REFUSED, Fate.REFUSED_RECIPIENT)
log: Final = structlog.get_logger("notify.briefs")


@dataclass(frozen=True, slots=True)
class Addressed:
    """Addresses by department, `*` for the brief of all, and what stands before /board in links."""

    recipients: Mapping[str, Sequence[str]]
    board: str


class BriefSender(Rounds):
    """Several processes may run one each, and only one holds a mail at a time."""

    name = "briefs"

    def __init__(
        self,
        database: Database,
        channel: Channel,
        opener: Opener,
        clock: Clock,
        addressed: Addressed,
        patience: Patience,
    ) -> None:
        super().__init__()
        self._database = database
        self._channel = channel
        self._opener = opener
        self._clock = clock
        self._addressed = addressed
        self._patience = patience

    async def round(self) -> float:
        """Address what has come, end what is too late, and send what is due."""
        try:
            await self.once()
        except StoreUnavailable as error:
            log.warning("briefs not sent yet", reason=error.detail, consequence="they are tried again")
        return REST_SECONDS

    async def once(self) -> int:
        """One round; returns how many mails were attempted."""
        async with unit_of_work(self._database) as uow:
            ended = await kept.expire(uow, self._patience.lease)
            for one in await kept.waiting(uow):
                await self._address(uow, one)
        if "unknown" in ended:
            log.error("brief of unknown fate", count=ended.count("unknown"), consequence="it is not sent again")
        attempted = 0
        while not self._stopping.is_set() and attempted < kept.SOME:
            async with unit_of_work(self._database) as uow:
                mail = await kept.claim(uow, self._patience.lease)
            if mail is None:
                break
            attempted += 1
            await self._deliver(mail)
        return attempted

    async def _hashed(self, uow: UnitOfWork, brief: Brief) -> dict[str, str]:
        addresses = self._addressed.recipients.get(brief.department or COMPANY, ())
        if owners.is_owners(brief):
            found = await owners.address(uow, self._opener, brief)
            addresses = (found,) if found else ()
        return {self._opener.recipient(address): address for address in addresses}

    async def _address(self, uow: UnitOfWork, one: Brief) -> None:
        hashed = await self._hashed(uow, one)
        if self._clock.now() - one.at <= LATEST:
            await kept.address(uow, one.brief_id, hashed)
            return
        unsent = await kept.close(uow, one.brief_id)
        if unsent:
            log.warning("brief too late", brief=one.brief_id, count=unsent, consequence="it is not sent any more")

    async def _deliver(self, mail: Mail) -> None:
        async with unit_of_work(self._database) as uow:
            address = (await self._hashed(uow, mail.brief)).get(mail.recipient)
            written = await self._written(uow, mail.brief)
        if address is None or written is None:
            await self._save(mail, "suppressed", "not_a_recipient" if written else "erased")
            return
        begun: list[bool] = []

        async def begin() -> bool:
            async with unit_of_work(self._database) as uow:
                begun.append(await kept.finalise(uow, mail, self._patience.lease))
            return begun[-1]

        outcome = await self._attempt(mail, address, written, begin, begun)
        log.info("brief attempt", brief=mail.brief.brief_id, fate=outcome.fate.value, step=outcome.step)
        state, why, retry = self._decided(mail, outcome)
        await self._save(mail, state, why, retry)

    async def _written(self, uow: UnitOfWork, brief: Brief) -> Letter | None:
        if approvals.is_about_waiting(brief):
            said = await approvals.said(uow, brief)
        elif unanswered.is_about_questions(brief):
            said = await unanswered.said(uow, brief)
        elif owners.is_owners(brief):
            said = await owners.said(uow, brief)
        else:
            return letter(brief, self._addressed.board)
        return None if said is None else owners_letter(brief, said, self._addressed.board)

    async def _attempt(self, mail: Mail, address: str, written: Letter, begin: Begin, begun: list[bool]) -> Outcome:
        """Let the channel send, for as long as the lease lasts."""
        name = mail_id(mail.brief.brief_id, mail.recipient)
        message = Message(
            delivery_id=name,
            notice_id=name,
            thread=mail_id("thread", mail.recipient),
            reply_to="",
            at=mail.brief.at,
            address=address,
            name=None,
            subject=written.subject,
            text=written.text,
            html=written.html,
        )
        try:
            async with asyncio.timeout(self._patience.lease):
                return await self._channel.send(message, begin)
        except StoreUnavailable:
            raise
        except Exception as error:
            # After `begin` nobody can know whether it went out.
            fate = Fate.UNKNOWN if any(begun) else Fate.LATER
            log.exception("brief not sent", brief=mail.brief.brief_id, fate=fate.value)
            return Outcome(fate, "send", error=type(error).__name__)

    def _decided(self, mail: Mail, outcome: Outcome) -> tuple[str, str, timedelta]:
        """The state that an outcome leads to, why, and after how long it is tried again."""
        if outcome.fate is Fate.SENT:
            return "sent", "delivered", timedelta(0)
        if outcome.fate is Fate.UNKNOWN:
            log.error("brief of unknown fate", brief=mail.brief.brief_id, consequence="it is not sent again")
            return "unknown", "outcome_unknown", timedelta(0)
        if outcome.fate in REFUSED or mail.attempts >= self._patience.attempts:
            log.warning("brief refused", brief=mail.brief.brief_id, step=outcome.step, code=outcome.code)
            return "failed", outcome.fate.value, timedelta(0)
        return "pending", outcome.fate.value, timedelta(seconds=backoff(mail.attempts))

    async def _save(self, mail: Mail, state: str, why: str, retry: timedelta = timedelta(0)) -> None:
        """Retry until the lease has surely expired, so that a database outage does not lose the outcome."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.saving):
                while True:
                    try:
                        async with unit_of_work(self._database) as uow:
                            await kept.finish(uow, mail, state, why, retry)
                    except StoreUnavailable:
                        await asyncio.sleep(0.5)
                    else:
                        return
