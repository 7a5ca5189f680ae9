"""Turns a decision to speak into notices: the customer's, and one to the owner inside the company before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from candor.contracts import NoticeState, Statement
from notify_svc.compose.contact import zone_of
from notify_svc.compose.house import House
from notify_svc.compose.joint import line_of
from notify_svc.compose.letter import Letter, Snapshot, compose
from notify_svc.compose.localize import Localizer
from notify_svc.compose.owner_letter import to_the_owner
from notify_svc.compose.reach import Route
from notify_svc.compose.signer import Signer
from notify_svc.compose.words import language_of, locale_of
from notify_svc.domain.basis import Basis, basis_of
from notify_svc.domain.consistency import range_beside
from notify_svc.domain.facts import Announcement, Decision, Gap, Promise, Reason, Rules
from notify_svc.domain.identity import notice_id, suppressed_value, told_value
from notify_svc.domain.lexicon import ENGLISH
from notify_svc.domain.moving import untold, within
from notify_svc.domain.naming import greeted
from notify_svc.domain.offered import Offered, open_at
from notify_svc.domain.own import Owns
from notify_svc.domain.owner import Audience
from notify_svc.domain.quiet import QuietHours
from notify_svc.domain.schedule import in_the_morning, next_update, told_range
from notify_svc.domain.wished import Wished
from notify_svc.store import notices
from notify_svc.store.clarifications import NONE_OPEN, Open
from notify_svc.store.notices import Notice
from notify_svc.store.read_model import PromiseRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What to tell: a promise, its gap, a decision to speak with its statement, and who signs.

    `templates` are those of the company that are in use, `offered` what it offers about this promise. `announces`:
    whether the customer is told when they hear next; they may want no updates. `asked` is what we still ask them about
    their need, `wished` what they wished for about this promise and do not get yet.
    """

    known: PromiseRecord
    promise: Promise
    gap: Gap
    decision: Decision
    statement: Statement
    signer: Signer | None = None
    templates: Owns = field(default_factory=dict)
    offered: tuple[Offered, ...] = ()
    announces: bool = True
    asked: Open = NONE_OPEN
    wished: Wished | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice to a customer, the value it states, its letter, and the facts the letter is based on."""

    notice: Notice
    value: str
    basis: Basis
    snapshot: Snapshot
    letter: Letter


def draft(matter: Matter, route: Route, rules: Rules, house: House, now: datetime) -> Draft:
    """The customer's notice, in the form of the route's channel.

    Raises the errors of rendering and arithmetic if no letter can be composed from the facts.
    """
    known, promise, gap, decision = matter.known, matter.promise, matter.gap, matter.decision
    contact, form = route.contact, route.channel.form
    zone = zone_of(contact.zone, promise.zone)
    told, left_out = _told(matter, rules, zone, now, contact.quiet_hours(rules.quiet))
    snapshot = _snapshot(matter, told, zone, locale_of(contact.language, house.language), now)
    reader = greeted(contact.name, {language_of(snapshot.locale), house.language})
    snapshot = replace(snapshot, reader=reader)
    own = matter.templates.get((matter.statement.value, language_of(snapshot.locale)))
    letter = compose(snapshot, house, form, own)
    basis = basis_of(promise, gap, told, closing=decision.closing)
    times = (told.low, told.high, told.next_update_by, basis.completed_at)
    value = told_value(matter.statement, decision.reason, *times, decision.about)
    notice = Notice(
        notice_id=notice_id(promise.customer_id, promise.promise_id, known.episode.number, matter.statement, value),
        addressee=promise.customer_id,
        customer_id=promise.customer_id,
        promise_id=promise.promise_id,
        episode=known.episode.number,
        statement=matter.statement,
        state=NoticeState.PENDING,
        reason=decision.reason,
        spoken_for=decision.reason,
        told=told,
        closing=decision.closing,
        subject=letter.subject,
        body=letter.text,
        html=letter.html if form.html else "",
        evidence=notices.json_text(
            _evidence(decision, letter, basis, left_out)
            | _worded(snapshot)
            | _offers(snapshot)
            | _asked(matter, snapshot)
            | _wished(snapshot)
            | {"line": line_of(snapshot)}
        ),
        findings=notices.json_text(letter.findings),
        gap_version=gap.version,
        channel=route.channel.name,
        recipient=route.recipient,
        traceparent=gap.traceparent,
        about=decision.about,
    )
    return Draft(notice, value, basis, snapshot, letter)


def snapshot_of(
    matter: Matter, rules: Rules, zone: ZoneInfo, locale: str, now: datetime, quiet: QuietHours | None
) -> Snapshot:
    """The facts of a letter, with the times that it would announce."""
    return _snapshot(matter, _told(matter, rules, zone, now, quiet)[0], zone, locale, now)


def _snapshot(matter: Matter, told: Announcement, zone: ZoneInfo, locale: str, now: datetime) -> Snapshot:
    before = matter.known.episode
    return Snapshot(
        promise=matter.promise,
        gap=matter.gap,
        decision=matter.decision,
        statement=matter.statement,
        now=now,
        zone=zone,
        locale=locale,
        low=told.low,
        high=told.high,
        next_update_by=told.next_update_by,
        earlier=before.told,
        signer=matter.signer,
        offered=open_at(matter.offered, now),
        announces=matter.announces,
        asked=0 if matter.decision.closing else matter.asked.total,
        wished=None if matter.decision.closing else matter.wished,
        move=untold(matter.promise, before, now) if matter.decision.reason is Reason.DATE_MOVED else None,
    )


def ahead(drafted: Draft, addressee: str, owner: Route, rules: Rules) -> Notice:
    """The owner's notice of what the customer will be told next. Raises the same errors as `draft`."""
    notice, form = drafted.notice, owner.channel.form
    reader = greeted(owner.contact.name, {ENGLISH})
    letter = to_the_owner(drafted.snapshot, drafted.letter, notice.notice_id, rules.warn_at, form, reader)
    return replace(
        notice,
        # The owner reads the customer's message as it is: one that rests on something else is told to them again.
        notice_id=_identity(notice, addressee, f"{drafted.value} on {notices.json_text(drafted.basis)}"),
        audience=Audience.OWNER,
        addressee=addressee,
        ahead_of=notice.notice_id,
        subject=letter.subject,
        body=letter.text,
        html=letter.html if form.html else "",
        channel=owner.channel.name,
        recipient=owner.recipient,
    )


