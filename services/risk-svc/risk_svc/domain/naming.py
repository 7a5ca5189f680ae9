"""Names in evidence: cut to a bounded length, and only the first few of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NAMED: Final = 3
NAME_LIMIT: Final = 40


def short(name: str) -> str:
    """The name, cut to NAME_LIMIT characters."""
    return name[:NAME_LIMIT]


def first_few(names: Sequence[str]) -> str:
    """E.g. `a, b, c and 2 more`: the first NAMED of them, and how many are left out."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
