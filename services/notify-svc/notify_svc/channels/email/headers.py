"""Our own mail headers: a value that could start another header is refused, not repaired (CPython #121650).

Whatever else intake accepts goes out, and arrives as it was: what a header cannot carry plainly is encoded (RFC 2047).
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from email.utils import format_datetime
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BIDI: Final = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_WORD_BYTES: Final = 39
# A word that no line can be folded in, and that relays would fold anyway or refuse (RFC 5322 2.1.1).
_LONG_WORD: Final = 60
# The longest name that stays in quotes; below 998 octets even if it has no blank and each sign is escaped.
_LONG_NAME: Final = 400
LINE: Final = 76


class UnsafeHeader(ValueError):  # noqa: N818 - what it is
    """A value that must not become a header; the error text names the header, not the value."""


def text(name: str, value: str) -> str:
    """A folded `name: value` line of free text: plain where a header can carry it so, anything else as encoded words.

    Raises UnsafeHeader for control characters, line breaks and text-direction marks.
    """
    checked = _checked(name, value)
    return _fold(f"{name}: {checked if _plain(checked) else _encoded(checked)}")


def mailbox(name: str, display: str | None, address: str) -> str:
    """A `name: display <address>` line with exactly one ASCII address. Raises UnsafeHeader as `text` does."""
    if not _ADDRESS.fullmatch(address) or ".." in address:
        raise UnsafeHeader(name)
    if not display:
        return f"{name}: {address}"
    checked = _checked(name, display)
    if checked.isascii() and "=?" not in checked and len(checked) <= _LONG_NAME:
        quoted = checked.replace("\\", "\\\\").replace('"', '\\"')
        return _fold(f'{name}: "{quoted}" <{address}>')
    return _fold(f"{name}: {_encoded(checked)} <{address}>")


def identifiers(name: str, ids: tuple[str, ...]) -> str:
    """A line of message ids."""
    if any(not re.fullmatch(r"<[A-Za-z0-9.-]+@[A-Za-z0-9.-]+>", item) for item in ids):
        raise UnsafeHeader(name)
    return _fold(f"{name}: {' '.join(ids)}")


def link(name: str, url: str) -> str:
    """A line with one address of the web in angle brackets. Raises UnsafeHeader for what is none."""
    if not re.fullmatch(r"https?://[!-;=?-~]{1,900}", url):
        raise UnsafeHeader(name)
    return f"{name}: <{url}>"


def date(name: str, at: datetime) -> str:
    """A date line (RFC 5322)."""
    return f"{name}: {format_datetime(at)}"


def _checked(name: str, value: str) -> str:
    if _CONTROL.search(value) or _BIDI.search(value):
        raise UnsafeHeader(name)
    return value


def _plain(value: str) -> bool:
    """Whether a reader gets `value` back from a header that has it as it is, folded at its blanks."""
    # A reader would decode what looks like an encoded word; blanks in a row or at an end do not survive all relays.
    tidy = value == " ".join(value.split())
    return value.isascii() and tidy and "=?" not in value and all(len(word) <= _LONG_WORD for word in value.split(" "))


def _encoded(value: str) -> str:
    words, part = [], ""
    for character in value:
        # Each encoded word contains whole characters because readers decode each word alone.
        if len((part + character).encode()) > _WORD_BYTES:
            words.append(part)
            part = ""
        part += character
    return " ".join(f"=?utf-8?B?{base64.b64encode(word.encode()).decode()}?=" for word in [*words, part])


def _fold(line: str) -> str:
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > LINE and current.strip():
            lines.append(current)
            current = " " + word
        else:
            current = f"{current} {word}" if current else word
    return "\r\n".join([*lines, current])
