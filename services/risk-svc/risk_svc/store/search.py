"""Finds ids by prefix, in any case, with the existing indexes.

An index of lower-case ids would be written with every row that a worker saves: a quarter more work for each. Instead
each way to write the first letters is looked up; what follows is compared in the rows found.
"""

from __future__ import annotations

import re
from itertools import islice, product
from typing import Any, Final

from sqlalchemy import ColumnElement, false, func, literal, or_
from sqlmodel import col

from candor.web.http.fields import ID_PATTERN
from candor.web.http.hidden import bare

MAX_LETTERS: Final = 4
_ID: Final = re.compile(ID_PATTERN)


def begins(text: str, *columns: Any) -> ColumnElement[bool]:
    """Whether one of the columns begins with `text`, in any case; false if `text` cannot be an id."""
    text = bare(text).strip()
    if not _ID.fullmatch(text):
        return false()
    whole = literal(_pattern(text.lower()), literal_execute=True)
    exact = (col(column).like(_literal(start)) for column in columns for start in starts(text))
    return or_(*exact) & or_(*(func.lower(col(column)).like(whole) for column in columns))


def starts(text: str) -> list[str]:
    """The ways to write `text` in upper and lower case, cut before its fifth letter."""
    places = [place for place, sign in enumerate(text) if sign.isalpha()]
    head = text[: next(islice(places, MAX_LETTERS, None), len(text))]
    return ["".join(signs) for signs in product(*(dict.fromkeys((sign.lower(), sign.upper())) for sign in head))]


def _literal(start: str) -> ColumnElement[str]:
    # Literal in the statement because for a parameter the server does not know that an index applies.
    return literal(_pattern(start), literal_execute=True)


def _pattern(start: str) -> str:
    return start.replace("_", r"\_") + "%"
