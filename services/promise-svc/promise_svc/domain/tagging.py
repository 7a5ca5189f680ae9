"""Whether a review complains of failure to communicate, and by which of its words: the same words, the same tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from candor.contracts.market import Tag
from promise_svc.domain.lexicon import LANGUAGE, LEXICON

GAP: Final = 4
"""Words that may stand where an expression has `~`."""
BEFORE: Final = 3
"""Words before an expression among which a denial takes it back: they never left me in the dark."""
EVIDENCE: Final = 5
"""Expressions that are shown of a review, at most."""
_DENIALS: Final = frozenset(("not", "never", "no", "without", "nothing"))
_sentences: Final = re.compile(r"[.!?;:\n]+")
_words: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_SPOKEN: Final = {
    **{"cannot": ("can", "not"), "cant": ("can", "not"), "can't": ("can", "not"), "won't": ("will", "not")},
    **{one: (one.removesuffix("nt"), "not") for one in ("didnt", "dont", "doesnt", "couldnt", "wasnt", "werent")},
    **{one: (one.removesuffix("nt"), "not") for one in ("isnt", "havent", "hasnt", "hadnt", "wouldnt")},
    "wont": ("will", "not"),
}


class Tagged(NamedTuple):
    """The tags of a text in their order, and the words of expressions that made them, `…` where others stood."""

    tags: list[Tag]
    evidence: list[str]


class _Step(NamedTuple):
    """One of these words, or a word that begins so, after at most `gap` others."""

    words: frozenset[str]
    stems: tuple[str, ...]
    gap: int

    def takes(self, word: str) -> bool:
        return word in self.words or (bool(self.stems) and word.startswith(self.stems))


_Steps = tuple[_Step, ...]


def tagged(words: str | None, language: str | None = None) -> Tagged | None:
    """What a text complains of; None for no words and for those of a language that has no lexicon.

    Without a `language`, a BCP 47 tag, it is taken for English.
    """
    if not words or (language or LANGUAGE).partition("-")[0] != LANGUAGE:
        return None
    found: dict[Tag, list[str]] = {}
    for sentence in _sentences.split(words.lower().replace("’", "'")):
        for tag, said in _complaints([*_spoken(sentence)]):
            found.setdefault(tag, []).append(said)
    tags = [tag for tag in Tag if tag in found]
    # The first of each tag before the second of any: none is shown without what made it.
    ordered = [found[tag][place] for place in range(EVIDENCE) for tag in tags if place < len(found[tag])]
    return Tagged(tags, [*dict.fromkeys(ordered)][:EVIDENCE])


def _complaints(sentence: Sequence[str]) -> Iterator[tuple[Tag, str]]:
    """The expressions of a sentence in the order in which they begin, each with its tag."""
    for start, word in enumerate(sentence):
        for tag, steps in _beginning(word):
            places = _follow(steps, sentence, start)
            if places and (steps[0].words & _DENIALS or not _DENIALS & {*sentence[max(0, start - BEFORE) : start]}):
                yield tag, _said(sentence, places)


def _spoken(sentence: str) -> Iterator[str]:
    for match in _words.finditer(sentence):
        word = match[0].removesuffix("'s")
        if word in _SPOKEN:
            yield from _SPOKEN[word]
        elif word.endswith("n't"):
            yield from (word.removesuffix("n't"), "not")
        else:
            yield word


def _follow(steps: _Steps, sentence: Sequence[str], start: int) -> list[int]:
    """The places of the words of an expression that begins at `start`, each the nearest; empty if it does not."""
    if not steps[0].takes(sentence[start]):
        return []
    if len(steps) == 1:
        return [start]
    for place in range(start + 1, min(len(sentence), start + 2 + steps[1].gap)):
        rest = _follow(steps[1:], sentence, place)
        if rest:
            return [start, *rest]
    return []


def _said(sentence: Sequence[str], places: Sequence[int]) -> str:
    said = sentence[places[0]]
    for before, place in pairwise(places):
        said += (" " if place == before + 1 else " … ") + sentence[place]
    return said


def _steps(expression: str) -> _Steps:
    """An expression of the lexicon, read."""
    steps: list[_Step] = []
    gap = 0
    for part in expression.split():
        if part == "~":
            gap = GAP
            continue
        either = part.split("/")
        stems = tuple(one[:-1] for one in either if one.endswith("*"))
        steps.append(_Step(frozenset(one for one in either if not one.endswith("*")), stems, gap))
        gap = 0
    return tuple(steps)


_EXPRESSIONS: Final = [(tag, _steps(one)) for tag, expressions in LEXICON.items() for one in expressions]


@lru_cache(4096)
def _beginning(word: str) -> list[tuple[Tag, _Steps]]:
    """The expressions that may begin with a word."""
    return [(tag, steps) for tag, steps in _EXPRESSIONS if steps[0].takes(word)]
