"""Bodies with mistakes in them: values replaced, left out or moved."""

from __future__ import annotations

import copy
import os
import random
from typing import Any, Final

JUNK: Final[tuple[Any, ...]] = (
    None,
    "",
    0,
    -1,
    1e300,
    True,
    [],
    {},
    "x" * 5_000,
    [[]],
    {"a": {}},
    "2026-13-45",
    "☕",
    "../..",
)


def how_many(usual: int) -> int:
    """How many mutations of each body are tried: MUTATIONS of the environment, or as many as is usual."""
    return int(os.environ.get("MUTATIONS", usual))


def mutated(body: Any, chance: random.Random) -> Any:
    """The body with some values replaced, left out or moved."""
    body = copy.deepcopy(body)
    for _ in range(chance.randint(1, 4)):
        holders = [one for one in walk(body) if one]
        if not holders:
            return body
        holder = chance.choice(holders)
        key: Any = chance.choice(list(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
        match chance.randrange(3):
            case 0:
                holder[key] = copy.deepcopy(chance.choice(JUNK))
            case 1:
                del holder[key]
            case _:
                holder[key] = copy.deepcopy(chance.choice(holders))
    return body


def walk(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(one for part in value.values() for one in walk(part))]
    if isinstance(value, list):
        return [value, *(one for part in value for one in walk(part))]
    return []
