"""What the inbox says: rows, why a message waits and why it is said now, and what came of a decision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from candor.web.http.public import public_path
from risk_svc.web.board import style
from risk_svc.web.board.source_words import moment

AWAITS: Final = {
    "key_account": ("key account", "high"),
    "low_certainty": ("low certainty", "medium"),
    "new_wording": ("new wording", "low"),
    "owner_first": ("its owner", "low"),
}
"""Why a message waits, in a word, and how pressing that is; the first of several is shown."""
REASONS: Final = {
    "slip_held": "the risk of delay has stayed high",
    "milestone_missed": "a step that the customer was told of did not come",
    "range_left": "the likely dates have left what the customer was told",
    "update_due": "the announced update is due",
    "recovered": "it is likely to be kept again",
    "kept": "it was kept",
    "cancelled": "it is cancelled",
    "called_off": "the company called it off",
    "date_moved": "the company set another date",
    "done_outside_range": "it was done outside of what the customer was told",
    "not_kept": "it was not kept",
}
OWNERS: Final = {
    "waiting": "The owner hears of it first.",
    "owner_told": "The owner was told.",
    "no_owner": "The promise has no owner: nobody else is told.",
    "owner_has_no_address": "The owner has no address: nobody else is told.",
    "owner_not_reached": "The owner was not reached.",
}
DONE: Final = {
    "approve": "Approved: it goes out after a last look at the facts.",
    "edit": "Changed. It waits on, in these words.",
    "hold": "Held: this is not said. What else there is to say of the promise is decided as ever.",
    "snooze": "Snoozed.",
    "said": "Recorded as said by phone. No message goes out.",
}
# Whoever reads the letter here must not answer in the customer's place.
# Signed: a link that somebody wrote into the letter is none.
_OWN: Final = r"https?://[^\s\"]+/p/[A-Za-z0-9_.-]{40,}"
_LINE: Final = re.compile(rf".+: {_OWN}")
_LINK: Final = re.compile(rf'<p><a href="{_OWN}">[^<]*</a></p>')


def inbox_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """A message that waits, as a row; its link leads to it."""
    word, level = AWAITS.get(one["awaits"][0] if one["awaits"] else "", ("person", "low"))
    return {
        "id": one["notice_id"],
        "why": word,
        "colour": style.COLOURS[level],
        "promise": one["subject"],
        "link": f"{public_path('/board/inbox/message')}?{urlencode({'id': one['notice_id']})}",
        "note": f"to {one['customer_id']} about {one['promise_id']}",
        "now": REASONS.get(one["spoken_for"], one["spoken_for"]),
        "since": f"{moment(one['waits_since'] or one['decided_at'])} UTC",
    }


def about_lines(one: Mapping[str, Any]) -> list[str]:
    """Whom a message is for, why it is said now, why it waits, and who else hears of it."""
    stood = "It waits" if waits(one) else "It waited"
    named = ", ".join(AWAITS.get(name, (name, ""))[0] for name in one["awaits"])
    lines = [
        f"To {one['customer_id']} about {one['promise_id']}: {REASONS.get(one['spoken_for'], one['spoken_for'])}.",
        f"{stood} for: {named or 'nobody'}, since {moment(one['waits_since'] or one['decided_at'])} UTC.",
        OWNERS.get(one["owner"], ""),
    ]
    if one["edited_by"]:
        lines.append(f"Changed by {one['edited_by']}.")
    if one["snoozed_until"]:
        lines.append(f"Snoozed until {moment(one['snoozed_until'])} UTC.")
    if one["approved_by"]:
        lines.append(f"Decided by {one['approved_by']}.")
    return [line for line in lines if line]


def text_of(one: Mapping[str, Any]) -> str:
    """A message's text without the customer's own link."""
    return without_link(str(one["message"])) + "\n"


def without_link(words: str) -> str:
    """A message without its last line, if that holds the customer's own link: who reads it here is not them."""
    lines = words.rstrip().splitlines()
    if lines and _LINE.fullmatch(lines[-1]):
        lines.pop()
    return "\n".join(lines).rstrip()


def html_of(one: Mapping[str, Any]) -> str:
    """A message as HTML without the customer's own link; "" where it has only text."""
    return _LINK.sub("", str(one["html"]))


def waits(one: Mapping[str, Any]) -> bool:
    """Whether a message still waits for a person."""
    return bool(one["state"] == "pending" and one["reason"] == "awaits_approval")
