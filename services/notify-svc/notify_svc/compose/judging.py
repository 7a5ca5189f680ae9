"""Judges a company's template as it is saved: its own words in every branch, and the letters that it makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from notify_svc.compose.house import House
from notify_svc.compose.letter import CANNOT_RENDER, LETTER, composed
from notify_svc.compose.own_grammar import BadTemplate, literals, names
from notify_svc.compose.samples import samples
from notify_svc.domain.lint import Finding, Rule, lint_own
from notify_svc.domain.own import Own

MOST: Final = 20
"""Findings that are said at once."""
REQUIRED: Final = ("signed", "zone")
"""What every letter has to say: who writes, and in which zone the times are."""
_FIGURE: Final = re.compile(r"\d[\d.,:/]*")


def judge(own: Own) -> list[tuple[str, Finding]]:
    """What an honest template must not have, by the field `subject` or `body`; empty if it may be used.

    Raises BadTemplate, with the field and why, for what is no template.
    """
    found = [(field, finding) for field in ("subject", "body") for finding in _words(field, own)]
    missing = [name for name in REQUIRED if name not in names(own.body)]
    found += [("body", Finding(Rule.MISSING, f"{{{{ {name} }}}}")) for name in missing]
    found += [("body", finding) for finding in _letters(own)]
    return list(dict.fromkeys(found))[:MOST]


def _words(field: str, own: Own) -> Iterator[Finding]:
    try:
        words = literals(getattr(own, field))
    except BadTemplate as error:
        raise BadTemplate(field, str(error)) from None
    yield from lint_own(words, own.language)
    # Whoever writes a template knows no promise's times.
    yield from (Finding(Rule.UNSUPPORTED, match.group(0)) for match in _FIGURE.finditer(words))


def _letters(own: Own) -> Iterator[Finding]:
    for snapshot in samples(own.statement, own.language):
        try:
            yield from composed(snapshot, House(), LETTER, own).findings
        except CANNOT_RENDER as error:
            raise BadTemplate("body", str(error)) from None
