"""Asks customers once by a letter for what is still open about their need, and tells the owner if no answer comes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import NoticeState, Statement, staff_key
from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from notify_svc.briefs import kept, unanswered
from notify_svc.compose.asking import asking
from notify_svc.compose.house import Houses
from notify_svc.compose.letter import CANNOT_COMPOSE
from notify_svc.compose.reach import Reach, Route
from notify_svc.compose.words import translations
from notify_svc.delivery import switches
from notify_svc.domain.chase import Chase
from notify_svc.domain.facts import Announcement, Promise, Reason, Rules
from notify_svc.domain.identity import notice_id
from notify_svc.domain.owner import Audience
from notify_svc.domain.silence import CAP_WINDOW, silenced
from notify_svc.page.links import Links, linked
from notify_svc.page.texts import LINK
from notify_svc.store import clarifications, notices, read_model
from notify_svc.store.clarifications import Due, still_asked
from notify_svc.store.notices import Notice
from notify_svc.store.read_model import Customer

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database

EVERY_SECONDS: Final = 30.0
SOON_SECONDS: Final = 0.1
PAGE: Final = 50
"""Promises of one transaction."""
SETTLES: Final = timedelta(hours=1)
"""Questions that are asked one after the other are asked for by one letter: it waits so long after the last."""
log = structlog.get_logger("notify.chasing")


class Chaser(Rounds):
    """Several processes may run one each: what one asks for is locked meanwhile, and noted with its letter."""

    name = "questions"

    def __init__(
        self,
        database: Database,
        reach: Reach,
        clock: Clock,
        rules: Rules,
        houses: Houses,
        chase: Chase,
        links: Links | None,
    ) -> None:
        super().__init__()
        self._database, self._reach, self._clock = database, reach, clock
        self._rules, self._houses, self._chase, self._links = rules, houses, chase, links
        self._after = ""

    async def round(self) -> float:
        """Ask for some; without the database they wait."""
        try:
            return SOON_SECONDS if await self.once() else EVERY_SECONDS
        except StoreUnavailable as error:
            log.warning("open questions not looked at", reason=error.detail, consequence="they are looked at later")
        return EVERY_SECONDS

    async def once(self) -> bool:
        """Look at one page, and tell owners; whether there is more to do at once."""
        now = self._clock.now()
        async with unit_of_work(self._database) as uow:
            found = await self._due(uow, now)
            await self._ask(uow, found, now)
        self._after = found[-1].promise_id if len(found) == PAGE else ""
        async with unit_of_work(self._database) as uow:
            late = await clarifications.long_open(uow, now - self._chase.owner_after, PAGE)
            mails = [unanswered.told(one, now) for one in late]
            await kept.take(uow.connection, [mail for mail in mails if mail is not None])
        return PAGE in (len(found), len(late))

    async def _due(self, uow: UnitOfWork, now: datetime) -> list[Due]:
        return await clarifications.to_chase(uow, self._after, now + self._chase.before, now - SETTLES, PAGE)

    async def _ask(self, uow: UnitOfWork, found: list[Due], now: datetime) -> None:
        if not found:
            return
        # Locks are taken in the consumer's order: promises, customers, notices.
        known = await read_model.promises(uow, [one.promise_id for one in found])
        customers = await read_model.customers(uow, {one.customer_id for one in found})
        # Another process may have asked for some of them before the lock was had, in a letter of other questions.
        again = await self._due(uow, now)
        due = [one for one in found if one in again and one.promise_id in known and still_asked(known[one.promise_id])]
        sent = Counter(await notices.sent_since(uow, {one.customer_id for one in due}, now - CAP_WINDOW))
        failed = await notices.failed_on(uow, [one.promise_id for one in due])
        sending = (await switches.read(uow)).sending
        for one in due:
            promise = known[one.promise_id].promise
            customer = customers.get(one.customer_id) or Customer(one.customer_id)
            if promise is None:
                continue
            notice = await self._notice(uow, one, promise, customer, sent[one.customer_id], failed, now)
            if notice is None:
                continue
            if notice.state is NoticeState.PENDING:
                sent[one.customer_id] += 1
                if not sending:
                    notice = replace(notice, state=NoticeState.PREVIEW, reason=Reason.SENDING_OFF)
            await notices.add(uow, [notice], now)
            await clarifications.chased(uow, one.ids, notice.notice_id)

    async def _notice(
        self,
        uow: UnitOfWork,
        due: Due,
        promise: Promise,
        customer: Customer,
        sent: int,
        failed: dict[tuple[str, str], set[str]],
        now: datetime,
    ) -> Notice | None:
        """The letter, or why there is none; None as long as the customer is left in peace."""
        route, recipient = self._reach.look(
            customer.sealed,
            refused=customer.refused_on,
            failed=failed.get((due.promise_id, due.customer_id), ()),
            erased=customer.erased_at is not None,
            stopped=customer.stopped_at is not None,
            left=customer.left_purposes,
        )
        against = silenced(promise, recipient, sent, self._rules.daily_cap, Reason.QUESTION_OPEN, Statement.UPDATE)
        if against is Reason.DAILY_CAP or (route is not None and route.rests(promise, now, self._rules)):
            return None
        bare = _bare(due, now)
        if against is not None or route is None:
            return replace(bare, state=NoticeState.SUPPRESSED, reason=against or Reason.BAD_CONTACT)
        try:
            return await self._composed(uow, bare, due, promise, route, now)
        except CANNOT_COMPOSE as error:
            log.exception("question not composed", promise=due.promise_id, error=type(error).__name__)
            return replace(bare, state=NoticeState.HELD, reason=Reason.NOT_COMPOSED)

    async def _composed(
        self, uow: UnitOfWork, bare: Notice, due: Due, promise: Promise, route: Route, now: datetime
    ) -> Notice:
        name = staff_key(promise.owner) if promise.owner else ""
        staff = (await read_model.contacts(uow, [name])).get(name) if name else None
        signer = self._reach.signer(staff.sealed) if staff else None
        links = await self._links.give(uow, {due.promise_id: due.customer_id}) if self._links is not None else {}
        address = links.get(due.promise_id, "")
        made = asking(promise, due.questions, route, self._houses.now(), signer, now, linked=bool(address))
        notice = replace(
            bare,
            subject=made.subject,
            body=made.text,
            html=made.html,
            evidence=notices.json_text({"asked": due.ids, "language": made.language}),
            channel=route.channel.name,
            recipient=route.recipient,
        )
        return linked(notice, address, route.channel.form, translations(made.language).gettext(LINK))


def _bare(due: Due, now: datetime) -> Notice:
    """The letter without words: its identity is what it asks for, so that the same is asked for once."""
    asked = "asked " + " ".join(f"{len(one)}:{one}" for one in sorted(due.ids))
    return Notice(
        notice_id=notice_id(due.customer_id, due.promise_id, 0, Statement.UPDATE, asked),
        addressee=due.customer_id,
        customer_id=due.customer_id,
        promise_id=due.promise_id,
        episode=0,
        statement=Statement.UPDATE,
        state=NoticeState.PENDING,
        reason=Reason.QUESTION_OPEN,
        spoken_for=Reason.QUESTION_OPEN,
        told=Announcement(Statement.UPDATE, now),
        audience=Audience.ASKED,
    )
