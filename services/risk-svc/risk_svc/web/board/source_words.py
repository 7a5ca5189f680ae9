"""What the pages about senders say: rows of lists, and what became of a request that was tried, replayed or mended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from candor.web.http.public import public_path
from risk_svc.web.board import style
from risk_svc.web.board.intake_data import Part

STATES: Final = {"heard": "heard", "stale": "silent", "learning": "new"}
STATE_COLOURS: Final = {"heard": "none", "stale": "severe", "learning": "low"}
REQUEST_COLOURS: Final = {"refused": "severe", "failed": "severe", "waiting": "medium", "mended": "low"}
PROOFS: Final = {
    "holds": "Its proof holds: it comes from this sender.",
    "stale": "Its signature is genuine, and too old to be taken now",
    "bad_signature": "Its proof does not hold: as it stands here it would be answered 401",
    "no_secret": "Nobody may send it as yet",
}
COMPLETED: Final = "Its source asks its system for the rest first: what that says is not known here."
NOTHING: Final = "The mapping leaves all of it out as meaningless here."
WIDEST: Final = 4_000
"""Characters of an event's data that are shown."""


def failures(parts: Sequence[Part]) -> list[str]:
    """Which services said nothing, and why."""
    return [f"{one.service}: {one.failed}" for one in parts if one.failed]


def sender_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A sender as a row; its link shows what it sent."""
    usual = one["usual_minutes"]
    return {
        "id": f"{one['service']} {one['source']}",
        "state": STATES[one["state"]],
        "colour": style.COLOURS[STATE_COLOURS[one["state"]]],
        "promise": one["source"],
        "link": _address("sources", service=one["service"], sender=one["source"]),
        "note": one["service"],
        "last": f"{moment(one['last_event_at'])} UTC",
        "rate": "not known yet" if usual is None else f"in {usual:.0f} of 60 minutes",
        "refused": f"{one['refused']:,}{' or more' if one['refused'] >= 1000 else ''}",
    }


def refused_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A refused event as a row; its link leads to its request, if that is kept still."""
    request = one["request"]
    return {
        "id": f"{one['service']} {one['source']} {one['event_id']} {one['received_at']}",
        "reason": one["reason"],
        "colour": style.COLOURS["high"],
        "promise": one["type"] or "nothing that could be read",
        "link": request_address(one["service"], request) if request else "",
        "note": f"{one['source']}, {one['service']}",
        "detail": one["detail"],
        "times": f"{one['times']:,}",
        "at": f"{moment(one['received_at'])} UTC",
    }


def request_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A stored request as a row; its link leads to its content."""
    state = one["state"]
    mended = f", mended by {one['mended_by']}" if one["mended_by"] else ""
    to = f"mended {moment(one['mended_at'])} UTC: {one['mended_to']} was taken" if one["mended_at"] else ""
    return {
        "id": one["request_id"],
        "state": state,
        "colour": style.COLOURS[REQUEST_COLOURS.get(state, "none")],
        "promise": one["request_id"],
        "link": request_address(one["service"], one["request_id"]),
        "note": f"{one['source']}, read as {one['read_as']}{mended}",
        "reason": "; ".join(filter(None, (to, one["reason"]))) or "–",
        "at": f"{moment(one['received_at'])} UTC",
        "size": f"{one['size']:,} bytes",
        "times": f"{one['times']:,}",
    }


def content_lines(found: Mapping[str, Any]) -> list[str]:
    """What is known of a stored request, besides its body."""
    sent = found["sent"]
    headers = "; ".join(f"{name}: {value}" for name, value in sent["headers"].items())
    lines = [
        f"From {found['source']}, {moment(found['received_at'])} UTC, as {sent['media_type']}.",
        f"Headers that say what it is: {headers or 'none'}.",
    ]
    if not sent["exact"]:
        lines.append("Some of its bytes are no text; they stand as \\xNN. Mend it only if you know what they were.")
    return lines


def replay_words(found: Mapping[str, Any]) -> str:
    """What became of a request that was processed again."""
    if found["state"] == "waiting":
        return "It waits until its system says the rest; look again in a minute."
    counts = [f"{found['accepted']:,} taken", f"{found['replayed']:,} taken before"]
    refused = [f"{one['code']}: {one['detail']}" for one in found["rejected"]]
    said = f"Processed: {', '.join(counts)}, {len(refused):,} refused."
    return " ".join([said, *refused])


def proof_words(found: Mapping[str, Any]) -> str:
    """Whether the proof of a request that was tried holds."""
    said = PROOFS[found["proof"]]
    return said if found["proof"] == "holds" else f"{said}: {found['reason']}."


def tried_lines(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What each event of a request that was tried would be taken as: a line, and its data as text."""
    lines: list[tuple[str, str]] = []
    for number, one in enumerate(found["events"], 1):
        named = f"{one['type'] or 'nothing'} {one['event_id']}".strip()
        refused = one["refused"]
        data = "" if one["data"] is None else json.dumps(one["data"], indent=2, ensure_ascii=False)
        lines.append((f"{number}. {named}: {f'refused: {refused}' if refused else 'would be taken'}", data[:WIDEST]))
    if found["events_more"]:
        lines.append((f"And {found['events_more']:,} more.", ""))
    if not lines:
        lines.append((NOTHING, ""))
    return [*([(COMPLETED, "")] if found["completed"] else []), *lines]


def headers_of(text: str) -> dict[str, str]:
    """Headers as people paste them, one a line. Raises ValueError with the line that is none."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            raise ValueError(f"“{line.strip()[:60]}” is no header: write each as Name: value, on a line of its own.")
        found[name.strip().lower()] = value.strip()
    return found


def request_address(service: str, request_id: str) -> str:
    """The address of a stored request's page."""
    return _address("sources/request", service=service, id=request_id)


def moment(text: str) -> str:
    """A time of an answer in words."""
    return style.clock_text(datetime.fromisoformat(text).astimezone(UTC))


def _address(page: str, **asked: str) -> str:
    return f"{public_path(f'/board/{page}')}?{urlencode(asked)}"
