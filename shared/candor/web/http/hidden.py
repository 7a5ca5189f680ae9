"""Ids without what nobody sees in them: signs that come along when something is pasted would make it another id."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

_JOINERS: Final = "\u200c\u200d"
"""Between letters that are not ASCII they are part of how a word is written."""
_SEEN: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Format characters that show: signs which stand before a number, or around it."""


def bare(value: str) -> str:
    """The text without Unicode's format characters (Cf), but for those that are seen and joiners within a word."""
    if value.isprintable():
        return value
    kept = "".join(sign for sign in value if sign in _JOINERS or sign in _SEEN or unicodedata.category(sign) != "Cf")
    if not any(joiner in kept for joiner in _JOINERS):
        return kept
    around = f" {kept} "
    return "".join(
        sign
        for before, sign, after in zip(around, kept, around[2:], strict=False)
        if sign not in _JOINERS or not (before.isascii() or after.isascii())
    )


def bare_text(value: Any) -> Any:
    """The same of a text; anything else as it is, for whoever refuses it."""
    return bare(value) if isinstance(value, str) else value
