"""FILE.map.yaml for a person: what is proposed, with the reason beside it, and what is left open."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

import yaml

from candor.escaping import escaped
from candor.intake.mapped.money import currencies_of
from candor.tabular.config import OPEN
from candor.tabular.drafting import Draft
from candor.tabular.proposing import Seen, ambiguous

HEAD: Final = """\
# What the columns of {file} mean. Edit it, then: candor import {file} --map {own}
# Expressions are JMESPath over a row, such as item.order or item."Due date" (docs/guide/import-tables.md).
"""
_OF_HEAD: Final = {
    "zone": "of times that carry none, such as Europe/Berlin",
    "exported_at": "the time of rows that say none",
    "decimal": "the decimal sign of numbers: . or ,",
    "empty": "what stands in cells that say nothing",
}


def as_yaml(draft: Draft, seen: Seen, file: str, own: str) -> str:
    """The text of the file."""
    lines = [HEAD.format(file=escaped(file), own=escaped(own))]
    for name, value in draft.head.items():
        lines.append(_line(0, name, value, _OF_HEAD.get(name, "")))
    lines.append("events:")
    whys = {guess.field: f"{guess.score:.2f}, {guess.why}" for guess in seen.guesses if guess.field}
    for event in draft.events:
        lines.append(f"  - type: {event['type']}")
        lines += [_line(4, name, event[name], "") for name in ("when", "time") if name in event]
        lines.append("    data:")
        for name, value in event["data"].items():
            lines.append(_line(6, name, value, _why(name, value, whys, seen, draft)))
    unused = [guess.column for guess in seen.guesses if not guess.field and guess.column not in seen.doubts]
    if unused:
        lines.append(f"# Not used: {escaped(', '.join(unused)[:1000])}")
    lines += [f"# Not used: {escaped(f'{column}, {why}')}" for column, why in draft.unused.items()]
    return "\n".join(lines) + "\n"


def _why(name: str, value: Any, whys: dict[str, str], seen: Seen, draft: Draft) -> str:
    if isinstance(value, dict) and value.get("time") == OPEN:
        column = seen.fields.get(name) or seen.fields.get("done_at", "")
        example = seen.looks[column].example if column in seen.looks else ""
        return f"{example} may be read both ways: write dmy (the day first) or mdy"
    if value == OPEN:
        return open_words(draft, name)
    return whys.get(_said_as(name, whys)) or draft.reasons.get(name, "")


def _said_as(name: str, known: Container[str]) -> str:
    """Under which field something is known of an event's field: when something is done stands there as `at`."""
    return "done_at" if name == "at" and "at" not in known else name


def _line(indent: int, name: str, value: Any, comment: str) -> str:
    said = f"{' ' * indent}{_flow({name: value})}"
    return f"{said}  # {escaped(comment)}" if comment else said


def _flow(value: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1 << 30, allow_unicode=True, sort_keys=False)
    return text.strip()[1:-1]


def questions(draft: Draft, seen: Seen) -> list[str]:
    """What a person has to say before the table can be imported."""
    found = []
    if draft.head["zone"] == OPEN:
        found.append("zone: in which zone the file's times are, such as Europe/Berlin (or give --zone)")
    unclear = [guess for guess in seen.guesses if guess.field and ambiguous(seen.looks[guess.column])]
    unclear = [guess for guess in unclear if OPEN in str([event["data"].get(guess.field) for event in draft.events])]
    found += [
        f"{guess.column}: whether {seen.looks[guess.column].example} has the day first or the month first (or give"
        " --dates dmy or mdy)"
        for guess in unclear
    ]
    for event in draft.events:
        data = event["data"]
        found += [f"{name} of {event['type']}: {open_words(draft, name)}" for name in data if data[name] == OPEN]
        for name, value in data.items():
            named = value.get("map", {}) if isinstance(value, dict) else {}
            if words := ", ".join(_choices(name, word) for word, ours in named.items() if ours == OPEN):
                found.append(f"{name}: what these mean: {words[:300]}")
    return found


def _choices(name: str, word: str) -> str:
    may = currencies_of(word) if name == "currency" else ()
    return f"{word} ({' or '.join(may)})" if may else word


def open_words(draft: Draft, name: str) -> str:
    """Why a field is open, and what to do about it."""
    why = draft.reasons.get(_said_as(name, draft.reasons))
    if name == "currency" and why:
        return f"{why}: say which it is, such as {{value: EUR}}"
    return f"{why}: say what it is, or leave this line out" if why else "no column was found"


def closed(draft: Draft) -> dict[str, Any]:
    """The mapping without what is open, to show rows as far as they are known."""
    head = {**draft.head, "zone": "UTC" if draft.head["zone"] == OPEN else draft.head["zone"]}
    events = []
    for event in draft.events:
        data: dict[str, Any] = {name: value for name, value in event["data"].items() if not _is_open(value)}
        rest = {name: event[name] for name in ("type", "when", "time") if name in event and not _is_open(event[name])}
        if data:
            events.append(rest | {"data": data})
    # A step without the time that is asked for would look as if it were done.
    dated = [event for event in events if "at" in event["data"] or event["type"] != "milestone.reported"]
    return {**head, "events": dated or events}


def _is_open(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_is_open(part) for part in value.values())
    return bool(value == OPEN)
