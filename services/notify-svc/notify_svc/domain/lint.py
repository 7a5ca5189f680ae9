"""Honest words (definitions.md): a deterministic check of a letter before it may be sent, with reasons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from candor.contracts import Statement
from notify_svc.domain.consistency import LetterFigures, contradictions
from notify_svc.domain.lexicon import ENGLISH, Lexicon, lexicon


class Rule(StrEnum):
    """Rules that a letter can break."""

    RANGE = "range"
    CERTAINTY = "certainty"
    VAGUE_TIME = "vague_time"
    PASSIVE = "passive"
    BAD_NEWS_FIRST = "bad_news_first"
    BLAME = "blame"
    NEXT_UPDATE = "next_update"
    UNACCEPTED_TEAM = "unaccepted_team"
    CAUSE = "cause"
    UNSUPPORTED = "unsupported"
    CONTRADICTION = "contradiction"
    TOO_LONG = "too_long"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule and the words that broke it."""

    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class Support:
    """One claim of a letter and the event that supports it."""

    says: str
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter with the facts needed to check it.

    `what` stands for the promise's own text, which the company already used and the lint does not check. `low_text`,
    `high_text`, `next_text` are the times as the letter states them. `cause`: whether an event names a cause that
    customers may be told. `longest`: how many characters of text the channel carries, None if unlimited;
    `length`: how many the letter has once names are in it, by default those of `text`. `greeting` stands before the
    news; `theirs` are words of the company, which alone can name a team. `announces`: whether it must say when the
    reader hears next.
    """

    statement: Statement
    subject: str
    text: str
    what: str
    p_slip: float
    p50: datetime | None = None
    low: datetime | None = None
    high: datetime | None = None
    low_text: str = ""
    high_text: str = ""
    next_text: str = ""
    announces: bool = True
    closing: bool = False
    bad_news: bool = True
    cause: bool = False
    unaccepted: str | None = None
    support: tuple[Support, ...] = ()
    html: str = ""
    stated: LetterFigures | None = None
    longest: int | None = None
    length: int = 0
    language: str = ENGLISH
    greeting: str = ""
    theirs: tuple[str, ...] = ()


def lint(draft: Draft) -> tuple[Finding, ...]:
    """Everything in `draft` that an honest letter must not contain; empty if it may be sent."""
    words = f"{draft.subject}\n{draft.text}".replace(draft.what, "")
    found = [*_ranges(draft), *_wording(draft, words), *_substance(draft, words), *_consistency(draft)]
    return tuple(found)


def lint_words(words: str, language: str) -> tuple[Finding, ...]:
    """What `words` that others wrote for letters in `language` must not contain: staff's reasons, a company's options.

    Whatever a forecast says, they promise nothing as certain, state no odds and no vague time, and blame nobody.
    """
    known = lexicon(language)
    rules = (
        (Rule.VAGUE_TIME, known.vague),
        (Rule.BLAME, known.blame),
        (Rule.CERTAINTY, known.certain),
        (Rule.CONTRADICTION, known.odds),
    )
    return tuple(Finding(rule, match.group(0)) for rule, pattern in rules for match in pattern.finditer(words))


def lint_own(words: str, language: str) -> tuple[Finding, ...]:
    """What a company's own standing words must not contain: also no cause, which is for events to name."""
    known = lexicon(language)
    causes = [Finding(Rule.CAUSE, match.group(0)) for match in known.causal.finditer(words)]
    return (*lint_words(words, language), *_passives(known, words), *causes)


def _consistency(draft: Draft) -> list[Finding]:
    if draft.stated is None:
        return []
    found = [Finding(Rule.CONTRADICTION, words) for words in contradictions(draft.stated)]
    # No part of the letter may state odds other than its own, not even in quoted words.
    parts = (part.replace(draft.what, "") for part in (draft.subject, draft.text, draft.html))
    said = {match.group(0): match.group(1) for part in parts for match in lexicon(draft.language).odds.finditer(part)}
    others = sorted(odds for odds, number in said.items() if number != str(draft.stated.chance))
    return found + [Finding(Rule.CONTRADICTION, f"{odds}, which are not this letter's") for odds in others]


