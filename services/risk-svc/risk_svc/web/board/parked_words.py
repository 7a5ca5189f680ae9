"""What the pages about parked reports say: rows, suggestions with their score and why, and what came of a match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from candor.web.http.public import public_path
from risk_svc.web.board import style
from risk_svc.web.board.source_words import moment

WAITS: Final = {
    "awaiting_promise": ("promise", "low"),
    "awaiting_reference": ("reference", "medium"),
    "ambiguous_reference": ("decision", "high"),
}
"""What a report waits for, in a word, and how pressing that is: the last waits for a person."""
OTHER: Final = "another promise"


def named(one: Mapping[str, Any]) -> str:
    """What a report names: a promise, or a name in another system."""
    reference = one["reference"]
    return one["promise_id"] or (f"{reference['system']} {reference['id']}" if reference else "nothing")


def parked_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A parked report as a row; its link leads to what it may be about."""
    word, level = WAITS[one["waits_for"]]
    query = urlencode({"id": one["parked_id"]})
    return {
        "id": one["parked_id"],
        "waits": word,
        "colour": style.COLOURS[level],
        "promise": named(one),
        "link": f"{public_path('/board/parked/report')}?{query}",
        "note": f"from {one['source']}",
        "step": f"{one['milestone']} {one['status']}",
        "at": f"{moment(one['at'])} UTC",
        "since": f"{moment(one['parked_at'])} UTC",
    }


def report_lines(one: Mapping[str, Any]) -> list[str]:
    """What a parked report says, and why it waits."""
    reason = f" Reason: {one['reason']}." if one["reason"] else ""
    return [
        f"{one['source']} says: {one['milestone']} {one['status']} at {moment(one['at'])} UTC.{reason}",
        f"It names {named(one)}. {one['detail'].partition('. ')[0]}.",
    ]


def choices(items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The promises that a report may be about, by id, the likeliest first: each with its score and why."""
    return {one["promise_id"]: choice(one) for one in items} | {"": OTHER}


def choice(one: Mapping[str, Any]) -> str:
    """A suggested promise in a line."""
    due = f", promised for {moment(one['due'])} UTC" if one["due"] else ""
    alias = f" ({one['name']})" if one["name"] != one["promise_id"] else ""
    return f"{one['promise_id']}{alias} of {one['customer_id']}{due}: {one['score']:.0%}, {'; '.join(one['why'])}"


def alike_words(found: Mapping[str, Any]) -> str:
    """How many reports name the same."""
    number = found["alike"]
    if number <= 1:
        return "No other report names the same; those that come will go the same way."
    return f"All {number:,}{'' if found['alike_exact'] else ' or more'} that name the same, and those that come"


def matched_words(found: Mapping[str, Any]) -> str:
    """What came of a match."""
    reports = f"{found['matched']:,} report{'' if found['matched'] == 1 else 's'}"
    refused = f", {found['rejected']:,} refused as they contradict it: see Sources" if found["rejected"] else ""
    return f"Matched {reports} to {found['promise_id']}{refused}. It can be undone under Matches."


def undone_words(found: Mapping[str, Any]) -> str:
    """What came of an undo."""
    one = found["reports"] == 1
    return f"Undone: {found['reports']:,} report{'' if one else 's'} of {found['promise_id']} wait{'s' * one} again."


def match_line(one: Mapping[str, Any]) -> str:
    """A match that can be undone, in a line."""
    reference = one["reference"]
    name = f"{reference['system']} {reference['id']}" if reference else one["source"]
    many = ", with all alike" if one["alike"] else ", alone"
    return f"{name} → {one['promise_id']}{many}; {moment(one['matched_at'])} UTC by {one['matched_by']}"


def archive_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """How many reports of a day ended without their promise."""
    return {
        "id": f"{one['day']} {one['source']} {one['system']}",
        "day": one["day"],
        "colour": style.COLOURS["low"],
        "source": one["source"],
        "system": one["system"] or "promises by id",
        "reports": f"{one['reports']:,}",
    }
