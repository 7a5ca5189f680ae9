"""Use cases: what to tell about promises that changed, decided and stored in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from candor.contracts import NoticeState, Purpose, staff_key
from candor.store.unit_of_work import UnitOfWork
from notify_svc.compose.drafting import Draft, Matter, ahead, draft, kept_back, kept_from_the_owner
from notify_svc.compose.house import Houses
from notify_svc.compose.letter import CANNOT_COMPOSE
from notify_svc.compose.reach import Reach, Route
from notify_svc.compose.signer import Signer
from notify_svc.compose.wording import wording_of
from notify_svc.compose.words import language_of, translations
from notify_svc.delivery import switches
from notify_svc.domain.approval import NONE_WAITS, Approving, Case, awaits
from notify_svc.domain.episode import after_speaking, decide, observe
from notify_svc.domain.expecting import SPARED
from notify_svc.domain.facts import Decision, Kind, Promise, Reason, Rules
from notify_svc.domain.history import episode_of
from notify_svc.domain.offered import Offered
from notify_svc.domain.own import Owns
from notify_svc.domain.owner import Audience, OwnerWord, without_the_owner
from notify_svc.domain.schedule import owner_until, write_at
from notify_svc.domain.silence import CAP_WINDOW, Recipient, silenced
from notify_svc.domain.wished import Wished
from notify_svc.page.links import Links, linked
from notify_svc.page.owner_links import LINK as TAKE_OVER
from notify_svc.page.owner_links import OwnerLinks
from notify_svc.page.texts import LINK
from notify_svc.store import approvals, clarifications, notices, offers, read_model, templates, wishes
from notify_svc.store.approvals import Reading, withheld_of
from notify_svc.store.clarifications import NONE_OPEN, Open
from notify_svc.store.notices import Notice
from notify_svc.store.read_model import Customer, PromiseRecord

log = structlog.get_logger("notify.service")
CAP_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressees:
    """How customers and owners are reached, and messages to each in the cap's window.

    `failed`: channels by promise and addressee; `links` to the customer's page by promise; `reading`: what people read
    before and what they decided; `templates` that are in use, and which of them made no letter, with why;
    `offered` is what is offered about a promise, `asked` what is asked about the need, `wished` what they
    wished for.
    """

    contacts: Mapping[str, Customer]
    sent: Counter[str]
    failed: Mapping[tuple[str, str], Collection[str]]
    links: Mapping[str, str]
    reading: Reading
    templates: Owns = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    offered: Mapping[str, tuple[Offered, ...]] = field(default_factory=dict)
    asked: Mapping[str, Open] = field(default_factory=dict)
    wished: Mapping[str, Wished] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def others(self, name: str) -> int:
        """Messages beside the next one to a customer; what waits already goes in the same letter."""
        return self.sent[name] - (name in self.waiting)

    def count(self, said: Iterable[Notice], *, joint: bool) -> None:
        """Count what was said and waits; all that waits for one customer is one message if letters are `joint`."""
        for one in said:
            if one.state is NoticeState.PENDING and one.addressee not in self.waiting:
                self.sent[one.addressee] += 1
                if joint and one.audience is Audience.CUSTOMER:
                    self.waiting.add(one.addressee)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Decides and composes notices with this deployment's rules and words; with `links`, to the customer's page.

    `approving` says which wait for a person.
    """

    reach: Reach
    rules: Rules
    houses: Houses
    links: Links | None = None
    approving: Approving = NONE_WAITS
    owner_links: OwnerLinks | None = None

    async def consider(
        self, uow: UnitOfWork, considered: Sequence[PromiseRecord], customers: dict[str, Customer], now: datetime
    ) -> None:
        """Decide on each of `considered` (locked rows) and store the resulting notices."""
        by = {name: self.rules_of(one) for name, one in customers.items()}
        speaking, spared = self._looked(considered, by, now)
        await notices.add(uow, spared, now)
        if not speaking:
            return
        await self._take_back(uow, speaking, now)
        speaking, spared = self._looked(speaking, by, now)
        await notices.add(uow, spared, now)
        addressees = await self._addressees(uow, speaking, customers, now)
        previous = await notices.previous(uow, [known.promise_id for known in speaking])
        switch = await switches.read(uow)
        made: list[Notice] = []
        for known in speaking:
            rules = by.get(known.customer_id, self.rules)
            made += self.speak(known, addressees, rules, now, preview=not switch.sending)
        threaded = [replace(one, reply_to=previous.get((one.promise_id, one.addressee), "")) for one in made]
        await notices.add(uow, threaded, now)
        await templates.failed(uow, addressees.broken)

    async def _addressees(
        self, uow: UnitOfWork, speaking: Sequence[PromiseRecord], customers: Mapping[str, Customer], now: datetime
    ) -> Addressees:
        owners = {staff_key(known.promise.owner) for known in speaking if known.promise and known.promise.owner}
        names = owners | {known.customer_id for known in speaking}
        staff = await read_model.contacts(uow, owners - customers.keys())
        sent = await notices.sent_since(uow, names, now - CAP_WINDOW, joint=self.rules.joint_most > 1)
        # With one channel there is no other to use first.
        several = len(self.reach.channels) > 1
        failed = await notices.failed_on(uow, [known.promise_id for known in speaking]) if several else {}
        told = {known.promise_id: known.customer_id for known in speaking}
        links = await self.links.give(uow, told) if self.links is not None else {}
        reading = await approvals.reading(uow, list(told), first=self.approving.first)
        in_use = await templates.in_use(uow)
        found = await offers.open_of_many(uow, told)
        offered = {name: tuple(one for offer in some for one in offer.offered()) for name, some in found.items()}
        # They are answered on the page: without one, a letter has nowhere to send its reader to.
        asked = await clarifications.open_of_many(uow, links)
        return Addressees(
            contacts={**staff, **customers},
            sent=Counter(sent),
            failed=failed,
            links=links,
            reading=reading,
            templates=in_use,
            offered=offered,
            asked=asked,
            wished=await wishes.first_of_many(uow, told),
        )

    async def _take_back(self, uow: UnitOfWork, speaking: Iterable[PromiseRecord], now: datetime) -> None:
        """Suppress queued notices in favour of the current facts; what was not sent counts as never told."""
        found = await notices.entries(uow, [known.promise_id for known in speaking])
        waiting: list[str] = []
        for known in speaking:
            entries = found.get(known.promise_id, [])
            pending = [entry.notice_id for entry in entries if entry.state is NoticeState.PENDING]
            waiting += pending
            # Of a promise that is called off they were suppressed as it was.
            if pending or (known.promise is not None and known.promise.withdrawn):
                rest = [entry for entry in entries if entry.state is not NoticeState.PENDING]
                known.episode = episode_of(rest, known.episode.slip_since)
        await notices.suppress(uow, waiting, Reason.SUPERSEDED, now)

    def rules_of(self, customer: Customer | None) -> Rules:
        """When to speak to a customer."""
        return self.reach.rules_of(customer.sealed, self.rules) if customer is not None else self.rules

    def _looked(
        self, considered: Iterable[PromiseRecord], by: Mapping[str, Rules], now: datetime
    ) -> tuple[list[PromiseRecord], list[Notice]]:
        """The promises of which there is something to tell now, and what other customers are spared."""
        speaking: list[PromiseRecord] = []
        spared: list[Notice] = []
        for known in considered:
            decision = self.looked(known, by.get(known.customer_id, self.rules), now)
            if decision.kind is Kind.SPEAK:
                speaking.append(known)
            elif decision.reason is Reason.TOLERATED and decision.statement is not None:
                told_of = replace(decision, reason=SPARED[decision.statement])
                spared.append(kept_back(known, told_of, decision.statement, decision.reason, now))
        return speaking, spared

    def looked(self, known: PromiseRecord, rules: Rules, now: datetime) -> Decision:
        """What is decided about a promise now; the record says when to look again."""
        if known.gap is not None:
            # Since the gap came, the customer may have come to expect something else.
            known.episode = observe(known.episode, known.gap, rules)
        decision = decide(known.episode, known.gap, known.promise, now, rules)
        known.check_at = decision.wake_at
        known.decided_gap = max(known.decided_gap, known.gap_version)
        if decision.ends:
            known.episode = replace(known.episode, ended=True)
        return decision

    def speak(
        self, known: PromiseRecord, addressees: Addressees, rules: Rules, now: datetime, *, preview: bool
    ) -> list[Notice]:
        """The customer's notice, preceded by the owner's if the owner is told first; `rules` are the customer's."""
        decision = decide(known.episode, known.gap, known.promise, now, rules)
        promise, gap, statement = known.promise, known.gap, decision.statement
        if promise is None or gap is None or statement is None:
            raise RuntimeError("only a decision to speak, on a promise with a gap, becomes a notice")
        if withheld_of(decision) in addressees.reading.withheld.get((known.promise_id, known.episode.number), ()):
            # A person decided that this is not said; whatever else there is to say is.
            return []
        route, recipient = self._look(addressees, known.promise_id, known.customer_id)
        sent = addressees.others(known.customer_id)
        reason = silenced(promise, recipient, sent, self.rules.daily_cap, decision.reason, statement)
        if reason is not None or route is None:
            known.check_at = now + CAP_PAUSE if reason is Reason.DAILY_CAP else None
            return [kept_back(known, decision, statement, reason or Reason.BAD_CONTACT, now)]
        if until := self._quiet_until(known, decision, route, now):
            known.check_at = until
            return [kept_back(known, decision, statement, Reason.QUIET_HOURS, now)]
        matter = Matter(
            known=known,
            promise=promise,
            gap=gap,
            decision=decision,
            statement=statement,
            signer=self._signer(promise, addressees),
            templates=addressees.templates,
            offered=addressees.offered.get(known.promise_id, ()),
            asked=addressees.asked.get(known.promise_id, NONE_OPEN),
            wished=addressees.wished.get(known.promise_id),
            announces=Purpose.UPDATES in recipient.purposes,
        )
        try:
            said = self._said(matter, route, addressees, rules, now)
        except CANNOT_COMPOSE as error:
            # A promise for which no letter can be composed must not block the others.
            log.exception("message not composed", promise=known.promise_id, error=type(error).__name__)
            said = [replace(kept_back(known, decision, statement, Reason.NOT_COMPOSED, now), state=NoticeState.HELD)]
        if said[-1].state is NoticeState.HELD:
            known.episode = replace(known.episode, blocked=True)
            known.check_at = None
            return said
        addressees.count(said, joint=self.rules.joint_most > 1)
        known.episode = after_speaking(known.episode, decision, said[-1].told)
        told = known.episode.told
        known.check_at = None if told is None else write_at(told, promise.held_due, rules.early(promise))
        return [_preview(one) if preview else one for one in said]

    def _said(self, matter: Matter, route: Route, addressees: Addressees, rules: Rules, now: datetime) -> list[Notice]:
        """The notices of a matter, the customer's last; held if the check of words objects to it."""
        drafted = draft(matter, route, rules, self.houses.now(), now)
        _note_broken(drafted, addressees)
        # The owner reads the letter without it: the link is the customer's.
        address = addressees.links.get(matter.promise.promise_id, "")
        named = translations(language_of(drafted.snapshot.locale)).gettext(LINK)
        drafted = replace(drafted, notice=linked(drafted.notice, address, route.channel.form, named))
        if drafted.letter.findings:
            return [replace(drafted.notice, state=NoticeState.HELD, reason=Reason.LINT)]
        *ahead_of_it, last = self._owner_first(matter, drafted, addressees, rules)
        last = self._read_first(last, matter, drafted, route, addressees)
        return [*(self._with_link(one, last, matter.promise.owner) for one in ahead_of_it), last]

    def _owner_first(self, matter: Matter, drafted: Draft, addressees: Addressees, rules: Rules) -> list[Notice]:
        """The owner's and the customer's notice; if the owner gets none, it is stored with the reason."""
        promise, notice = matter.promise, drafted.notice
        if promise.owner is None:
            return [notice]
        name = staff_key(promise.owner)
        route, recipient = self._look(addressees, promise.promise_id, name)
        sent = addressees.sent[name]
        cap = self.rules.owner_daily_cap
        against = silenced(promise, recipient, sent, cap, notice.spoken_for, notice.statement)
        if against is None and route is not None:
            try:
                first = ahead(drafted, name, route, rules)
                before = matter.known.episode.told if notice.reason is Reason.UPDATE_DUE else None
                until = owner_until(notice.told.at, before.next_update_by if before else None, self.rules)
                return [first, replace(notice, owner=OwnerWord.WAITING, owner_wait_until=until)]
            except CANNOT_COMPOSE as error:
                log.exception(
                    "message to the owner not composed", promise=promise.promise_id, error=type(error).__name__
                )
                against = Reason.NOT_COMPOSED
        against = against or Reason.BAD_CONTACT
        return [kept_from_the_owner(notice, name, against), replace(notice, owner=without_the_owner(against))]

    def _with_link(self, first: Notice, last: Notice, owner: str | None) -> Notice:
        """The owner's notice, with the link by which they decide about the customer's if that waits.

        Without it where its channel carries no more text.
        """
        if self.owner_links is None or owner is None or not last.awaits or first.state is not NoticeState.PENDING:
            return first
        address = self.owner_links.address(last.notice_id, owner)
        return linked(first, address, self.reach.channels[first.channel].form, TAKE_OVER)

    def _read_first(
        self, notice: Notice, matter: Matter, drafted: Draft, route: Route, addressees: Addressees
    ) -> Notice:
        """The customer's notice, which waits for a person if a rule says so."""
        language = language_of(drafted.snapshot.locale)
        made_by = "" if drafted.letter.by.failed else drafted.letter.by.template
        wording = wording_of(route.channel.form, notice.statement, language, self.houses.now(), made_by)
        approved = wording in addressees.reading.wordings
        takes = self.owner_links is not None and self.rules.owner_takes > timedelta(0)
        owner = takes and notice.owner is OwnerWord.WAITING
        case = Case(matter.promise, matter.gap, notice.spoken_for, notice.told, approved, owner)
        if not (why := awaits(case, self.approving)):
            return replace(notice, wording=wording)
        return replace(notice, reason=Reason.AWAITS_APPROVAL, awaits=",".join(why), wording=wording)

    def _quiet_until(self, known: PromiseRecord, decision: Decision, route: Route, now: datetime) -> datetime | None:
        """When the customer's quiet hours end, if this message waits for that; it is decided anew then."""
        promise, told = known.promise, known.episode.told
        announced = told.next_update_by if told is not None and decision.reason is Reason.UPDATE_DUE else None
        return None if promise is None else route.rests(promise, now, self.rules, announced)

    def _signer(self, promise: Promise, addressees: Addressees) -> Signer | None:
        """The promise's owner, if their contact names them: whom the customer's letter says to turn to."""
        owner = addressees.contacts.get(staff_key(promise.owner)) if promise.owner else None
        return self.reach.signer(owner.sealed) if owner else None

    def _look(self, addressees: Addressees, promise_id: str, name: str) -> tuple[Route | None, Recipient]:
        customer = addressees.contacts.get(name) or Customer(name)
        return self.reach.look(
            customer.sealed,
            refused=customer.refused_on,
            failed=addressees.failed.get((promise_id, name), ()),
            erased=customer.erased_at is not None,
            stopped=customer.stopped_at is not None,
            left=customer.left_purposes,
        )


def _note_broken(drafted: Draft, addressees: Addressees) -> None:
    by = drafted.letter.by
    if by.failed and by.template not in addressees.broken:
        addressees.broken[by.template] = by.failed
        consequence = "the built-in template was used; withdraw or mend this version"
        log.error("template made no letter", template=by.template, why=by.failed, consequence=consequence)


def _preview(notice: Notice) -> Notice:
    waits = notice.state is NoticeState.PENDING
    return replace(notice, state=NoticeState.PREVIEW, reason=Reason.SENDING_OFF) if waits else notice
