"""Reads our JSON files of keys and secrets strictly: a misspelt field would otherwise open more than was meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from candor.store.grants import NEVER_CHANGED
from candor.web.http import strict_json
from candor.web.http.problems import Problem
from candor.web.http.text import one_line

SERVICES: Final = frozenset(NEVER_CHANGED)
LONGEST_NAME: Final = 200
OURS: Final = ("cli:", "key:", "session:", "source:")
"""How names begin that the audit log and the rates give to others than owners of keys."""
T = TypeVar("T")


def decoded(raw: bytes, kind: type[T], form: str) -> T:
    """Return what a file holds. Raises ValueError, without a value of the file in it, for whatever is not of `form`."""
    try:
        strict_json.loads_object(raw)
        return msgspec.json.decode(raw, type=kind)
    except Problem as problem:
        raise ValueError(f"not {form}: {problem.detail}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # It names the place and a field, never a value.
        raise ValueError(f"not {form}: {error}") from None


def check_name(name: str) -> None:
    """Raise ValueError for a name that logs could not show, or that somebody else has there."""
    try:
        plain = one_line(name) == name and len(name) <= LONGEST_NAME
    except ValueError:
        plain = False
    if not plain:
        raise ValueError(f"a name is one line of at most {LONGEST_NAME} characters")
    if name.startswith(OURS):
        raise ValueError(f"a name does not begin with {', '.join(OURS)}")


def check_services(named: Iterable[str], service: str) -> None:
    """Raise ValueError for a service that does not exist; `service` is the one that reads the file."""
    if wrong := sorted(one for one in named if not one or one not in SERVICES | {service}):
        raise ValueError(f"there is no service {wrong[0][:64]!r}, there are {', '.join(sorted(SERVICES))}")
