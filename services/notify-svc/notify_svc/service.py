"""Use cases: what to say about promises that changed, decided and stored in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from jinja2 import TemplateError

from candor.store.unit_of_work import UnitOfWork
from notify_svc import control, notices
from notify_svc.civil import locale_of
from notify_svc.compose import Letter, Snapshot, Wording, compose
from notify_svc.contact import BadContact, Contact, Opener, zone_of
from notify_svc.domain.episode import after_speaking, decide
from notify_svc.domain.history import State, episode_of
from notify_svc.domain.identity import notice_id, suppressed_value, told_value
from notify_svc.domain.model import Decision, Gap, Kind, Promise, Reason, Rules, Statement, Told
from notify_svc.domain.schedule import next_update, told_range
from notify_svc.domain.silence import Recipient, silenced
from notify_svc.notices import Notice
from notify_svc.store import Customer, Known

log = structlog.get_logger("notify.service")
CAP_WINDOW = timedelta(hours=24)
CAP_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Decides and composes with this deployment's rules and wording."""

    opener: Opener
    rules: Rules
    wording: Wording

    async def consider(
        self, uow: UnitOfWork, considered: Sequence[Known], customers: dict[str, Customer], now: datetime
    ) -> None:
        """Decide upon every one of `considered` (locked rows) and store what is to be said."""
        speaking = [known for known in considered if self._decided(known, now)]
        if not speaking:
            return
        await self._take_back(uow, speaking, now)
        speaking = [known for known in speaking if self._decided(known, now)]
        recipients = {known.customer_id for known in speaking}
        sent = await notices.sent_since(uow, recipients, now - CAP_WINDOW)
        previous = await notices.previous(uow, [known.promise_id for known in speaking])
        switch = await control.read(uow)
        made = []
        for known in speaking:
            customer = customers.get(known.customer_id) or Customer(known.customer_id)
            notice = self._speak(known, customer, sent.get(known.customer_id, 0), now, preview=not switch.sending)
            if notice.state is not State.SUPPRESSED:
                sent[known.customer_id] = sent.get(known.customer_id, 0) + 1
            made.append(replace(notice, reply_to=previous.get(known.promise_id, "")))
        await notices.add(uow, made, now)

    async def _take_back(self, uow: UnitOfWork, speaking: Iterable[Known], now: datetime) -> None:
        """Notices still waiting give way to what is true now; what was never told counts as never told."""
        found = await notices.entries(uow, [known.promise_id for known in speaking])
        waiting: list[str] = []
        for known in speaking:
            entries = found.get(known.promise_id, [])
            pending = [entry.notice_id for entry in entries if entry.state is State.PENDING]
            if pending:
                waiting += pending
                rest = [entry for entry in entries if entry.state is not State.PENDING]
                known.episode = episode_of(rest, known.episode.slip_since)
        await notices.suppress(uow, waiting, Reason.SUPERSEDED, now)

    def _decided(self, known: Known, now: datetime) -> bool:
        decision = decide(known.episode, known.gap, known.promise, now, self.rules)
        known.check_at = decision.wake_at
        known.decided_gap = max(known.decided_gap, known.gap_version)
        if decision.ends:
            known.episode = replace(known.episode, ended=True)
        return decision.kind is Kind.SPEAK

    def _speak(self, known: Known, customer: Customer, sent: int, now: datetime, *, preview: bool) -> Notice:
        decision = decide(known.episode, known.gap, known.promise, now, self.rules)
        promise, gap, statement = known.promise, known.gap, decision.statement
        if promise is None or gap is None or statement is None:
            raise RuntimeError("only a decision to speak, on a promise with a gap, becomes a notice")
        contact, recipient = self._contact(customer)
        reason = silenced(promise, recipient, sent, self.rules)
        if reason is not None or contact is None:
            known.check_at = now + CAP_PAUSE if reason is Reason.DAILY_CAP else None
            return _kept_back(known, decision, statement, reason or Reason.BAD_CONTACT, now)
        try:
            notice, letter = self._compose(known, promise, gap, decision, statement, contact, now)
        except (ArithmeticError, LookupError, TemplateError, TypeError, ValueError) as error:
            # A promise that no letter can be made of must not keep the others from theirs.
            log.exception("not_composed", promise=known.promise_id, error=type(error).__name__)
            _block(known)
            return replace(_kept_back(known, decision, statement, Reason.NOT_COMPOSED, now), state=State.HELD)
        if letter.findings:
            _block(known)
            return replace(notice, state=State.HELD, reason=Reason.LINT)
        known.episode = after_speaking(known.episode, decision, notice.told)
        known.check_at = None if known.episode.told is None else notice.told.next_update_by
        if preview:
            return replace(notice, state=State.PREVIEW, reason=Reason.SENDING_OFF)
        return notice

    def _compose(
        self,
        known: Known,
        promise: Promise,
        gap: Gap,
        decision: Decision,
        statement: Statement,
        contact: Contact,
        now: datetime,
    ) -> tuple[Notice, Letter]:
        zone = zone_of(contact.zone, promise.zone)
        told = self._told(known, gap, decision, statement, zone_of(contact.zone, promise.zone).key, now)
        snapshot = Snapshot(
            promise,
            gap,
            decision,
            statement,
            now,
            zone,
            locale_of(contact.language),
            told.low,
            told.high,
            told.next_update_by,
            known.episode.told,
        )
        letter = compose(snapshot, self.wording)
        completed = gap.completed_at if decision.closing else None
        value = told_value(statement, decision.reason, told.low, told.high, told.next_update_by, completed)
        notice = Notice(
            notice_id(promise.customer_id, promise.promise_id, known.episode.number, statement, value),
            promise.customer_id,
            promise.promise_id,
            known.episode.number,
            statement,
            State.PENDING,
            decision.reason,
            decision.reason,
            told,
            decision.closing,
            letter.subject,
            letter.text,
            letter.html,
            notices.json_text({"decision": decision.evidence, "support": letter.support}),
            notices.json_text(letter.findings),
            gap.version,
            self.opener.recipient(contact),
        )
        return notice, letter

    def _told(
        self, known: Known, gap: Gap, decision: Decision, statement: Statement, zone_name: str, now: datetime
    ) -> Told:
        zone = zone_of(zone_name)
        if decision.closing or statement is Statement.CANCELLED:
            return Told(statement, now)
        low, high = told_range(gap.forecast, now, zone) or (None, None)
        if statement is Statement.ALL_CLEAR:
            return Told(statement, now, low, high)
        before = known.episode.told
        waited = before.next_update_by - before.at if before and before.next_update_by else None
        same = decision.reason is Reason.UPDATE_DUE
        by = next_update(now, high or gap.held_due, zone, self.rules, waited if same else None)
        return Told(statement, now, low, high, by)

    def _contact(self, customer: Customer) -> tuple[Contact | None, Recipient]:
        if customer.sealed is None:
            return None, Recipient(erased=customer.erased_at is not None)
        try:
            contact = self.opener.open(customer.sealed)
        except BadContact:
            return None, Recipient(known=True)
        return contact, Recipient(True, contact.consent, customer.refused)


def _block(known: Known) -> None:
    known.episode = replace(known.episode, blocked=True)
    known.check_at = None


def _kept_back(known: Known, decision: Decision, statement: Statement, reason: Reason, now: datetime) -> Notice:
    number = known.episode.number
    identity = notice_id(known.customer_id, known.promise_id, number, statement, suppressed_value(reason))
    return Notice(
        identity,
        known.customer_id,
        known.promise_id,
        number,
        statement,
        State.SUPPRESSED,
        reason,
        decision.reason,
        Told(statement, now),
        decision.closing,
        evidence=notices.json_text({"decision": decision.evidence}),
        gap_version=known.gap_version,
    )
