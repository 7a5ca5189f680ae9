"""Composes a customer's letter from a snapshot of facts only; wording is in templates/, checks in domain/lint.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import TemplateError

from candor.contracts import Fact, FactKind, Statement
from notify_svc.channels import Form
from notify_svc.compose.house import House, Option
from notify_svc.compose.localize import Localizer
from notify_svc.compose.own_grammar import BadTemplate
from notify_svc.compose.own_templates import greeting_of, own_letter
from notify_svc.compose.quoting import Quotes, View, each_once, in_public, known_facts, one_line
from notify_svc.compose.rendering import Context, is_short, rendered
from notify_svc.compose.signer import Signer, signed_by
from notify_svc.compose.wishing import wished_in_letter
from notify_svc.compose.words import language_of
from notify_svc.domain.consistency import Ends, LetterFigures, chance_beside
from notify_svc.domain.facts import Announcement, Decision, Gap, Move, Promise, Reason
from notify_svc.domain.lint import Draft, Finding, Support, lint
from notify_svc.domain.meaning import at_fault, meaning_of
from notify_svc.domain.offered import Offered
from notify_svc.domain.opening import OpeningFacts, opening_of
from notify_svc.domain.own import Own
from notify_svc.domain.times_held import record_words
from notify_svc.domain.wished import Wished

LITTLE_HISTORY = 30
NAMED = "\ue000"
"""Stands for a name or a quote while our own words are judged; no text of ours has it."""
NO_LONGER = {"nothing": (Option.KEEP_WAITING, Option.PARTIAL, Option.CANCEL)}
"""Options that are none once there is nothing to wait for."""
OTHERS = ("name", "text", "reason", "says", "strength", "weakness", "due")
"""What of facts and options are words of others."""
CANNOT_COMPOSE = (ArithmeticError, LookupError, TemplateError, TypeError, ValueError)
"""What composing raises where the facts make no letter."""
CANNOT_RENDER = (*CANNOT_COMPOSE, BadTemplate, RecursionError)
"""What a company's template may raise; the built-in one is used then."""
LETTER = Form()
"""The full letter, as sent by e-mail."""


LONGEST_OFFER = 120
"""Characters of an offered option's name, so that a letter with some of them fits every channel of whole letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Every fact a letter may use, as of business time `now`; `asked`: how many questions of ours are open.

    `reader` is the name that the letter greets, "" for none.
    """

    promise: Promise
    gap: Gap
    decision: Decision
    statement: Statement
    now: datetime
    zone: ZoneInfo
    locale: str
    low: datetime | None = None
    high: datetime | None = None
    next_update_by: datetime | None = None
    earlier: Announcement | None = None
    signer: Signer | None = None
    move: Move | None = None
    offered: tuple[Offered, ...] = ()
    announces: bool = True
    asked: int = 0
    wished: Wished | None = None
    reader: str = ""


class By(NamedTuple):
    """The version of the company's template that made a letter, "" for the built-in one.

    With `failed` it was to make it and did not, and why: the built-in one did.
    """

    template: str = ""
    failed: str = ""


BUILT_IN = By()


@dataclass(frozen=True, slots=True)
class Letter:
    """A composed message; it is sent only if `findings` is empty. `news` is its first sentence after the greeting.

    `left_out` says what a customer might have read and does not, and why: by what it is, such as `chance`. `by`
    is which template made it.
    """

    subject: str
    text: str
    html: str
    support: tuple[Support, ...]
    findings: tuple[Finding, ...]
    news: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
    by: By = BUILT_IN


def compose(snapshot: Snapshot, house: House, form: Form = LETTER, own: Own | None = None) -> Letter:
    """The customer's letter; words of staff and of the company to which the lint objects are left out of it.

    By the company's template `own`, unless that cannot make an honest one of these facts, or the channel has no room.
    """
    if own is None or is_short(form):
        return composed(snapshot, house, form)
    try:
        letter = composed(snapshot, house, form, own)
        failed = ", ".join(f"{finding.rule.value}: {finding.detail}" for finding in letter.findings).replace(NAMED, "…")
    except CANNOT_RENDER as error:
        failed = f"{type(error).__name__}: {error}"
    return replace(composed(snapshot, house, form), by=By(own.name, failed)) if failed else letter


