"""Encoded words of mail headers (RFC 2047), as programs pass them on that read a header and did not decode it."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from typing import Final

_WORD: Final = r"=\?[^?\s]+\?[A-Za-z]\?[^?\s]*\?="
_words: Final = re.compile(rf"{_WORD}(?:\s+{_WORD})*")
_word: Final = re.compile(r"=\?([^?\s*]+)(?:\*[A-Za-z0-9-]*)?\?([QqBb])\?([!->@-~]*)\?=")
_like_a_word: Final = re.compile(r"=\?[^?\s]*\?[A-Za-z]\?[^?]*\?=")
_quoted: Final = re.compile(r"(?:[^=]|=[0-9A-Fa-f]{2})*")
# Of Python's codecs those for text alone: others run for long, or make of harmless bytes what nobody wrote.
_charset: Final = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|windows-125\d|cp125\d|koi8-[ru]|gbk?|gb2312|gb18030|big5"
    r"|shift_jis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)",
    re.IGNORECASE,
)


def decoded(text: str) -> str:
    """The text with every encoded word read. Raises ValueError for one that cannot be, or that holds another."""
    found = _words.sub(lambda run: _decoded_run(run[0]), text)
    if _like_a_word.search(found):
        raise _undecodable()
    return found


def _decoded_run(run: str) -> str:
    """Words that follow one another are one text; a character may begin in one and end in the next."""
    parts: list[tuple[str, bytes]] = []
    for word in run.split():
        charset, raw = _bytes(word)
        if parts and parts[-1][0] == charset:
            parts[-1] = charset, parts[-1][1] + raw
        else:
            parts.append((charset, raw))
    try:
        return "".join(raw.decode(charset) for charset, raw in parts)
    except (UnicodeDecodeError, LookupError):
        raise _undecodable() from None


def _bytes(word: str) -> tuple[str, bytes]:
    found = _word.fullmatch(word)
    if found is None or not _charset.fullmatch(found[1]):
        raise _undecodable()
    charset, kind, text = found[1].lower(), found[2].upper(), found[3]
    if kind == "Q":
        if not _quoted.fullmatch(text):
            raise _undecodable()
        return charset, quopri.decodestring(text, header=True)
    try:
        return charset, base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _undecodable() from None


def _undecodable() -> ValueError:
    return ValueError("must not contain an encoded word of a mail header that cannot be decoded")
