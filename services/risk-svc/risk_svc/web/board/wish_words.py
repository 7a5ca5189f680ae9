"""Wishes in words: what was wished, what can be done until then, and when it is looked at again; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from candor.web.http.listings import Total
from risk_svc.web.board import style
from risk_svc.web.board.lists import linked_promise

STATES: Final[dict[str, str]] = {
    "open": "open",
    "due": "due to look again",
    "met": "met",
    "declined": "declined",
    "all": "all",
}
COLOURS: Final = {"due": "severe", "open": "medium", "met": "none", "declined": "low"}
EMPTY: Final = "No wish matches. What customers wish for comes by promise-svc's API: POST /v1/wishes."
UNREAD: Final = "not yet in words for the customer"
SHOWN: Final = 10
"""The wishes of a promise that are named."""


def row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A wish as a row: plain text."""
    return {
        "id": one["wish_id"],
        "state": STATES[one["state"]],
        "colour": style.COLOURS[COLOURS[one["state"]]],
        "promise": one["promise_id"] or "",
        "link": linked_promise(one["promise_id"]) if one["promise_standing"] is not None else "",
        "note": " · ".join(part for part in (one["promise_kind"], one["customer_id"]) if part),
        "again": f"{one['look_again_on']:%Y-%m-%d}",
        "wished": _wished(one),
        "workaround": one["workaround"] or "–",
        "by": f"{one['department'] or '–'}, {style.clock_text(one['at'])} UTC",
    }


def lines(found: Sequence[Mapping[str, Any]], number: Total) -> list[str]:
    """The wishes about a promise that are open, in words, and how many more there are."""
    named = found[:SHOWN]
    left = number._replace(total=number.total - len(named))
    more = [f"Looked at later and not shown: {left}."] if left.total > 0 else []
    return [*map(_line, named), *more]


def _line(one: Mapping[str, Any]) -> str:
    due = " (due)" if one["state"] == "due" else ""
    until = f" Until then: {one['workaround']}." if one["workaround"] else ""
    return f"Wished: {_wished(one)}.{until} Look again on {one['look_again_on']:%Y-%m-%d}{due}."


def _wished(one: Mapping[str, Any]) -> str:
    # Words end with what the company keeps of texts.
    return str(one["public_text"] or UNREAD)
