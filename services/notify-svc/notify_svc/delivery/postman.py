"""One attempt at one claimed delivery: check again whether it may be sent, send it, and save the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from candor.contracts import NoticeState
from candor.ops.clock import Clock
from candor.store.db import Database
from candor.store.erasing import doomed
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from notify_svc.channels import Begin, Fate, Message, Outcome
from notify_svc.compose.joint import Part, joined
from notify_svc.compose.reach import Reach, Route
from notify_svc.delivery import claims
from notify_svc.delivery.claims import Claim, Joint
from notify_svc.delivery.reopen import Lost, fall_back, rethink, withdraw_next
from notify_svc.domain.facts import Promise, Reason, Rules
from notify_svc.domain.identity import joint_id, joint_thread_id, thread_id
from notify_svc.domain.owner import Audience
from notify_svc.domain.silence import CAP_WINDOW, Recipient, outdated, silenced, unasked
from notify_svc.page.links import Links
from notify_svc.store import clarifications, notices, offers, read_model, wishes
from notify_svc.store.clarifications import still_asked

AT_ONCE: Final = 1.0
"""Seconds until a next try that need not wait for anybody to recover."""
log = structlog.get_logger("notify.sending")


@dataclass(frozen=True, slots=True)
class Patience:
    """Time limits in seconds and the number of attempts; `lease` must be longer than a channel's `final_seconds`."""

    lease: float = 90
    freshest: float = 60
    attempts: int = 12
    saving: float = 60


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The result of a check: a reason not to send, or the route to use, and where the customer leaves our messages."""

    reason: Reason | None = None
    route: Route | None = field(default=None, repr=False)
    leave: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Postman:
    """Sends claimed deliveries to customers, and to owners before them, each over its channel."""

    database: Database
    reach: Reach
    clock: Clock
    rules: Rules
    patience: Patience
    links: Links | None = None

    @property
    def joint(self) -> Joint:
        """How messages to one customer go in one letter."""
        if self.rules.joint_most == 1:
            return claims.ALONE
        channels = [name for name, channel in self.reach.channels.items() if channel.form.joint]
        return Joint(channels, self.rules.joint_most, self.rules.joint_wait.total_seconds())

    async def deliver(self, claimed: Sequence[Claim]) -> None:
        """Carry out the claims of one letter; an outcome that cannot be saved in time is left to the lease.

        What may not be told any more drops out of it, and the others go.
        """
        async with unit_of_work(self.database) as uow:
            first = await self._looks(uow, claimed)
        letter = [claim for claim, looked in first.items() if looked.route is not None]
        for claim in claimed:
            if claim not in letter:
                await self._withhold(claim, first[claim].reason or Reason.SUPERSEDED)
        if not letter:
            return
        route, leave = first[letter[0]].route, first[letter[0]].leave
        if route is None:
            raise RuntimeError("what is told has a route")
        against: dict[Claim, Reason] = {}
        begun: list[bool] = []

        async def begin() -> bool:
            async with unit_of_work(self.database) as uow:
                last = await self._looks(uow, letter)
                against.update({claim: looked.reason for claim, looked in last.items() if looked.reason is not None})
                # Aborted and tried again at the address of now: the old one may be another person's.
                elsewhere = any(
                    looked.route is None or looked.route.recipient != route.recipient for looked in last.values()
                )
                if against or elsewhere:
                    return False
                agreed = await claims.finalise(uow, letter, self.patience.lease, self.patience.freshest)
            begun.append(agreed)
            return agreed

        outcome = await self._attempt(letter, route, leave, begin, begun)
        known = {"fate": outcome.fate.value, "step": outcome.step, "code": outcome.code, "error": outcome.error}
        log.info("attempt", notice=letter[0].notice_id, promises=len(letter), channel=letter[0].channel, **known)
        dropped = against if outcome.fate is Fate.ABORTED else {}
        for claim, reason in dropped.items():
            await self._withhold(claim, reason)
        if rest := [claim for claim in letter if claim not in dropped]:
            await self._save(rest, outcome, route.recipient)

    async def _attempt(
        self, letter: Sequence[Claim], route: Route, leave: str, begin: Begin, begun: list[bool]
    ) -> Outcome:
        """Let the channel send, for as long as the lease lasts: one that hangs or fails must not stop the others."""
        try:
            async with asyncio.timeout(self.patience.lease):
                return await route.channel.send(_message(letter, route, leave), begin)
        except StoreUnavailable:
            raise
        except Exception as error:
            # After `begin` nobody can know whether it went out.
            fate = Fate.UNKNOWN if any(begun) else Fate.LATER
            log.exception("channel failed", channel=route.channel.name, notice=letter[0].notice_id, fate=fate.value)
            return Outcome(fate, "send", error=type(error).__name__)

    async def _looks(self, uow: UnitOfWork, letter: Sequence[Claim]) -> dict[Claim, _Verdict]:
        """Whether the newest facts still support each message of a letter to one customer."""
        now, addressee = self.clock.now(), letter[0].addressee
        names, joint = [one.notice_id for one in letter], self.rules.joint_most > 1
        sent = await notices.sent_since(uow, [addressee], now - CAP_WINDOW, but=names, joint=joint)
        return {claim: await self._look(uow, claim, sent.get(addressee, 0), now) for claim in letter}

    async def _look(self, uow: UnitOfWork, claim: Claim, others: int, now: datetime) -> _Verdict:
        """Whether the newest facts still support this message, beside so many `others` to this addressee."""
        if not claim.public_words:
            return _Verdict(Reason.SUPERSEDED)
        if claim.channel not in self.reach.channels:
            # Decided again, for a channel that there is.
            return _Verdict(Reason.CHANNEL_GONE)
        row = await uow.connection.fetchrow(_LOOK, claim.promise_id, claim.addressee, claim.notice_id)
        if row is None:
            return _Verdict(Reason.ERASED)
        known = read_model.known(row)
        route, recipient = self.reach.look(
            row["sealed"],
            refused=row["refused_on"] or (),
            stopped=row["stopped_at"] is not None,
            left=row["left_purposes"] or (),
            only=claim.channel,
        )
        cap = self.rules.owner_daily_cap if claim.audience is Audience.OWNER else self.rules.daily_cap
        said, rules = claim.said, self.rules
        if claim.audience is Audience.CUSTOMER:
            said, rules = notices.decided_on(said, row), self.reach.rules_of(row["sealed"], rules)
        reason = silenced(known.promise, recipient, others, cap, said.spoken_for, said.statement)
        if reason is None and claim.audience is Audience.ASKED:
            reason = None if still_asked(known) else Reason.SUPERSEDED
        elif reason is None:
            reason = outdated(said, known.promise, known.gap, now, rules)
        gone = row["offer_gone"] or row["question_gone"] or row["wish_gone"]
        if reason is None and (gone or self._unasked(claim, recipient)):
            reason = Reason.SUPERSEDED
        if reason is None and route is None:
            # The recipient is now reached another way: a new decision will use that route.
            reason = Reason.SUPERSEDED
        if reason is None and route and known.promise and self._in_peace(claim, route, known.promise, now):
            reason = Reason.QUIET_HOURS
        leave = self.links.leaving(row["link_id"]) if self.links is not None and row["link_id"] else ""
        return _Verdict(reason, None if reason else route, leave)

    def _in_peace(self, claim: Claim, route: Route, promise: Promise, now: datetime) -> bool:
        """Whether the customer's quiet hours have begun while the message waited, unless it was announced for now."""
        if claim.audience is Audience.OWNER or claim.said.spoken_for is Reason.UPDATE_DUE:
            return False
        return route.rests(promise, now, self.rules) is not None

    def _unasked(self, claim: Claim, recipient: Recipient) -> bool:
        """Whether it announces an update to a customer who has come to want none; what an owner reads is about them."""
        return claim.audience is Audience.CUSTOMER and unasked(claim.said, recipient)

    async def _withhold(self, claim: Claim, reason: Reason) -> None:
        """Suppress the notice and have the promise decided again.

        If the owner was not told because the message is no longer true, the customer is not told this way either.
        """
        now = self.clock.now()
        async with unit_of_work(self.database) as uow:
            rows = await read_model.promises(uow, [claim.promise_id])
            if await claims.finish(uow, claim, NoticeState.SUPPRESSED, reason, now):
                if claim.ahead_of and reason in (Reason.SUPERSEDED, Reason.STALE):
                    await notices.suppress(uow, [claim.ahead_of], reason, now)
                if claim.audience is Audience.CUSTOMER:
                    await withdraw_next(uow, claim.promise_id, now)
                await rethink(uow, rows.values(), now)
                await read_model.save_promises(uow, list(rows.values()))

    async def _save(self, letter: Sequence[Claim], outcome: Outcome, recipient: str) -> None:
        """Retry until the lease has surely expired, so that a database outage does not lose the outcome."""
        try:
            async with asyncio.timeout(self.patience.saving):
                while not await self._saved(letter, outcome, recipient):  # noqa: ASYNC110 - an outage, not an event
                    await asyncio.sleep(0.5)
        except TimeoutError:
            consequence = "the lease decides: before DATA sent again, after it held as unknown"
            log.warning("outcome not stored", notice=letter[0].notice_id, fate=outcome.fate, consequence=consequence)

    async def _saved(self, letter: Sequence[Claim], outcome: Outcome, recipient: str) -> bool:
        try:
            async with unit_of_work(self.database) as uow:
                await self._write(uow, letter, outcome, recipient)
        except StoreUnavailable as error:
            log.warning("outcome not stored yet, trying again", notice=letter[0].notice_id, reason=error.detail)
            return False
        return True

    async def _write(self, uow: UnitOfWork, letter: Sequence[Claim], outcome: Outcome, recipient: str) -> None:
        if outcome.fate not in (Fate.SENT, Fate.UNKNOWN):
            # Locks are taken in the consumer's order: promises, customers, notices.
            await read_model.promises(uow, [claim.promise_id for claim in letter])
        for claim in sorted(letter, key=lambda one: one.promise_id):
            await self._write_one(uow, claim, outcome, recipient)

    async def _write_one(self, uow: UnitOfWork, claim: Claim, outcome: Outcome, recipient: str) -> None:
        now = self.clock.now()
        match outcome.fate:
            case Fate.SENT:
                await claims.finish(
                    uow, claim, NoticeState.SENT, Reason.DELIVERED, now, outcome=outcome, recipient=recipient
                )
            case Fate.UNKNOWN:
                await claims.finish(
                    uow, claim, NoticeState.UNKNOWN, Reason.OUTCOME_UNKNOWN, now, outcome=outcome, recipient=recipient
                )
            case Fate.REFUSED | Fate.REFUSED_RECIPIENT:
                await self._failed(uow, claim, outcome, recipient, Reason.REFUSED)
            case _ if claim.attempts >= self.patience.attempts:
                await self._failed(uow, claim, outcome, recipient, Reason.GAVE_UP)
            case _:
                pause = outcome.wait or claims.backoff(claim.attempts) if outcome.fate is Fate.LATER else AT_ONCE
                await self._again(uow, claim, outcome, recipient, pause)

    async def _again(self, uow: UnitOfWork, claim: Claim, outcome: Outcome, recipient: str, pause: float) -> None:
        now = self.clock.now()
        await claims.finish(
            uow,
            claim,
            NoticeState.PENDING,
            Reason.TRY_LATER,
            now,
            retry_seconds=pause,
            outcome=outcome,
            recipient=recipient,
        )

    async def _failed(self, uow: UnitOfWork, claim: Claim, outcome: Outcome, recipient: str, reason: Reason) -> None:
        """End the delivery as failed, unless the address that was tried is no longer the addressee's.

        Nothing was sent for certain, so the promise is decided again, for the contact's next channel if it has one.
        """
        now = self.clock.now()
        # Locks are taken in the consumer's order: promises, customers, notices.
        rows = await read_model.promises(uow, [claim.promise_id])
        if not await self._reached_at(uow, claim, recipient):
            await self._again(uow, claim, outcome, recipient, AT_ONCE)
            return
        if outcome.fate is Fate.REFUSED_RECIPIENT:
            await read_model.refuse(uow, claim.addressee, claim.channel)
        if await claims.finish(uow, claim, NoticeState.FAILED, reason, now, outcome=outcome, recipient=recipient):
            lost = Lost(claim.notice_id, claim.promise_id, claim.addressee, claim.channel, claim.ahead_of)
            await fall_back(uow, self.reach, lost, rows.values(), now)

    async def _reached_at(self, uow: UnitOfWork, claim: Claim, recipient: str) -> bool:
        """Whether this is still the addressee's address on the claim's channel; locks the contact."""
        found = await read_model.customers(uow, [claim.addressee])
        sealed = found[claim.addressee].sealed if claim.addressee in found else None
        route, _ = self.reach.look(sealed, only=claim.channel)
        return route is not None and route.recipient == recipient


