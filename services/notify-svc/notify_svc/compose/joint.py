"""One letter that tells a customer of several promises: a table of what changed, then each message as composed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from markupsafe import Markup

from candor.contracts import Statement
from notify_svc.channels import Form
from notify_svc.compose.letter import Snapshot
from notify_svc.compose.localize import Localizer
from notify_svc.compose.rendering import Context, rendered_joint
from notify_svc.compose.words import language_of
from notify_svc.domain.facts import Reason

ORDER: Final = (Statement.CANCELLED, Statement.WARNING, Statement.UPDATE, Statement.ALL_CLEAR)
"""Bad news first."""
CLOSING: Final = 2
"""The paragraphs at a message's end that are not about its promise: who writes, and the zone of its times."""
_BODY: Final = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL)
_BLOCK: Final = re.compile(r"<(p|ul|table|blockquote)\b.*?</\1>", re.DOTALL)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What the table says of one promise, in the customer's words and zone.

    `low` and `high` are the range, `due` the promised date and `now` what holds instead: `moved` with its new date,
    `cancelled`, `done`, `as_promised`, or `open` if there is neither a range nor any of these. `reader` is whom the
    letter greets.
    """

    what: str
    due: str
    now: str
    locale: str
    low: str = ""
    high: str = ""
    moved: str = ""
    reader: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of a joint letter as it was composed; `html` is "" where the channel has none."""

    statement: Statement
    line: Line
    text: str
    html: str


def line_of(snapshot: Snapshot) -> Line:
    """What a joint letter's table says of a message with these facts."""
    civil = Localizer(snapshot.zone, snapshot.locale, snapshot.now)
    low, high, move = snapshot.low, snapshot.high, snapshot.move
    ends = civil.ends(low, high) if low is not None and high is not None else ("", "")
    return Line(
        what=" ".join(snapshot.promise.what.split()),
        due=civil.deadline(move.before if move else snapshot.promise.held_due),
        now=_now(snapshot),
        locale=snapshot.locale,
        low=ends[0],
        high=ends[1],
        moved=civil.deadline(move.due) if move else "",
        reader=snapshot.reader,
    )


def joined(parts: Sequence[Part], form: Form) -> tuple[str, str, str]:
    """Subject, text and HTML of one letter that tells all `parts`; how they end, if alike, is said once.

    The first part's language is that of what stands around them.
    """
    ordered = sorted(parts, key=lambda part: ORDER.index(part.statement))
    texts, ending = _apart([_paragraphs(part.text) for part in ordered], CLOSING)
    # Each line of these paragraphs is a block of its own in HTML.
    bodies, below = _apart([_blocks(part.html) for part in ordered], sum(len(one.splitlines()) for one in ending))
    context: Context = {
        "reader": ordered[0].line.reader,
        "lines": [part.line for part in ordered],
        "texts": ["\n\n".join(one) for one in texts],
        "bodies": [Markup("\n".join(one)) for one in bodies],  # noqa: S704 - our own letters, escaped as they were made
        "ending": "\n\n".join(ending),
        "below": Markup("\n".join(below)),  # noqa: S704 - as above
    }
    subject, text, html = rendered_joint(form, language_of(ordered[0].line.locale), context)
    return subject, text, html if form.html else ""


def _now(snapshot: Snapshot) -> str:
    if snapshot.move is not None:
        return "moved"
    if snapshot.statement is Statement.CANCELLED:
        return "cancelled"
    if snapshot.gap.completed_at is not None and (snapshot.decision.closing or snapshot.decision.reason is Reason.KEPT):
        return "done"
    if snapshot.statement is Statement.ALL_CLEAR:
        return "as_promised"
    return "open" if snapshot.low is None else "range"


def _paragraphs(text: str) -> list[str]:
    """The paragraphs after the greeting."""
    return text.strip().split("\n\n")[1:]


def _blocks(html: str) -> list[str]:
    """The blocks of a letter's HTML after the greeting."""
    body = _BODY.search(html)
    return [found[0] for found in _BLOCK.finditer(body[1])][1:] if body else []


def _apart(letters: list[list[str]], most: int) -> tuple[list[list[str]], list[str]]:
    """Each letter without what all end with, at most `most` paragraphs and never the first, and that ending.

    A last paragraph of its own, such as the link to a page, stays with its letter.
    """
    if all(letters) and len({letter[-1] for letter in letters}) > 1:
        own = [letter[-1:] for letter in letters]
        found, ending = _alike([letter[:-1] for letter in letters], most)
        return [[*letter, *last] for letter, last in zip(found, own, strict=True)], ending
    return _alike(letters, most)


def _alike(letters: list[list[str]], most: int) -> tuple[list[list[str]], list[str]]:
    shortest = min(len(letter) for letter in letters)
    alike = 0
    while alike < min(shortest - 1, most) and len({letter[-1 - alike] for letter in letters}) == 1:
        alike += 1
    ending = letters[0][len(letters[0]) - alike :]
    return [letter[: len(letter) - alike] for letter in letters], ending
