"""Ids made of names in any letters: what an id may not have is a hyphen, and a digest tells such names apart."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from typing import Final

from candor.web.http.hidden import bare

LONGEST: Final = 128
LONGEST_SLUG: Final = 64
DIGITS: Final = 12
"""Hexadecimal digits of a digest: of a million names that are alike but for their other letters, none share it."""
_not_id: Final = re.compile(r"[^A-Za-z0-9._:-]+")
_not_slug: Final = re.compile(r"[^a-z0-9]+")


def as_id(text: str) -> str | None:
    """The id of a name, of 1 to 128 characters: `Acme-Corp` of `Acme Corp`; None for nothing."""
    name = _plain(text)
    return _told_apart(_not_id.sub("-", name), name, LONGEST)


def as_slug(text: str) -> str | None:
    """The id of a name without its case and its signs, of 1 to 64 characters; None for signs of ASCII alone."""
    name = _plain(_plain(text).casefold())
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _told_apart(_not_slug.sub("-", bare).strip("-"), name, LONGEST_SLUG)


def _plain(text: str) -> str:
    # A name is the same with another kind of blank, with what nobody sees, or with its accents written apart.
    return " ".join(unicodedata.normalize("NFC", bare(text)).split())


def _told_apart(made: str, name: str, most: int) -> str | None:
    if name.isascii():
        return made[:most] or None
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    kept = made[: most - DIGITS - 1].strip("-")
    return f"{kept}-{digest}" if kept else digest