def composed(snapshot: Snapshot, house: House, form: Form, own: Own | None = None) -> Letter:
    """The letter by exactly this template, the built-in one without `own`, with what the lint finds in it.

    Raises the errors of rendering.
    """
    language = language_of(snapshot.locale)
    quotes = Quotes({language, house.language}, _unaccepted(snapshot.promise))
    context = _context(snapshot, house, quotes)

    def made(known: Context) -> tuple[str, str, str]:
        return own_letter(own, form, known) if own else rendered(form, snapshot.statement, language, known)

    subject, text, html = made(context)
    support = _support(snapshot)
    ours = Letter(*made(_without_names(context)), support, ())
    greeting = greeting_of(ours.text) if own else "" if is_short(form) else ours.text.partition("\n")[0]
    findings = lint(_draft(snapshot, context, ours, greeting, form.longest, len(text)))
    chance = str(context["without_chance"])
    left_out = (*quotes.left_out, *([("chance", chance)] if chance else []))
    by = By(own.name) if own else BUILT_IN
    return Letter(subject, text, html, support, findings, _first(text, greeted=bool(greeting)), left_out, by)


def _first(text: str, *, greeted: bool) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[1] if greeted and len(lines) > 1 else lines[0]


def _unaccepted(promise: Promise) -> str | None:
    return None if promise.accepted else promise.deliverer


def _without_names(context: Context) -> Context:
    """The context with a sign in place of what others named or said: that is not our wording, and whatever it says,
    the customer must hear of the matter.
    """
    found = context | {
        key: NAMED for key in ("what", "milestone", "company", "reach", "given", "reader") if context[key]
    }
    if context["signer"]:
        found["signer"] = {"name": NAMED, "reach": NAMED}
    if context["moved"]:
        # A date that the company set is no end of a range, even where it falls on one.
        found["moved"] = {"before": NAMED, "due": NAMED}
    if context["wished"]:
        found["wished"] = {name: NAMED if said else "" for name, said in context["wished"].items()}  # type: ignore[attr-defined]
    if context["paused"]:
        found["paused"] = context["paused"] | {"words": NAMED}  # type: ignore[operator]
    found |= {"actions": [], "meant": []}
    for key in ("facts", "circumstances", "options"):
        views: list[View] = context[key]  # type: ignore[assignment]
        found[key] = [view | {name: NAMED for name in OTHERS if view.get(name)} for view in views]
    return found


def _context(snapshot: Snapshot, house: House, quotes: Quotes) -> Context:
    promise, gap, earlier = snapshot.promise, snapshot.gap, snapshot.earlier
    civil = Localizer(snapshot.zone, snapshot.locale, snapshot.now)
    low, high = _ends(civil, snapshot.low, snapshot.high)
    earlier_low, earlier_high = _ends(civil, earlier.low, earlier.high) if earlier else ("", "")
    known = known_facts(gap)
    facts = [fact for fact in known if fact.kind is not FactKind.INCIDENT_OPEN]
    incidents = [fact for fact in known if fact.kind is FactKind.INCIDENT_OPEN]
    leading = OpeningFacts(snapshot.now, promise, gap, snapshot.low, snapshot.high, earlier, snapshot.move)
    lead = opening_of(snapshot.statement, snapshot.decision.reason, leading)
    open_matter = snapshot.statement in (Statement.WARNING, Statement.UPDATE) and not snapshot.decision.closing
    # A chance is one of the promised date, which would read as one of the new date.
    chancy = open_matter and snapshot.move is None
    chance, without = chance_beside(promise, gap, _told(snapshot), snapshot.now, open_matter=chancy)
    cases = gap.forecast.n if gap.forecast else 0
    return {
        "statement": snapshot.statement.value,
        "lead": lead,
        "what": promise.what,
        "reader": snapshot.reader,
        "milestone": one_line(snapshot.decision.evidence.get("milestone", "")),
        "due": civil.deadline(promise.held_due),
        "low": low,
        "high": high,
        "earlier_low": earlier_low,
        "earlier_high": earlier_high,
        "next": civil.deadline(snapshot.next_update_by) if snapshot.next_update_by else "",
        "completed": civil.moment(gap.completed_at) if gap.completed_at else "",
        "open_matter": open_matter,
        "unannounced": open_matter and not snapshot.announces,
        "record": _record(gap, civil),
        "facts": each_once(in_public(fact, civil, quotes) for fact in facts),
        "circumstances": each_once(in_public(fact, civil, quotes) for fact in incidents),
        "chance": chance,
        "without_chance": without,
        "cases": cases,
        "count": civil.number(cases),
        "little": cases < LITTLE_HISTORY,
        "paused": _paused(snapshot, civil, quotes),
        "asked": snapshot.asked,
        "asked_text": civil.number(snapshot.asked),
        "wished": wished_in_letter(snapshot.wished, civil, quotes),
        "zone": civil.zone_name(*_moments(snapshot)),
        **_changed_by_us(snapshot, civil, quotes),
        **_of_the_house(snapshot, house, lead, known, quotes),
    }


