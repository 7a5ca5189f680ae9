"""Text from people and their programs: cleaned where its meaning is plain, refused where it could mislead a reader."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from candor.web.http.encoded_words import decoded
from candor.web.http.hidden import bare

TEXT_BYTES: Final = 4096
EVENT_ID_CHARACTERS: Final = 256
EVENT_ID_RULE: Final = f"must be 1 to {EVENT_ID_CHARACTERS} characters, none of them a control character"
# Encoded and decomposed text is longer than what it says; beyond this it is not worth reading.
_LONGEST: Final = 8 * TEXT_BYTES
_BLANKS: Final = (
    " \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
# Letters and symbols by their category that show nothing: the Hangul fillers and the empty Braille cell.
_INVISIBLE: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Direction of text; signs that no reader sees and a program reads: annotations, old format controls, operators without
# a sign, notes of music and shorthand, and tags, in which a whole second text can be hidden.
_RANGES: Final = (
    (0x061C, 0x061C),
    (0x200E, 0x200F),
    (0x202A, 0x202E),
    (0x2061, 0x2064),
    (0x2066, 0x206F),
    (0x180E, 0x180E),
    (0xFFF9, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE007F),
)
_MISLEADING: Final = frozenset(chr(code) for first, last in _RANGES for code in range(first, last + 1))
MARKS: Final = 8
"""How many combining marks may stand on one letter; no script needs more, and a hundred of them cover other lines."""
# One selects how the sign before it looks; in a row they hide a text, as do blanks without a width.
_hidden: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2}|[\u200b-\u200d\u2060\u00ad]{3}")
_REFUSED: Final = frozenset(("Cc", "Cs", "Cn", "Zl", "Zp"))
# Word's line break, the form feed and NEL, and Unicode's line and paragraph separator: a line end to who wrote them.
_other_line_end: Final = re.compile("[\v\f\x85\u2028\u2029]")
_line_end: Final = re.compile(r"[ \t]*\r\n?|[ \t]+\n")
_within_a_name: Final = re.compile(r" *[\t\r\n][ \t\r\n]*")
_BYTE_ORDER_MARK: Final = "\ufeff"
_gap: Final = re.compile(r"\n{3,}")
_UNFIT: Final = "must not contain control, text-direction, hidden or unassigned characters"
_not_in_event_id: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef]")


def one_line(value: str) -> str:
    """A title or a name: trimmed, decoded, in Unicode's normal form C, with a blank for each tab and line end within.

    Raises ValueError for characters that no text has, and for text that shows nothing.
    """
    value = _read(value)
    if not value.isascii():
        value = normal(value)
    if not value.isprintable():
        value = _within_a_name.sub(" ", value)
        if any(map(_unfit, value)):
            raise ValueError(_UNFIT)
    if not _visible(value):
        raise ValueError("must not be blank")
    return _fits(value)


def lines(value: str) -> str:
    """Text of any number of lines, as a form or a program sent it: with `\\n` alone, and no more than one empty line
    in a row. Raises ValueError for characters that no text has, and for text that shows nothing.
    """
    cleaned = _read(value)
    if not cleaned.isprintable():
        cleaned = _gap.sub("\n\n", _line_end.sub("\n", cleaned))
        if any(_unfit(sign) for sign in cleaned if sign not in "\n\t"):
            raise ValueError(_UNFIT)
    if value and not _visible(cleaned):
        raise ValueError("must not be blank")
    return _fits(cleaned)


def event_id(value: str) -> str:
    """A sender's own id or name, whatever the alphabet (CloudEvents 1.0, String). Raises ValueError as it says."""
    if not value.isascii():
        value = normal(bare(value))
    bad = not value.isprintable() and (
        _not_in_event_id.search(value) or any(ord(sign) & 0xFFFE == 0xFFFE for sign in value)
    )
    if bad or not 1 <= len(value) <= EVENT_ID_CHARACTERS:
        raise ValueError(EVENT_ID_RULE)
    return value


def normal(value: str) -> str:
    """The one form in which names are stored and compared: what looks the same is the same."""
    return unicodedata.normalize("NFC", value)


def _read(value: str) -> str:
    if len(value) > _LONGEST:
        raise ValueError(f"must be at most {TEXT_BYTES} bytes")
    value = _plain(value)
    if "=?" not in value:
        return value
    value = _plain(decoded(value))
    # Without what was left in it, it may be an encoded word once more, which is refused as one within one is.
    if decoded(value) != value:
        raise ValueError("must not contain an encoded word within another")
    return value


def _plain(value: str) -> str:
    """The text without what programs leave in it: their line ends, a byte order mark, and blanks around it."""
    if not value.isprintable():
        value = _other_line_end.sub("\n", value.replace(_BYTE_ORDER_MARK, ""))
    return value.strip(_BLANKS)


def _unfit(sign: str) -> bool:
    return not sign.isprintable() and (unicodedata.category(sign) in _REFUSED or sign in _MISLEADING)


def _visible(value: str) -> bool:
    if value.isascii():
        return bool(value)
    return any(unicodedata.category(sign)[0] not in "CMZ" and sign not in _INVISIBLE for sign in value)


def _piled(value: str) -> bool:
    marks = 0
    for sign in value:
        marks = marks + 1 if unicodedata.category(sign)[0] == "M" else 0
        if marks > MARKS:
            return True
    return False


def _fits(value: str) -> str:
    if not value.isascii():
        if _hidden.search(value):
            raise ValueError("must not hide text between what can be seen")
        if _piled(value):
            raise ValueError(f"must not have more than {MARKS} combining marks on one letter")
    # A character takes at most four bytes, so short text can be measured without encoding it.
    if len(value) * 4 > TEXT_BYTES and len(value.encode()) > TEXT_BYTES:
        raise ValueError(f"must be at most {TEXT_BYTES} bytes")
    return value
