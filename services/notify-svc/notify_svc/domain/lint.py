"""Honest words (definitions.md): a deterministic check of a letter before it may be sent, with reasons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from candor.contracts import Statement
from notify_svc.domain.consistency import LetterFigures, contradictions


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
    `length`: how many the letter has once names are in it, by default those of `text`.
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
    closing: bool = False
    bad_news: bool = True
    cause: bool = False
    unaccepted: str | None = None
    support: tuple[Support, ...] = ()
    html: str = ""
    stated: LetterFigures | None = None
    longest: int | None = None
    length: int = 0


_VAGUE = re.compile(
    r"\b(shortly|soon|as soon as possible|asap|in due course|momentarily|promptly|in a (while|bit|moment)|before long|"
    r"in the near future|in the coming (hours|days|weeks)|at (your|our) earliest convenience|quickly|"
    r"any (time|minute))\b",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    r"\b(certainly|definitely|guarantee[ds]?|surely|for sure|undoubtedly|without (a )?doubt|rest assured|"
    r"(will|shall) (be|arrive|come|finish|complete|happen))\b(?! probably)",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being)\s+(?:\w+ly\s+)?(\w{2,}ed|made|done|sent|told|held|lost|broken|taken)\b"
    r"(?!\s+by\b)",
    re.IGNORECASE,
)
_STATES = frozenset({"cancelled", "done", "completed", "planned"})
_BLAME = re.compile(
    r"\b(blam(e|ed|ing)|fault|careless(ness|ly)?|negligen(t|ce)|incompeten(t|ce)|because of you|you failed|"
    r"(they|he|she) (failed|forgot)|let (you|us) down by)\b",
    re.IGNORECASE,
)
_BAD = re.compile(r"\b(late|later|not|cancelled|missed|delayed|cannot)\b", re.IGNORECASE)
_CAUSAL = re.compile(r"\b(because|due to|caused by|owing to|reason given|as a result of)\b", re.IGNORECASE)
_ODDS = re.compile(r"\b(\d+) in 100\b")
_PROBABLY = re.compile(r"\bprobably\b", re.IGNORECASE)


def lint(draft: Draft) -> tuple[Finding, ...]:
    """Everything in `draft` that an honest letter must not contain; empty if it may be sent."""
    words = f"{draft.subject}\n{draft.text}".replace(draft.what, "")
    found = [*_ranges(draft), *_wording(draft, words), *_substance(draft, words), *_consistency(draft)]
    return tuple(found)


def _consistency(draft: Draft) -> list[Finding]:
    if draft.stated is None:
        return []
    found = [Finding(Rule.CONTRADICTION, words) for words in contradictions(draft.stated)]
    # No part of the letter may state odds other than its own, not even in quoted words.
    parts = (part.replace(draft.what, "") for part in (draft.subject, draft.text, draft.html))
    others = {match.group(0) for part in parts for match in _ODDS.finditer(part)} - {f"{draft.stated.chance} in 100"}
    return found + [Finding(Rule.CONTRADICTION, f"{odds}, which are not this letter's") for odds in sorted(others)]


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
    found = [Finding(Rule.VAGUE_TIME, match.group(0)) for match in _VAGUE.finditer(words)]
    found += [Finding(Rule.BLAME, match.group(0)) for match in _BLAME.finditer(words)]
    certain = 0.05 < draft.p_slip < 0.95
    found += [Finding(Rule.CERTAINTY, match.group(0)) for match in _CERTAIN.finditer(words) if certain]
    if _PROBABLY.search(words) and draft.p_slip < 0.5:
        found.append(Finding(Rule.CERTAINTY, f"probably, at P(slip) {draft.p_slip:.2f}"))
    passives = (match for match in _PASSIVE.finditer(words) if match.group(1).lower() not in _STATES)
    return found + [Finding(Rule.PASSIVE, match.group(0)) for match in passives]


def _substance(draft: Draft, words: str) -> list[Finding]:
    found = []
    first = next((line for line in draft.text.splitlines() if line.strip()), "")
    if draft.bad_news and not _BAD.search(first.replace(draft.what, "")):
        found.append(Finding(Rule.BAD_NEWS_FIRST, first[:80]))
    goes_on = draft.statement in (Statement.WARNING, Statement.UPDATE) and not draft.closing
    if goes_on and (not draft.next_text or draft.next_text not in draft.text):
        found.append(Finding(Rule.NEXT_UPDATE, "no time for the next update"))
    if draft.unaccepted and draft.unaccepted.lower() in words.lower():
        found.append(Finding(Rule.UNACCEPTED_TEAM, draft.unaccepted))
    if not draft.cause and (match := _CAUSAL.search(words)):
        found.append(Finding(Rule.CAUSE, match.group(0)))
    if not draft.support or any(not item.event for item in draft.support):
        found.append(Finding(Rule.UNSUPPORTED, "a statement that no event supports"))
    length = draft.length or len(draft.text)
    if draft.longest is not None and length > draft.longest:
        found.append(Finding(Rule.TOO_LONG, f"{length} characters where {draft.longest} fit"))
    return found