def _of_the_house(snapshot: Snapshot, house: House, lead: str, known: list[Fact], quotes: Quotes) -> Context:
    """What the company has set for such a matter: who writes, whether it is at fault, what it does and offers."""
    promise, language = snapshot.promise, language_of(snapshot.locale)
    causes = {fact.kind.value for fact in known} | {fact.name for fact in known}
    agreed = snapshot.move is not None and snapshot.move.agreed
    means = meaning_of(lead, snapshot.statement, promise.held_due, _told(snapshot), snapshot.now, agreed=agreed)
    choices = means not in ("", "agreed")
    own = [
        {
            "option": rule.option.value,
            **{
                name: house.text(words, language) if words else ""
                for name, words in (("says", rule.says), ("strength", rule.strength), ("weakness", rule.weakness))
            },
        }
        for rule in house.offers(promise.kind, without=NO_LONGER.get(means, ()))
    ]
    return {
        "sorry": at_fault(lead, snapshot.statement, known) and not house.is_outside(causes),
        "means": means,
        "meant": quotes.accepted("means", house.meant(promise.kind, language)) if means else [],
        "actions": quotes.accepted("action", house.does(promise.kind, causes, language)),
        "options": [*_taken(own, quotes), *_offered(snapshot, quotes)] if choices else [],
        "signer": signed_by(snapshot.signer, quotes),
        "company": house.company or "",
        "reach": house.reach or "",
    }


def _taken(own: list[View], quotes: Quotes) -> list[View]:
    return [one for one in own if quotes.taken("option", " ".join(one.values()))]


def _offered(snapshot: Snapshot, quotes: Quotes) -> list[View]:
    """What is offered about this promise alone; what taking it means is said by whether it has a time."""
    civil = Localizer(snapshot.zone, snapshot.locale, snapshot.now)
    blank = {"says": "", "strength": "", "weakness": ""}
    return [
        {
            "option": _kind(one, snapshot.promise.held_due),
            "name": one_line(one.name)[:LONGEST_OFFER],
            "due": civil.deadline(one.due) if one.due else "",
            **blank,
        }
        for one in snapshot.offered
        if quotes.taken("offer", one_line(one.name))
    ]


def _kind(one: Offered, held: datetime) -> str:
    if one.due is None:
        return "offered"
    return "offered_later" if one.due > held else "offered_sooner"


def _record(gap: Gap, civil: Localizer) -> Context:
    found = record_words(gap.forecast)
    return found | {f"{name}_text": civil.number(int(str(found[name]))) for name in ("of", "came")}


def _changed_by_us(snapshot: Snapshot, civil: Localizer, quotes: Quotes) -> Context:
    """Another date, or that it is called off, and the reason that staff gave for customers."""
    move, called_off = snapshot.move, snapshot.promise.called_off
    dates = {"before": civil.deadline(move.before), "due": civil.deadline(move.due)} if move else None
    given = ""
    if move is not None:
        given = move.reason
    elif called_off is not None and snapshot.decision.reason is Reason.CALLED_OFF:
        given = called_off.reason
    return {"moved": dates, "given": quotes.taken("public_reason", one_line(given))}


