"""The look of the board: band colours, words and chart options. Pure: tested without a page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from candor.contracts import Component
from candor.web.http.listings import Total
from risk_svc.domain.chance import chance_words
from risk_svc.domain.components.lateness import span
from risk_svc.domain.gap import BAND_NAMES, band
from risk_svc.web.api import responses

COLOURS: Final = {
    "none": "#2e7d5b",
    "low": "#5b7427",
    "medium": "#8a5f0a",
    "high": "#b04a20",
    "severe": "#a3203a",
}
"""White text on each of them has a contrast of 4.5 : 1 or better."""
PAGE: Final = 25
"""Promises per page of the board."""
MUTED: Final = "var(--muted)"
"""Words that stand beside others, by light and by dark."""
GREY: Final = "#5b6776"
"""The same on a chart, whose ground is always light."""
STATES: Final = {
    "kept": "Kept",
    "broken": "Broken",
    "cancelled": "Cancelled",
    "withdrawn": "Withdrawn",
    "open": "Open",
}
TOLD: Final = {
    "warning": "Warned the customer",
    "update": "Gave the customer an update",
    "cancelled": "Told the customer that it is cancelled",
    "all_clear": "Gave the customer the all-clear",
}
NOT_TOLD: Final = {
    "warning": "Warning",
    "update": "Update",
    "cancelled": "Cancellation notice",
    "all_clear": "All-clear",
}
NOT_SENT: Final = {
    "preview": "composed, not sent",
    "pending": "queued",
    "sending": "being sent",
    "held": "held, not sent",
    "unknown": "nobody knows whether it was sent",
    "failed": "could not be sent",
    "suppressed": "not sent",
}
WHY_NOT: Final = {
    "withdrawn": "the promise was withdrawn",
    "disputed": "its outcome is disputed",
    "historical": "it was over before Candor knew of it",
    "no_contact": "no contact of the customer is known",
    "no_consent": "the customer does not want such messages",
    "bad_contact": "the customer's contact cannot be read",
    "address_refused": "the mail server refused the address",
    "daily_cap": "the customer had as many messages as one may get a day",
    "channel_gone": "its channel is no longer set up",
    "unsubscribed": "the customer wants no messages",
    "awaits_approval": "it waits for a person's word",
    "approved": "a person let it go out",
    "said_by_phone": "a person told the customer by phone",
    "withheld": "a person decided that it is not said",
    "purpose_not_wanted": "the customer wants no such messages",
    "tolerated": "within what this customer tolerates",
    "quiet_hours": "the customer's quiet hours; decided anew when they end",
    "returned": "taken, and did not arrive",
    "next_channel": "its channel did not take it; sent by another",
    "superseded": "something newer was to be said",
    "stale": "it was too old by then",
    "erased": "the customer was erased",
    "dropped": "somebody decided that this mass of messages is not sent",
    "lint": "its text did not pass the checks",
    "not_composed": "its text could not be written",
    "sending_off": "sending is switched off",
    "try_later": "the mail server asked to try later",
    "refused": "the mail server refused it",
    "gave_up": "it could not be delivered in time",
    "outcome_unknown": "the mail server's answer was lost",
    "claim_expired": "the process that was sending it ended",
    "operator_not_sent": "somebody said that it was not sent",
}
"""Notify-svc's reasons in words; its others say why a message was to be sent and need no words here."""


class Entry(NamedTuple):
    """One line of a promise's timeline; `kind` chooses its icon and colour."""

    at: datetime
    kind: str
    title: str
    detail: str = ""


class Headline(NamedTuple):
    """The headline of a promise's page."""

    score: str
    colour: str
    what: str
    who: str
    when: str
    next: str = ""


def title(promise_id: str, what: str = "") -> str:
    """The title of a promise's browser tab."""
    return f"{what[:80]} · {promise_id}" if what else promise_id


