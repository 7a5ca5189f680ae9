"""Composes the owner's letter: what their customer is told next, why, and what only staff may read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from notify_svc.channels import Form
from notify_svc.compose.letter import LETTER, Letter, Snapshot
from notify_svc.compose.localize import Localizer
from notify_svc.compose.quoting import inside, known_facts, one_line
from notify_svc.compose.rendering import rendered_for_owner
from notify_svc.compose.words import FALLBACK, language_of
from notify_svc.domain.consistency import late_fits, stated
from notify_svc.domain.lexicon import ENGLISH


def to_the_owner(
    snapshot: Snapshot, said: Letter, notice_id: str, threshold: float, form: Form = LETTER, reader: str = ""
) -> Letter:
    """The owner's letter, sent before the customer reads `said`: which promise, why, and what the customer is told.

    The owner is staff, so it is in English, and also contains internal words, separate from the customer's message and
    marked as such. `reader` is the owner's name, "" if it is not known.

    It contains only our own words and those that passed the lint, so it is not checked again. Raises ValueError if it
    is longer than `form` allows.
    """
    english = snapshot.locale if language_of(snapshot.locale) == ENGLISH else FALLBACK
    civil = Localizer(snapshot.zone, english, snapshot.now)
    evidence, told = snapshot.decision.evidence, (snapshot.low, snapshot.high)
    ends = (told[0], told[1]) if told[0] and told[1] else None
    percent = stated(float(evidence.get("p_slip", 0)))
    found = {
        "percent": percent,
        "fits": late_fits(percent, ends, snapshot.promise.held_due),
        "threshold": round(threshold * 100),
        "since": _moment_of(civil, evidence.get("since")),
        "due": _moment_of(civil, evidence.get("due")),
        "milestone": one_line(evidence.get("milestone", "")),
    }
    context: dict[str, object] = {
        "reader": reader,
        "first": said.news,
        "promise_id": snapshot.promise.promise_id,
        "customer_id": snapshot.promise.customer_id,
        "what": snapshot.promise.what,
        "due": civil.deadline(snapshot.promise.held_due),
        "reason": snapshot.decision.reason.value,
        "found": found,
        "internal": [view for fact in known_facts(snapshot.gap) if (view := inside(fact, civil))],
        "left_out": [f"{what}, for {why}" for what, why in said.left_out if what != "chance"],
        "notice_id": notice_id,
        "said_subject": said.subject,
        "said": said.text.strip(),
        "subject": f"Heads-up before your customer: {said.subject}",
        "zone": civil.zone_name(),
    }
    text, html = rendered_for_owner(form, ENGLISH, context)
    if form.longest is not None and len(text) > form.longest:
        raise ValueError("the owner's letter is longer than its channel carries")
    return replace(said, subject=str(context["subject"]), text=text, html=html, findings=())


def _moment_of(civil: Localizer, text: str | None) -> str:
    return civil.moment(datetime.fromisoformat(text)) if text else ""
