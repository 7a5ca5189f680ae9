"""Words of others in letters: what staff, systems and the company gave for customers, judged one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from candor.contracts import Fact, FactKind
from notify_svc.compose.localize import Localizer
from notify_svc.domain.facts import Gap
from notify_svc.domain.lint import Finding, Rule, lint_words, names
from notify_svc.domain.naming import not_a_name

MOST_OF_A_KIND: Final = 4
"""Steps, and incidents: an incident begins before the steps that are missed for it, and must not give way to them."""
View = dict[str, str]
"""A fact as passed to a template."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Judges words of others by the lists of `languages`, and keeps which were left out and why.

    `unaccepted`: a deliverer who has not accepted, so that nothing of theirs is promised.
    """

    languages: Collection[str]
    unaccepted: str | None = None
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def accepted(self, what: str, found: Sequence[str]) -> list[str]:
        """Those of `found` that may stand in a letter; `what` names the others in `left_out`."""
        return [words for words in found if self.taken(what, words)]

    def taken(self, what: str, words: str) -> str:
        """The words, or "" if they may not stand in a letter."""
        return self._unless(self._against(words) if words else "", what, words)

    def named(self, what: str, name: str) -> str:
        """A name, or "" if it is a sentence that may not stand in a letter."""
        return self._unless(_against(not_a_name(name, self.languages), name), what, name)

    def _unless(self, against: str, what: str, words: str) -> str:
        """The words, unless something is against them, which is kept."""
        if not against:
            return words
        if (what, against) not in self.left_out:
            self.left_out.append((what, against))
        return ""

    def _against(self, words: str) -> str:
        if self.unaccepted and names(self.unaccepted, words):
            return f"{Rule.UNACCEPTED_TEAM.value}: {self.unaccepted}, in {words!r}"
        found = (finding for language in sorted(self.languages) for finding in lint_words(words, language))
        return _against(next(found, None), words)


def _against(found: Finding | None, words: str) -> str:
    return f"{found.rule.value}: {found.detail}, in {words!r}" if found else ""


def known_facts(gap: Gap) -> list[Fact]:
    """The newest facts that a letter may state, of steps and of incidents each, in order."""
    # A fact without an event may be stated only if the clock proves it: a step that is overdue.
    known = [fact for fact in gap.facts if fact.event_id or fact.kind is FactKind.MILESTONE_OVERDUE]
    ordered = sorted(known, key=lambda fact: fact.at)
    incidents = [fact for fact in ordered if fact.kind is FactKind.INCIDENT_OPEN][-MOST_OF_A_KIND:]
    steps = [fact for fact in ordered if fact.kind is not FactKind.INCIDENT_OPEN][-MOST_OF_A_KIND:]
    return sorted([*incidents, *steps], key=lambda fact: fact.at)


def in_public(fact: Fact, civil: Localizer, quotes: Quotes) -> View:
    """A fact as customers may read it: only the words that staff or systems gave for customers."""
    return {
        "kind": fact.kind.value,
        "name": one_line(fact.name) if fact.told and fact.kind is not FactKind.INCIDENT_OPEN else "",
        "at": civil.moment(fact.at),
        "planned": civil.moment(fact.planned) if fact.told and fact.planned else "",
        "late": civil.length(fact.minutes),
        "text": quotes.taken("public_title", one_line(fact.public_text)),
        # A cause without an event is a guess, so it is not stated.
        "reason": quotes.taken("public_reason", one_line(fact.public_reason)) if fact.event_id else "",
    }


def inside(fact: Fact, civil: Localizer) -> View | None:
    """The part of a fact that only staff may read; None if there is none."""
    text, reason = one_line(fact.text), one_line(fact.reason)
    incident = fact.kind is FactKind.INCIDENT_OPEN
    if not (reason or text or incident or not fact.told):
        return None
    late = civil.length(fact.minutes)
    about = {"name": one_line(fact.name), "at": civil.moment(fact.at), "late": late, "text": text, "reason": reason}
    return {"kind": fact.kind.value, **about}


def each_once(views: Iterable[View]) -> list[View]:
    """Views without repetition: two steps may read the same once their names are left out."""
    return list({tuple(view.items()): view for view in views}.values())


def one_line(text: str) -> str:
    """The text in one line of at most 300 characters, without a full stop at its end."""
    return " ".join(text.split())[:300].rstrip(".")
