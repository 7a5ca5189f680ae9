"""What the page of a customer's record says: each entry with who, over which way and when, and the entries as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from candor.web.http.csv_page import csv_text
from risk_svc.web.board.letter_words import without_link
from risk_svc.web.board.source_words import moment

COLUMNS: Final = (
    *("at", "promise_id", "direction", "way", "kind", "choice", "subject", "words", "state", "approved_by"),
    *("due", "why"),
)
WHO: Final = {"said": "we", "answered": "they", "not_said": "not said"}
GONE: Final = "We no longer keep the words."
UNSURE: Final = "Nobody knows whether it arrived."


def wanted(one: Mapping[str, Any] | None) -> str:
    """How a customer wants to be written to, in a line; "" if nobody knows."""
    if one is None:
        return ""
    own = one["own"]
    tier = f"tier {one['tier']}" if one["tier"] else ""
    parts = [f"Warned from a risk of delay of {one['warned_from']:.0%}{_whose(own, 'tolerance', tier)}"]
    if one["ahead_hours"]:
        ahead = f"at most {_span(one['ahead_hours'])} before the promised time"
        parts.append(ahead + _whose(own, "ahead_hours", tier))
    if one["pace_hours"]:
        pace = f"other times told at most every {_span(one['pace_hours'])}"
        parts.append(pace + _whose(own, "pace_hours", tier))
    return "; ".join(parts) + "."


def _whose(own: Sequence[str], name: str, tier: str) -> str:
    return " (their own word)" if name in own else f" ({tier})" if tier else ""


def _span(hours: float) -> str:
    return f"{hours:g} h" if hours < 48 or hours % 24 else f"{hours / 24:g} days"


class Entry(NamedTuple):
    """An entry as it is shown; `beside` says who approved or changed it."""

    head: str
    subject: str
    words: str
    beside: str


def entry(one: Mapping[str, Any]) -> Entry:
    """An entry of the record."""
    way = f" by {one['way']}" if one["way"] not in ("", "page") else " on the page" if one["way"] == "page" else ""
    kind = one["kind"].replace("_", " ")
    about = f", about {one['promise_id']}" if one["promise_id"] else ""
    head = f"{moment(one['at'])} UTC, {WHO[one['direction']]}{way}: {kind}{about}"
    words = "\n".join(part for part in (_chosen(one), _words(one)) if part)
    who = f"{'Called' if one['way'] == 'phone' else 'Approved'} by {one['approved_by']}." if one["approved_by"] else ""
    changed = f"Changed by {one['edited_by']}." if one["edited_by"] else ""
    unsure = UNSURE if one["state"] == "unknown" else ""
    why = f"Not said: {one['why']}." if one["why"] else ""
    return Entry(head, one["subject"], words, " ".join(part for part in (why, who, changed, unsure) if part))


def _chosen(one: Mapping[str, Any]) -> str:
    return f"{one['choice']}, by {moment(one['due'])} UTC" if one["due"] else str(one["choice"])


def as_csv(items: Sequence[Mapping[str, Any]]) -> bytes:
    """The entries as CSV (RFC 4180), none of them a formula, without the customer's own link."""
    return csv_text(COLUMNS, ({**one, "words": _words(one)} for one in items)).encode()


def _words(one: Mapping[str, Any]) -> str:
    words = str(one["words"])
    if not words and one["direction"] == "said" and one["state"]:
        return GONE
    return without_link(words) if one["direction"] == "said" else words
