"""Text of others for a reader's eyes: what steers a terminal, hides or turns text around is written out as a code."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

_FORMULA: Final = tuple("=+-@＝＋－＠")
"""Signs with which a spreadsheet takes a cell for a formula (OWASP, CSV injection); the wide ones, in East Asia."""
MOST_QUOTED: Final = 80
"""Characters of a value that are shown where it is wrong."""


def escaped(text: str, keep: str = "") -> str:
    """Text with `\\x1b` or `\\u202e` in place of each control, format or unassigned character that is not in `keep`."""
    if text.isprintable():
        return text
    return "".join(sign if shows(sign) or sign in keep else sign.encode("unicode_escape").decode() for sign in text)


def escaped_json(text: str) -> str:
    """A JSON document with the same meaning, in whose strings such characters stand as `\\u202e`."""
    if text.isprintable():
        return text
    # A line break of an encoded document stands between its parts, never within a string.
    return "".join(sign if shows(sign) or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)


def shows(sign: str) -> bool:
    """Whether a character is one that a reader sees for what it is; all blanks of Unicode are."""
    return sign.isprintable() or unicodedata.category(sign) == "Zs"


def takes_for_formula(text: str) -> bool:
    """Whether some spreadsheet takes a cell with this text for a formula."""
    # Some leave out blanks and line ends before it; in others a tab or a return begins a cell.
    return text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(_FORMULA)


def no_formula(text: str) -> str:
    """A cell that every spreadsheet shows as text."""
    return f"'{text}" if takes_for_formula(text) else text


def quoted(value: Any) -> str:
    """A value that is wrong, for whoever mends it: text in quotes, cut to MOST_QUOTED characters and escaped."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    cut = text if len(text) <= MOST_QUOTED else f"{text[: MOST_QUOTED - 1]}…"
    return repr(cut) if isinstance(value, str) else escaped(cut)