def _message(letter: Sequence[Claim], route: Route, leave: str) -> Message:
    form, first = route.channel.form, letter[0]
    subject, text, html = first.subject, first.body, first.html
    name, thread, delivery = first.notice_id, thread_id(first.promise_id), first.delivery_id
    if len(letter) > 1:
        parts = [
            Part(statement=one.said.statement, line=one.line, text=one.body, html=one.html)
            for one in letter
            if one.line
        ]
        subject, text, html = joined(parts, form)
        name, thread = joint_id(one.notice_id for one in letter), joint_thread_id(first.addressee)
        delivery = name
    return Message(
        delivery_id=delivery,
        notice_id=name,
        thread=thread,
        reply_to=first.reply_to,
        at=max(one.said_at for one in letter),
        address=route.address,
        name=route.contact.name,
        subject=subject if form.subject else "",
        text=text,
        html=html if form.html else "",
        attempt=first.attempts,
        leave=leave,
    )


_LOOK = f"""
SELECT {read_model.PROMISE_COLUMNS}, c.sealed, c.refused_on, c.stopped_at, c.left_purposes, (
    SELECT link_id FROM page_link WHERE page_link.promise_id = p.promise_id AND page_link.customer_id = $2
      AND revoked_at IS NULL) AS link_id, {offers.GONE} AS offer_gone, {clarifications.GONE} AS question_gone,
    {wishes.GONE} AS wish_gone,
    {notices.BEFORE_COLUMNS}
FROM promise p LEFT JOIN episode e USING (promise_id)
  LEFT JOIN customer c ON c.customer_id = $2
  LEFT JOIN notice n ON n.notice_id = $3 {notices.BEFORE}
WHERE p.promise_id = $1 AND NOT {doomed("p")}"""  # noqa: S608 - constants only
