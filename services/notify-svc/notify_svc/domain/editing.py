"""Whether a letter that staff changed may go out: their words are judged as words of staff, and facts stay in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notify_svc.domain.lexicon import lexicon
from notify_svc.domain.lint import Finding, Rule, lint_words, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A letter with its text `before` and subject `headed`, and as it is changed.

    `stated` are times that the customer is told, as the letter words them; `unaccepted` is who delivers without having
    agreed to it; `longest` the characters that the channel carries.
    """

    before: str
    headed: str
    subject: str
    text: str
    language: str
    stated: Sequence[str] = ()
    unaccepted: str | None = None
    longest: int | None = None


def lint_edit(edit: Edit) -> tuple[Finding, ...]:
    """Everything for which the changed letter may not go out; empty if it may.

    Lines that stood there are not judged again. What the record says the customer was told must still be told: both
    ends of the range, and when they hear next.
    """
    stood = {edit.headed, *edit.before.splitlines()}
    theirs = "\n".join(line for line in [edit.subject, *edit.text.splitlines()] if line not in stood)
    found = [*lint_words(theirs, edit.language)]
    found += [Finding(Rule.RANGE, f"{one} is not in the letter") for one in _lost(edit)]
    if edit.unaccepted and names(edit.unaccepted, theirs):
        found.append(Finding(Rule.UNACCEPTED_TEAM, edit.unaccepted))
    if (first := _buried(edit)) is not None:
        found.append(Finding(Rule.BAD_NEWS_FIRST, first[:80]))
    if edit.longest is not None and len(edit.text) > edit.longest:
        found.append(Finding(Rule.TOO_LONG, f"{len(edit.text)} characters where {edit.longest} fit"))
    return tuple(found)


def _lost(edit: Edit) -> list[str]:
    return [one for one in edit.stated if one in edit.before and one not in edit.text]


def _buried(edit: Edit) -> str | None:
    """The line that says now what bad news said first; None if the news still comes first, or there was none."""
    bad = lexicon(edit.language).bad
    place = next((number for number, line in enumerate(_lines(edit.before)[:2]) if bad.search(line)), None)
    if place is None:
        return None
    now = _lines(edit.text)[: place + 1]
    return None if any(bad.search(line) for line in now) else (now[-1] if now else "")


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
