"""Composes a letter from a snapshot of facts only; wording is in templates/, its checks are in domain/lint.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import BaseLoader, ChoiceLoader, PackageLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from candor.contracts import Fact, FactKind, Statement
from notify_svc.channels import Form
from notify_svc.compose.localize import Localizer
from notify_svc.domain.consistency import Ends, LetterFigures, chance_beside, late_fits
from notify_svc.domain.facts import Announcement, Decision, Gap, Promise
from notify_svc.domain.lint import Draft, Finding, Support, lint
from notify_svc.domain.opening import OpeningFacts, opening_of
from notify_svc.domain.times_held import record_words

LITTLE_HISTORY = 30
MAX_FACTS = 4
NAMED = "\ue000"
"""Stands for a name while our own words are judged; no text of ours has it."""
# Other blanks, such as one that keeps a number and its unit together, are part of what was promised.
_SPACES = re.compile(r"[ \t\n]+")
View = dict[str, str]
"""A fact as passed to a template."""


LETTER = Form()
"""The full letter, as sent by e-mail."""


@cache
def _environment(templates: str | None, *, autoescape: bool) -> ImmutableSandboxedEnvironment:
    own: list[BaseLoader] = [PackageLoader(templates)] if templates else []
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*own, PackageLoader("notify_svc.compose")]),
        undefined=StrictUndefined,
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _plain(form: Form, name: str) -> Template:
    return _environment(form.templates, autoescape=False).get_template(name)


def _html(form: Form, name: str) -> Template:
    return _environment(form.templates, autoescape=True).get_template(name)


@dataclass(frozen=True, slots=True)
class Wording:
    """How this deployment describes itself; the defaults promise nothing that Candor does not do."""

    action: str = "we look at this again with every report that comes in, and write to you when what we expect changes."
    options: tuple[str, ...] = (
        "Reply to this email to agree on another time with us.",
        "Reply to this email if you no longer want it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Every fact a letter may use, as of business time `now`."""

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


@dataclass(frozen=True, slots=True)
class Letter:
    """A composed message; it is sent only if `findings` is empty."""

    subject: str
    text: str
    html: str
    support: tuple[Support, ...]
    findings: tuple[Finding, ...]
    without_chance: str = ""
    """Why the chance to be on time was left out, if it would contradict the rest."""


def compose(snapshot: Snapshot, wording: Wording, form: Form = LETTER) -> Letter:
    """The customer's letter; the sources' public reasons are left out if the lint objects to them."""
    letter = _compose(snapshot, wording, form, quoting=True)
    return letter if not letter.findings else _compose(snapshot, wording, form, quoting=False)


def to_the_owner(snapshot: Snapshot, said: Letter, notice_id: str, threshold: float, form: Form = LETTER) -> Letter:
    """The owner's letter, sent before the customer reads `said`: which promise, why, and what the customer is told.

    The owner is staff, so it also contains internal words, separate from the customer's message and marked as such.

    It contains only our own words and those that passed the lint, so it is not checked again. Raises ValueError if it
    is longer than `form` allows.
    """
    civil = Localizer(snapshot.zone, snapshot.locale, snapshot.now)
    evidence = snapshot.decision.evidence
    late = round(float(evidence.get("p_slip", 0)) * 100)
    found = {
        "percent": late,
        "fits": late_fits(late, _told(snapshot), snapshot.promise.held_due),
        "threshold": round(threshold * 100),
        "since": _moment_of(civil, evidence.get("since")),
        "due": _moment_of(civil, evidence.get("due")),
        "milestone": _one_line(evidence.get("milestone", "")),
    }
    context = {
        "first": said.text.splitlines()[0],
        "promise_id": snapshot.promise.promise_id,
        "customer_id": snapshot.promise.customer_id,
        "what": snapshot.promise.what,
        "due": civil.moment(snapshot.promise.held_due),
        "reason": snapshot.decision.reason.value,
        "found": found,
        "internal": [view for fact in _facts(snapshot.gap) if (view := _internal(fact, civil))],
        "notice_id": notice_id,
        "said_subject": said.subject,
        "said": said.text.strip(),
        "subject": f"Heads-up before your customer: {said.subject}",
        "zone": civil.zone_name(),
    }
    text = _tidy(_plain(form, "owner.txt.j2").render(context))
    if form.longest is not None and len(text) > form.longest:
        raise ValueError("the owner's letter is longer than its channel carries")
    html = _html(form, "owner.html.j2").render(context)
    return Letter(str(context["subject"]), text, html, said.support, ())


def _moment_of(civil: Localizer, text: str | None) -> str:
    return civil.moment(datetime.fromisoformat(text)) if text else ""


def _compose(snapshot: Snapshot, wording: Wording, form: Form, *, quoting: bool) -> Letter:
    civil = Localizer(snapshot.zone, snapshot.locale, snapshot.now)
    context = _context(snapshot, wording, civil, quoting=quoting)
    subject, text, html = _rendered(form, snapshot.statement, context)
    support = _support(snapshot)
    ours = Letter(*_rendered(form, snapshot.statement, _without_names(context)), support, ())
    findings = lint(_draft(snapshot, context, ours, form.longest, len(text)))
    return Letter(subject, text, html, support, findings, str(context["without_chance"]))


def _rendered(form: Form, statement: Statement, context: dict[str, object]) -> tuple[str, str, str]:
    subject = _SPACES.sub(" ", _plain(form, "subject.txt.j2").render(context)).strip()
    context = {**context, "subject": subject}
    text = _tidy(_plain(form, f"{statement.value}.txt.j2").render(context))
    return subject, text, _html(form, f"{statement.value}.html.j2").render(context)