def kept_from_the_owner(notice: Notice, addressee: str, reason: Reason) -> Notice:
    """The notice to the owner that is not sent before the customer's `notice`, with the reason."""
    return replace(
        notice,
        notice_id=_identity(notice, addressee, suppressed_value(reason)),
        audience=Audience.OWNER,
        addressee=addressee,
        ahead_of=notice.notice_id,
        state=NoticeState.SUPPRESSED,
        reason=reason,
        subject="",
        body="",
        html="",
        channel="",
        recipient="",
    )


def _identity(notice: Notice, addressee: str, value: str) -> str:
    return notice_id(addressee, notice.promise_id, notice.episode, notice.statement, value)


def kept_back(known: PromiseRecord, decision: Decision, statement: Statement, reason: Reason, now: datetime) -> Notice:
    """The notice that is not sent, with the reason."""
    number = known.episode.number
    identity = notice_id(known.customer_id, known.promise_id, number, statement, suppressed_value(reason))
    return Notice(
        notice_id=identity,
        addressee=known.customer_id,
        customer_id=known.customer_id,
        promise_id=known.promise_id,
        episode=number,
        statement=statement,
        state=NoticeState.SUPPRESSED,
        reason=reason,
        spoken_for=decision.reason,
        told=Announcement(statement, now),
        closing=decision.closing,
        evidence=notices.json_text({"decision": decision.evidence}),
        gap_version=known.gap_version,
        traceparent=known.gap.traceparent if known.gap else "",
    )


def _evidence(decision: Decision, letter: Letter, basis: Basis, left_out: str) -> dict[str, object]:
    """The facts the notice rests on, and why something was left out that would contradict the rest."""
    named = ({"range": left_out} if left_out else {}) | dict(letter.left_out)
    found: dict[str, object] = {"decision": decision.evidence, "support": letter.support, "rests_on": basis}
    found |= {"left_out": named} if named else {}
    # Which template made it, by its version, or was to make it and did not.
    found |= {"template": letter.by.template} if letter.by.template else {}
    return found | ({"template_failed": letter.by.failed} if letter.by.failed else {})


def _worded(snapshot: Snapshot) -> dict[str, object]:
    """The times that the customer is told, as the letter words them, and its language: what an edit must leave in."""
    civil = Localizer(snapshot.zone, snapshot.locale, snapshot.now)
    low, high, by = snapshot.low, snapshot.high, snapshot.next_update_by
    ends = civil.ends(low, high) if low is not None and high is not None else ()
    return {"language": language_of(snapshot.locale), "stated": [*ends, *([civil.deadline(by)] if by else [])]}


def _offers(snapshot: Snapshot) -> dict[str, object]:
    """The offers that the letter names, as they stand: it is not sent once one is not open any more."""
    keys = sorted({one.key for one in snapshot.offered})
    return {"offers": keys} if keys else {}


def _asked(matter: Matter, snapshot: Snapshot) -> dict[str, object]:
    """The questions that the letter reminds of: it is not sent once one of them is not open any more."""
    return {"asked": list(matter.asked.ids)} if snapshot.asked else {}


def _wished(snapshot: Snapshot) -> dict[str, object]:
    """The wish that the letter names, as it stands: it is not sent once it is not open any more."""
    return {"wishes": [snapshot.wished.key]} if snapshot.wished else {}


def _told(
    matter: Matter, rules: Rules, zone: ZoneInfo, now: datetime, quiet: QuietHours | None
) -> tuple[Announcement, str]:
    """The announced times, and why a range was left out that would contradict the rest."""
    promise, gap, decision, statement = matter.promise, matter.gap, matter.decision, matter.statement
    alone = decision.reason is Reason.DATE_MOVED and statement is Statement.ALL_CLEAR
    if decision.closing or alone or statement is Statement.CANCELLED:
        return Announcement(statement, now), ""
    ranged, left_out = range_beside(statement, told_range(gap.forecast, now, zone), promise.held_due)
    low, high = ranged or (None, None)
    if statement is Statement.ALL_CLEAR:
        return Announcement(statement, now, low, high), left_out
    if decision.reason is Reason.DATE_MOVED and within(promise, gap):
        low, high, left_out = None, None, "the range ends by the new date, which is what counts"
    if not matter.announces:
        return Announcement(statement, now, low, high), left_out
    hours = rules.calendar.at(promise.zone)
    least = _least_wait(matter, high)
    by = next_update(now, high or promise.held_due, zone, rules, least, hours, promise.held_due)
    by = in_the_morning(by, promise.held_due, zone, quiet, rules.early(promise))
    return Announcement(statement, now, low, high, by), left_out


def _least_wait(matter: Matter, high: datetime | None) -> timedelta | None:
    before = matter.known.episode.told
    if matter.decision.reason is not Reason.UPDATE_DUE or before is None or before.next_update_by is None:
        return None
    waited = before.next_update_by - before.at
    # With no news and no time to give, each message is worth less than the last, so they become less frequent.
    return 2 * waited if high is None else waited