def _paused(snapshot: Snapshot, civil: Localizer, quotes: Quotes) -> View | None:
    """Since when, and until when at the latest, we wait for the customer, and what for; None if we do not."""
    pause = snapshot.gap.pause
    if pause is None or snapshot.decision.closing or not snapshot.gap.going_on(snapshot.now):
        return None
    words = quotes.taken("public_reason", one_line(pause.public_reason))
    return {"since": civil.moment(pause.since), "until": civil.moment(pause.until), "words": words}


def _moments(snapshot: Snapshot) -> list[datetime]:
    earlier = snapshot.earlier
    found = (snapshot.promise.held_due, snapshot.low, snapshot.high, snapshot.next_update_by, snapshot.gap.completed_at)
    told = (earlier.low, earlier.high) if earlier else ()
    moved = (snapshot.move.before, snapshot.move.due) if snapshot.move else ()
    facts = (at for fact in known_facts(snapshot.gap) for at in (fact.at, fact.planned))
    pause = snapshot.gap.pause
    waits = (pause.since, pause.until) if pause else ()
    return [at for at in (*found, *told, *moved, *facts, *waits) if at is not None]


def _support(snapshot: Snapshot) -> tuple[Support, ...]:
    promise, gap = snapshot.promise, snapshot.gap
    support = [Support("promised", promise.event_id), Support(snapshot.decision.reason.value, gap.event_id)]
    if snapshot.low is not None:
        support.append(Support("range", gap.event_id))
    if snapshot.decision.about:
        support.append(Support(snapshot.decision.reason.value, snapshot.decision.about))
    facts = [Support(f"{fact.kind.value} {fact.name}", fact.event_id or promise.event_id) for fact in known_facts(gap)]
    return (*support, *facts)


def _told(snapshot: Snapshot) -> Ends | None:
    low, high = snapshot.low, snapshot.high
    return (low, high) if low is not None and high is not None else None


def _stated(snapshot: Snapshot, context: Context) -> LetterFigures:
    promise, earlier = snapshot.promise, snapshot.earlier
    before = (earlier.low, earlier.high) if earlier and earlier.low and earlier.high else None
    return LetterFigures(
        statement=snapshot.statement,
        lead=str(context["lead"]),
        now=snapshot.now,
        due=promise.held_due,
        deadline=promise.held_due + promise.tolerance,
        told=_told(snapshot),
        chance=int(str(context["chance"])),
        next_update_by=snapshot.next_update_by,
        completed_at=snapshot.gap.completed_at if snapshot.decision.closing else None,
        earlier=before,
    )


def _draft(
    snapshot: Snapshot, context: Context, ours: Letter, greeting: str, longest: int | None, length: int
) -> Draft:
    forecast, promise = snapshot.gap.forecast, snapshot.promise
    return Draft(
        statement=snapshot.statement,
        subject=ours.subject,
        text=ours.text,
        html=ours.html,
        stated=_stated(snapshot, context),
        what=NAMED,
        p_slip=forecast.p_slip if forecast else 1.0,
        p50=forecast.p50 if forecast else None,
        low=snapshot.low,
        high=snapshot.high,
        low_text=str(context["low"]),
        high_text=str(context["high"]),
        next_text=str(context["next"]),
        announces=snapshot.announces,
        closing=snapshot.decision.closing,
        bad_news=snapshot.statement is not Statement.ALL_CLEAR,
        cause=bool(context["given"])
        or any(fact.event_id and (fact.public_reason or fact.public_text) for fact in known_facts(snapshot.gap)),
        unaccepted=_unaccepted(promise),
        support=ours.support,
        longest=longest,
        length=length,
        language=language_of(snapshot.locale),
        greeting=greeting,
    )


def _ends(civil: Localizer, low: datetime | None, high: datetime | None) -> tuple[str, str]:
    return civil.ends(low, high) if low is not None and high is not None else ("", "")