def _without_names(context: dict[str, object]) -> dict[str, object]:
    """The context with a sign in place of what others named: a name is not our wording, and whatever it says, the
    customer must hear of it.
    """
    found = context | {"what": NAMED, "milestone": NAMED if context["milestone"] else ""}
    for key in ("facts", "circumstances"):
        views: list[View] = context[key]  # type: ignore[assignment]
        found[key] = [view | {"name": NAMED if view["name"] else ""} for view in views]
    return found


def _context(snapshot: Snapshot, wording: Wording, civil: Localizer, *, quoting: bool) -> dict[str, object]:
    promise, gap = snapshot.promise, snapshot.gap
    low, high = _ends(civil, snapshot.low, snapshot.high)
    earlier = snapshot.earlier
    earlier_low, earlier_high = _ends(civil, earlier.low, earlier.high) if earlier else ("", "")
    facts = [fact for fact in _facts(gap) if fact.kind is not FactKind.INCIDENT_OPEN]
    incidents = [fact for fact in _facts(gap) if fact.kind is FactKind.INCIDENT_OPEN]
    leading = OpeningFacts(snapshot.now, promise, gap, snapshot.low, snapshot.high, earlier)
    lead = opening_of(snapshot.statement, snapshot.decision.reason, leading)
    goes_on = snapshot.statement in (Statement.WARNING, Statement.UPDATE) and not snapshot.decision.closing
    chance, without = chance_beside(promise, gap, _told(snapshot), snapshot.now, open_matter=goes_on)
    cases = gap.forecast.n if gap.forecast else 0
    return {
        "statement": snapshot.statement.value,
        "lead": lead,
        "heading": "What we know:" if lead == "same" else "What changed:",
        "what": promise.what,
        "milestone": snapshot.decision.evidence.get("milestone", ""),
        "due": civil.moment(promise.held_due),
        "low": low,
        "high": high,
        "earlier_low": earlier_low,
        "earlier_high": earlier_high,
        "next": civil.moment(snapshot.next_update_by) if snapshot.next_update_by else "",
        "completed": civil.moment(gap.completed_at) if gap.completed_at else "",
        "closing": snapshot.decision.closing,
        "record": record_words(gap.forecast),
        "facts": _each_once(_public(fact, civil, quoting=quoting) for fact in facts),
        "circumstances": _each_once(_public(fact, civil, quoting=quoting) for fact in incidents),
        "chance": chance,
        "without_chance": without,
        "cases": cases,
        "little": cases < LITTLE_HISTORY,
        "action": wording.action,
        "options": wording.options,
        "zone": civil.zone_name(),
    }


def _facts(gap: Gap) -> list[Fact]:
    # A fact without an event may be stated only if the clock proves it: a step that is overdue.
    known = [fact for fact in gap.facts if fact.event_id or fact.kind is FactKind.MILESTONE_OVERDUE]
    return sorted(known, key=lambda fact: fact.at)[-MAX_FACTS:]


def _public(fact: Fact, civil: Localizer, *, quoting: bool) -> View:
    """A fact as customers may read it: only the words that staff or systems gave for customers."""
    return {
        "kind": fact.kind.value,
        "name": _one_line(fact.name) if fact.told and fact.kind is not FactKind.INCIDENT_OPEN else "",
        "at": civil.moment(fact.at),
        "planned": civil.moment(fact.planned) if fact.told and fact.planned else "",
        "late": civil.length(fact.minutes),
        "text": _one_line(fact.public_text) if quoting else "",
        # A cause without an event is a guess, so it is not stated.
        "reason": _one_line(fact.public_reason) if quoting and fact.event_id else "",
    }


def _internal(fact: Fact, civil: Localizer) -> View | None:
    """The part of a fact that only staff may read; None if there is none."""
    text, reason = _one_line(fact.text), _one_line(fact.reason)
    incident = fact.kind is FactKind.INCIDENT_OPEN
    if not (reason or text or incident or not fact.told):
        return None
    late = civil.length(fact.minutes)
    about = {"name": _one_line(fact.name), "at": civil.moment(fact.at), "late": late, "text": text, "reason": reason}
    return {"kind": fact.kind.value, **about}


def _each_once(views: Iterable[View]) -> list[View]:
    # Two steps may read the same once their names are left out.
    return list({tuple(view.items()): view for view in views}.values())


def _support(snapshot: Snapshot) -> tuple[Support, ...]:
    promise, gap = snapshot.promise, snapshot.gap
    support = [Support("promised", promise.event_id), Support(snapshot.decision.reason.value, gap.event_id)]
    if snapshot.low is not None:
        support.append(Support("range", gap.event_id))
    facts = [Support(f"{fact.kind.value} {fact.name}", fact.event_id or promise.event_id) for fact in _facts(gap)]
    return (*support, *facts)


def _told(snapshot: Snapshot) -> Ends | None:
    low, high = snapshot.low, snapshot.high
    return (low, high) if low is not None and high is not None else None


def _stated(snapshot: Snapshot, context: dict[str, object]) -> LetterFigures:
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


def _draft(snapshot: Snapshot, context: dict[str, object], ours: Letter, longest: int | None, length: int) -> Draft:
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
        closing=snapshot.decision.closing,
        bad_news=snapshot.statement is not Statement.ALL_CLEAR,
        cause=any(fact.event_id and (fact.public_reason or fact.public_text) for fact in _facts(snapshot.gap)),
        unaccepted=None if promise.accepted else promise.deliverer,
        support=ours.support,
        longest=longest,
        length=length,
    )


def _ends(civil: Localizer, low: datetime | None, high: datetime | None) -> tuple[str, str]:
    return civil.ends(low, high) if low is not None and high is not None else ("", "")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300].rstrip(".")


def _tidy(text: str) -> str:
    lines = [line.rstrip(" \t") for line in text.split("\n")]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip() + "\n"
