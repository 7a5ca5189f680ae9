"""What may stand in a letter as somebody's name: a name, and no sentence that was entered in its place."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from notify_svc.domain.lint import Finding, lint_words

LONGEST: Final = 60
"""Characters of a name that a letter greets."""
_PERSON: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .'’·・-]|[\u0300-\u036f])*")
_ADDRESS: Final = re.compile(r"\S*[@/.:]\w\S*")
_WORD: Final = re.compile(r"[^\W\d_]+")
_PARTICLES: Final = frozenset(
    {"and", "da", "de", "del", "der", "di", "do", "dos", "du", "e", "et", "la", "le", "of", "the", "und", "van", "von"}
)


def not_a_name(words: str, languages: Collection[str]) -> Finding | None:
    """Why words that stand for a name are a sentence of ours rather; None if they are a name.

    A word that the lint objects to may be part of a name, as in "ASAP Movers": where every word has a capital, and one
    beside it is no capitals alone. A capital at the beginning, or capitals throughout or at the end, make no name.
    """
    found = next((one for language in sorted(languages) for one in lint_words(words, language)), None)
    if found is None:
        return None
    parts = [part for part in _WORD.findall(words) if part not in _PARTICLES]
    rest = [part for part in _WORD.findall(words.replace(found.detail, " ")) if part not in _PARTICLES]
    shouted = found.detail.isupper() and not words.startswith(found.detail)
    titled = all(part[0].isupper() for part in parts) and not shouted
    return None if titled and any(not part.isupper() for part in rest) else found


def without_addresses(words: str) -> str:
    """How somebody is reached without the addresses in it, which are nobody's wording."""
    return _ADDRESS.sub(" ", words)


def greeted(name: str | None, languages: Collection[str]) -> str:
    """The name by which a letter in one of `languages` greets its reader; "" where there is none that is one for sure.

    What looks like a part of an address, a number or a role in small letters is a guess of whoever entered it.
    """
    words = " ".join((name or "").split())
    if not words or len(words) > LONGEST or not _PERSON.fullmatch(words):
        return ""
    # A script without capitals has none to ask for.
    cased = words.lower() != words.upper()
    if cased and not any(part[0].isupper() for part in _WORD.findall(words)):
        return ""
    return "" if not_a_name(words, languages) else words