def clock_text(moment: datetime, zone: str = "UTC") -> str:
    """Day and time in the promise's zone, e.g. `Fri 8 Mar 17:05`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def why(item: responses.GapItem, zone: str = "UTC") -> str:
    """The largest part of the gap in words; the outcome if the promise is no longer open."""
    if item.standing == "broken":
        return (
            f"Broken: {_failing(item)}; promised for {clock_text(item.held_due, zone)}{' UTC' if zone == 'UTC' else ''}"
        )
    if item.standing != "open":
        # Kept only means it was in time; anything else that is wrong must still be shown.
        return "; ".join([ended(item), *_evidence(item, besides=Component.LATENESS)])
    if item.paused is not None:
        beside = [] if not item.contributions else [_words(max(item.contributions, key=lambda part: part.share))]
        return "; ".join([f"waits for the customer since {clock_text(item.paused.since, zone)}", *beside])
    if not item.contributions:
        return "on course"
    worst = max(item.contributions, key=lambda part: part.share)
    said = _words(worst)
    if item.missed_steps and worst.component is not Component.LATENESS:
        # The evidence for lateness already names them.
        said = "; ".join([said, *(one.evidence for one in item.contributions if one.component is Component.LATENESS)])
    return said


def ended(item: responses.GapItem) -> str:
    """How a promise ended, in words; kept in time is not all of it where something is missing."""
    part = item.standing == "kept" and any(one.component is Component.SCOPE for one in item.contributions)
    return "Kept in time, not in full" if part else STATES[item.standing]


def _failing(item: responses.GapItem) -> str:
    """What was late or is missing, and by how much."""
    return "; ".join(_evidence(item)) or "judged so, though it was not late"


def _evidence(item: responses.GapItem, besides: Component | None = None) -> list[str]:
    return [_words(part) for part in item.contributions if part.component is not besides]


def _words(part: responses.ContributionOut) -> str:
    """A component's evidence, or its name if it has none."""
    return part.evidence or part.component.value.replace("_", " ")


def badge(score: float) -> tuple[int, str]:
    """A score of 0–100 as a whole number, and its colour, which depends on that number alone.

    Rounded down because bands begin at whole numbers: 74.6 is high, and shown as 75 it would be severe.
    """
    number = math.floor(score)
    return number, COLOURS[band(number)]


def slip(item: responses.GapItem) -> str:
    """P(slip) as a percentage, or that there is too little history, with the usual share late."""
    return item.too_little_history or ("–" if item.p_slip is None else chance_words(item.p_slip))


def headline(detail: responses.GapDetail) -> Headline:
    """The promise in four lines: what and to whom, its status, the promised and expected dates, and what to do next."""
    zone, forecast = detail.zone, detail.forecast
    parts = [f"promised date {clock_text(detail.dates.held_due, zone)} {_beside_utc(detail.dates.held_due, zone)}"]
    if detail.dates.latest_due != detail.dates.held_due:
        parts.append(f"latest told {clock_text(detail.dates.latest_due, zone)}")
    if forecast is not None:
        if forecast.p50 and forecast.p80:
            parts.append(f"expected {clock_text(forecast.p50, zone)} to {clock_text(forecast.p80, zone)}")
        parts.append(detail.too_little_history or f"risk of delay {slip(detail)}")
    if detail.paused is not None:
        parts.append(_waits(detail.paused, zone))
    who = f"{detail.customer_id} · {STATES['open'] if detail.standing == 'open' else why(detail, zone)}"
    number, colour = badge(detail.score)
    return Headline(str(number), colour, detail.what, who, " · ".join(parts), detail.next_words)


def _waits(wait: responses.PauseOut, zone: str) -> str:
    since, until = clock_text(wait.since, zone), clock_text(wait.until, zone)
    return f"waits for the customer since {since}: the clock stands, at most until {until}"


def _beside_utc(moment: datetime, zone: str) -> str:
    """The zone of the page's times, and the same moment as the list of promises shows it."""
    return "(UTC)" if zone == "UTC" else f"({zone}; {clock_text(moment)} UTC)"


def row(item: responses.GapItem) -> dict[str, Any]:
    """One row of the table: only plain text and numbers because customers' words must never become markup."""
    number, colour = badge(item.score)
    return {
        "id": item.promise_id,
        "score": number,
        "colour": colour,
        "what": item.what,
        "customer": item.customer_id,
        "why": why(item),
        "next": item.next_words,
        "slip": slip(item) if item.standing == "open" else "–",
        "due": clock_text(item.held_due),
        "told": "notified" if item.told else "",
        "standing": ended(item),
    }


def page_words(page: int, rows: int, number: Total, one: str = "promise") -> str:
    """Which rows a page shows, e.g. `26–50 of 10,002 promises`; `one` is what a row is."""
    first = (page - 1) * PAGE + 1
    of = f"{number} {one}{'' if number == (1, True) else 's'}"
    return f"{first:,}–{first + rows - 1:,} of {of}" if rows else f"none of {of}" if number.total else f"no {one}s"


