"""Our own mail headers: a value that could start another header is refused, not repaired (CPython #121650)."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from email.utils import format_datetime
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ENCODED: Final = re.compile(r"=\?|\?=")
_BIDI: Final = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_WORD_BYTES: Final = 42
LINE: Final = 76


class UnsafeHeader(ValueError):  # noqa: N818 - what it is
    """A value that must not become a header; the error text names the header, not the value."""


def text(name: str, value: str) -> str:
    """A folded `name: value` line of free text: ASCII unchanged, anything else as encoded words.

    Raises UnsafeHeader for control characters, line breaks, text-direction marks and ready-made encoded words.
    """
    return _fold(f"{name}: {_encoded(name, value)}")


def mailbox(name: str, display: str | None, address: str) -> str:
    """A `name: display <address>` line with exactly one ASCII address. Raises UnsafeHeader as `text` does."""
    if not _ADDRESS.fullmatch(address) or ".." in address:
        raise UnsafeHeader(name)
    if not display:
        return f"{name}: {address}"
    checked = _checked(name, display)
    if checked.isascii():
        quoted = checked.replace("\\", "\\\\").replace('"', '\\"')
        return _fold(f'{name}: "{quoted}" <{address}>')
    return _fold(f"{name}: {_encoded(name, checked)} <{address}>")


def identifiers(name: str, ids: tuple[str, ...]) -> str:
    """A line of message ids."""
    if any(not re.fullmatch(r"<[A-Za-z0-9.-]+@[A-Za-z0-9.-]+>", item) for item in ids):
        raise UnsafeHeader(name)
    return _fold(f"{name}: {' '.join(ids)}")


def date(name: str, at: datetime) -> str:
    """A date line (RFC 5322)."""
    return f"{name}: {format_datetime(at)}"


def _checked(name: str, value: str) -> str:
    if _CONTROL.search(value) or _ENCODED.search(value) or _BIDI.search(value):
        raise UnsafeHeader(name)
    return value


def _encoded(name: str, value: str) -> str:
    checked = _checked(name, value)
    if checked.isascii():
        return checked
    words, part = [], ""
    for character in checked:
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