def _ranges(draft: Draft) -> list[Finding]:
    low, high = draft.low, draft.high
    if low is None and high is None:
        return []
    if low is None or high is None or low >= high:
        return [Finding(Rule.RANGE, "a single date where a range belongs")]
    found = []
    if draft.statement is Statement.CANCELLED:
        found.append(Finding(Rule.RANGE, "a range for something cancelled"))
    if draft.p50 is None or low < draft.p50:
        found.append(Finding(Rule.RANGE, "a date earlier than the forecast's P50"))
    # One end of the range requires the other: customers would take a best case alone as a promise.
    parts = (draft.subject.replace(draft.what, ""), draft.text.replace(draft.what, ""))
    if any(draft.low_text in part and draft.high_text not in part for part in parts):
        found.append(Finding(Rule.RANGE, "one end of the range without the other"))
    if draft.low_text not in parts[1] or draft.high_text not in parts[1]:
        found.append(Finding(Rule.RANGE, "the range is not in the letter"))
    return found


def _wording(draft: Draft, words: str) -> list[Finding]:
    known = lexicon(draft.language)
    found = [Finding(Rule.VAGUE_TIME, match.group(0)) for match in known.vague.finditer(words)]
    found += [Finding(Rule.BLAME, match.group(0)) for match in known.blame.finditer(words)]
    certain = 0.05 < draft.p_slip < 0.95
    found += [Finding(Rule.CERTAINTY, match.group(0)) for match in known.certain.finditer(words) if certain]
    if known.probably.search(words) and draft.p_slip < 0.5:
        found.append(Finding(Rule.CERTAINTY, f"probably, at P(slip) {draft.p_slip:.2f}"))
    return found + _passives(known, words)


def _passives(known: Lexicon, words: str) -> list[Finding]:
    found = [match for match in known.passive.finditer(words) if _participle(match) not in known.states]
    return [Finding(Rule.PASSIVE, match.group(0)) for match in found]


def _participle(match: re.Match[str]) -> str:
    return match.group(1).lower() if match.re.groups else ""


def _substance(draft: Draft, words: str) -> list[Finding]:
    found, known = [], lexicon(draft.language)
    first = next((line for line in draft.text.removeprefix(draft.greeting).splitlines() if line.strip()), "")
    if draft.bad_news and not known.bad.search(first.replace(draft.what, "")):
        found.append(Finding(Rule.BAD_NEWS_FIRST, first[:80]))
    goes_on = draft.statement in (Statement.WARNING, Statement.UPDATE) and not draft.closing
    if goes_on and draft.announces and (not draft.next_text or draft.next_text not in draft.text):
        found.append(Finding(Rule.NEXT_UPDATE, "no time for the next update"))
    if draft.unaccepted and names(draft.unaccepted, "\n".join(draft.theirs)):
        found.append(Finding(Rule.UNACCEPTED_TEAM, draft.unaccepted))
    if not draft.cause and (match := known.causal.search(words)):
        found.append(Finding(Rule.CAUSE, match.group(0)))
    if not draft.support or any(not item.event for item in draft.support):
        found.append(Finding(Rule.UNSUPPORTED, "a statement that no event supports"))
    length = draft.length or len(draft.text)
    if draft.longest is not None and length > draft.longest:
        found.append(Finding(Rule.TOO_LONG, f"{length} characters where {draft.longest} fit"))
    return found


def names(who: str, words: str) -> bool:
    """Whether `words` name somebody: as a whole word and as it is written, so that a team called `it` is not "it"."""
    return re.search(rf"(?<!\w){re.escape(who)}(?!\w)", words) is not None