def bands_chart(bands: dict[str, int]) -> dict[str, Any]:
    """One bar of the open promises, split by band."""
    series = [
        {
            "name": name,
            "type": "bar",
            "stack": "all",
            "data": [bands.get(name, 0)],
            "itemStyle": {"color": COLOURS[name]},
            "label": {"show": bands.get(name, 0) > 0, "color": "#fff"},
        }
        for name in BAND_NAMES
    ]
    return {
        "aria": {"enabled": True},
        "animationDuration": 300,
        "grid": {"left": 8, "right": 8, "top": 34, "bottom": 4},
        "legend": {"top": 0, "textStyle": {"color": GREY}},
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value", "show": False, "max": max(1, sum(bands.values()))},
        "yAxis": {"type": "category", "show": False, "data": ["open"]},
        "series": series,
    }


def incidents(detail: responses.GapDetail) -> list[tuple[responses.IncidentOut, str]]:
    """The incidents that hit a promise, each in words, those that go on first."""
    found = sorted(detail.incidents, key=lambda one: (one.resolved_at is not None, -one.opened_at.timestamp()))
    return [(one, f"{one.title or one.incident_id}{'' if one.resolved_at is None else ', over'}") for one in found]


def timeline(detail: responses.GapDetail) -> list[Entry]:
    """Everything that happened to a promise, oldest first."""
    return sorted(_entries(detail), key=lambda entry: entry.at)


def _entries(detail: responses.GapDetail) -> Iterator[Entry]:
    yield Entry(detail.dates.made_at, "made", "Promised", f"due {clock_text(detail.dates.first_due, detail.zone)}")
    for step in detail.milestones:
        if step.at is not None:
            yield Entry(step.at, step.status, f"{step.name}: {step.status}", _lateness(step))
    for incident in detail.incidents:
        detail_of_it = f"severity {incident.severity:.0%}", _public(incident.public_title)
        yield Entry(incident.opened_at, "incident", incident.title, "; ".join(part for part in detail_of_it if part))
        if incident.resolved_at is not None:
            yield Entry(incident.resolved_at, "resolved", f"{incident.title} ended")
    if detail.incidents_more:
        newest = detail.incidents[-1].opened_at
        yield Entry(newest, "incident", f"{detail.incidents_more:,} more incidents are not shown here")
    for notice in detail.notices:
        kind = "notice" if notice.state == "sent" else "unsent"
        yield Entry(notice.at, kind, _notice(notice), _told_range(notice, detail.zone))
    for wait in detail.pauses:
        words = wait.public_reason and f"for the customer: {wait.public_reason}"
        yield Entry(wait.since, "paused", "Waits for the customer; the clock stands", words)
        if detail.paused is None or wait.until != detail.paused.until:
            yield Entry(wait.until, "resumed", "No longer waits for the customer; the clock runs")
    if detail.completed_at is not None:
        yield Entry(detail.completed_at, detail.standing, ended(detail))


def _notice(notice: responses.NoticeOut) -> str:
    """A message in words; only a sent one counts as told."""
    if notice.state == "sent":
        return TOLD.get(notice.statement, notice.statement)
    what = NOT_TOLD.get(notice.statement, notice.statement)
    return f"{what} to the customer: {NOT_SENT.get(notice.state, notice.state)}{_why_not(notice)}"


def _why_not(notice: responses.NoticeOut) -> str:
    """E.g. `, as sending is switched off`; a message is a preview only if sending is off."""
    reason = notice.reason or ("sending_off" if notice.state == "preview" else "")
    if reason in WHY_NOT:
        return f", as {WHY_NOT[reason]}"
    if notice.state not in ("held", "failed", "suppressed"):
        return ""
    return f", for the reason {reason.replace('_', ' ')}" if reason else "; the reason was not recorded"


def _lateness(step: responses.MilestoneOut) -> str:
    plan = step.planned
    seconds = (step.at - plan).total_seconds() if step.at and plan else 0.0
    late = f"{span(seconds)} after its plan" if seconds >= 60 else ("on plan" if plan else "")
    return "; ".join(part for part in (late, step.reason, _public(step.public_reason)) if part)


def _public(words: str) -> str:
    """The public words, shown to staff beside the internal ones."""
    return f"for the customer: {words}" if words else ""


def _told_range(notice: responses.NoticeOut, zone: str) -> str:
    parts = []
    if notice.told_low and notice.told_high:
        parts.append(f"told {clock_text(notice.told_low, zone)} to {clock_text(notice.told_high, zone)}")
    if notice.next_update_by:
        parts.append(f"next update by {clock_text(notice.next_update_by, zone)}")
    return "; ".join(parts)
