"""Reviews, their months and stated lead times in words and intervals: pure, from what the lists and figures say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from risk_svc.insight.measures.figure import Figure
from risk_svc.insight.review_months import Month, Months
from risk_svc.insight.sheets import figure_body
from risk_svc.web.board import plots, style
from risk_svc.web.board.figure_words import share_words
from risk_svc.web.board.lists import linked_promise

Item = Mapping[str, Any]
TAGS: Final = {
    "not_told": "not told",
    "too_late": "told too late",
    "contradictory": "contradictory",
    "unreachable": "unreachable",
}
VERDICTS: Final = {
    "longer": "we take longer",
    "shorter": "we take less",
    "unclear": "no clear difference",
    "too_little_history": "too little history",
}
DRAWN: Final = 12
"""Months that are drawn."""
SHARE: Final = plots.Scale(0.0, 1.0, 0.0)
ENDS: Final = ("none", "all")
NOTHING: Final = "–"
NONE: Final = "<p>None so far.</p>"


def month_name(month: str) -> str:
    """A month such as `Mar 2026`."""
    return f"{date.fromisoformat(f'{month}-01'):%b %Y}"


def day_words(at: datetime) -> str:
    """A day, in UTC, such as `8 Mar 2026`."""
    return f"{at.day} {at:%b %Y}"


def failures(found: Months) -> str:
    """The share of tagged reviews that complain of failure to communicate, by month."""
    marks = [_mark(one.month, one.failure, tags_words(one)) for one in found.months[:DRAWN] if one.reviews]
    return _drawn(marks, "Reviews that complain of failure to communicate, by month")


def warnings(found: Months) -> str:
    """The share of late promises whose customers were warned before, by month."""
    marks = [_mark(one.month, one.warned) for one in found.months[:DRAWN] if one.warned.n]
    return _drawn(marks, "Late promises whose customers were warned before, by month")


def basis_words(found: Months) -> str:
    """How the reviews of all months were tagged, and what was left out."""
    reviews, untagged, machine = (
        sum(getattr(one, name) for one in found.months) for name in ("reviews", "untagged", "by_machine")
    )
    if not reviews:
        return ""
    person = reviews - untagged - machine
    said = (
        f"Of {reviews:,} review{'' if reviews == 1 else 's'} {machine:,} tagged by machine, {person:,} by a person; "
        f"{untagged:,} without words that are read count in no share."
    )
    return said if found.exact else f"{said} There are more: only the newest are counted."


def tags_words(one: Month) -> str:
    """How often each tag is found in a month, e.g. `3 not told, 1 unreachable`."""
    return ", ".join(f"{one.tags[tag]:,} {words}" for tag, words in TAGS.items() if one.tags.get(tag))


def review_row(one: Item) -> dict[str, Any]:
    """A review as a row: plain text and numbers."""
    known = one["promise_standing"] is not None
    return {
        "id": one["review_id"],
        "tag": tag_words(one),
        "colour": style.COLOURS["severe" if one["tags"] else "low" if one["tags"] is None else "none"],
        "promise": one["promise_id"] or NOTHING,
        "link": linked_promise(one["promise_id"]) if known else "",
        "note": promise_words(one) if known else "",
        "review": f"{one['source']}, {day_words(one['at'])}",
        "rating": rating_words(one),
        "evidence": evidence_words(one),
        "about": about_words(one),
    }


def tag_words(one: Item) -> str:
    """What a review complains of."""
    if one["tags"] is None:
        return "not tagged"
    return ", ".join(TAGS[tag] for tag in one["tags"]) or "none of it"


def evidence_words(one: Item) -> str:
    """By what a review was tagged."""
    if one["tags"] is None:
        return "no words that are read"
    if one["tagged_by"] == "person":
        return "a person read it"
    return ", ".join(f"“{words}”" for words in one["evidence"]) or "nothing found by machine"


def rating_words(one: Item) -> str:
    """A rating on its scale, e.g. `2 of 5`; where 5 is not the best or 1 not the worst, with both."""
    if one["rating"] is None:
        return NOTHING
    scale = "" if (one["worst"], one["best"]) == (1.0, 5.0) else f" (worst {one['worst']:g})"
    return f"{one['rating']:g} of {one['best']:g}{scale}"


def about_words(one: Item) -> str:
    """What a review is about, as far as it is known."""
    labels = [f"{name} {value}" for name, value in one["labels"].items()]
    return ", ".join(part for part in (one["product"], one["place"], *labels) if part) or NOTHING


def promise_words(one: Item) -> str:
    """How the promise of a review stands, and whether its customer was warned."""
    said = style.STATES[one["promise_standing"]].lower()
    if one["promise_standing"] in ("broken", "cancelled"):
        said += ", warned before" if one["warned"] else ", not warned before"
    return " · ".join(part for part in (one["customer_id"], said) if part)


def review_line(one: Item) -> str:
    """A review in one line, for the page of its promise."""
    where = f"{day_words(one['at'])}, {one['source']}"
    rated = "" if one["rating"] is None else f", {rating_words(one)}"
    return f"{where}{rated}: {tag_words(one)} ({evidence_words(one)})"


def lead_times(items: Sequence[Item]) -> str:
    """What is stated of each competitor as a line from low to high, and below it ours, on one scale in days."""
    marks = [mark for one in items for mark in _pair(one)]
    drawn = plots.from_zero(marks)
    return plots.plot(
        marks, drawn, "Lead times stated of competitors, and ours", ends=("0 days", f"{drawn.high:.0f} days")
    )


def lead_time_row(one: Item) -> dict[str, Any]:
    """A stated lead time beside ours as a row."""
    return {
        "id": f"{one['competitor']} ({one['lead_time_id']})",
        "what": what_words(one),
        "stated": span_words(one["low_days"], one["typical_days"], one["high_days"]),
        "by": _stated_by(one),
        "promised": ours_words(one, "promised"),
        "actual": ours_words(one, "actual"),
        "beside": VERDICTS[one["beside"]],
    }


def what_words(one: Item) -> str:
    """Of which promises a lead time is."""
    labels = ", ".join(f"{name} {value}" for name, value in one["labels"].items())
    return f"{one['kind']}{f' ({labels})' if labels else ''}"


def span_words(low: float | None, typical: float, high: float | None) -> str:
    """A typical time with its ends where they are known, e.g. `10 (7 to 14) days`."""
    if low is not None and high is not None:
        ends = f" ({low:.3g} to {high:.3g})"
    else:
        ends = f" (up to {high:.3g})" if high is not None else f" ({low:.3g} or more)" if low is not None else ""
    return f"{typical:.3g}{ends} days"


def ours_words(one: Item, what: str) -> str:
    """Our median with its interval, and from which to which most lie."""
    middle, low, high = (one[f"{what}_{part}"] for part in ("typical", "low", "high"))
    if middle["value"] is None:
        return f"too little history, n\u00a0{middle['n']:,}"
    said = f"{middle['value']:.3g} ({middle['low']:.3g}–{middle['high']:.3g}) days, n\u00a0{middle['n']:,}"
    if low["value"] is None or high["value"] is None:
        return said
    return f"{said}; 8 of 10 from {low['value']:.3g} to {high['value']:.3g}"


def made_words(made_at: datetime | None) -> str:
    """When our figures were worked out."""
    if made_at is None:
        return "Ours are not worked out so far: the process risk-svc insight does that, seconds after its start."
    return f"Ours worked out {style.clock_text(made_at)} UTC, of the 100,000 promises completed last."


def _drawn(marks: Sequence[plots.Mark], title: str) -> str:
    return plots.plot(marks, SHARE, title, ends=ENDS) if marks else NONE


def _mark(month: str, figure: Figure, more: str = "") -> plots.Mark:
    words = share_words(figure_body(figure))
    said = f"{words}; {more}" if more else words
    return plots.Mark(month_name(month), said, figure.value, figure.low, figure.high)


def _pair(one: Item) -> list[plots.Mark]:
    theirs = span_words(one["low_days"], one["typical_days"], one["high_days"])
    stated = plots.Mark(
        f"{one['competitor']}, {what_words(one)}",
        f"{theirs}, {_stated_by(one)}",
        one["typical_days"],
        one["low_days"],
        one["high_days"],
        "unclear",
    )
    middle = one["actual_typical"]
    words = f"{ours_words(one, 'actual')}; {VERDICTS[one['beside']]}"
    ink = {"longer": "late", "shorter": "early"}.get(one["beside"], "ink")
    return [stated, plots.Mark("Ours, as it came", words, middle["value"], middle["low"], middle["high"], ink)]


def _stated_by(one: Item) -> str:
    return f"stated by {one['stated_by']}, {day_words(one['at'])}"
