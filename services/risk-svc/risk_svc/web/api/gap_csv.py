"""A page of gaps as rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

COLUMNS: Final = (
    "promise_id",
    "customer_id",
    "kind",
    "what",
    "standing",
    "score",
    "band",
    "p_slip",
    "base_rate",
    "too_little_history",
    "held_due",
    "as_of",
    "told",
    "next_step",
    "next_words",
    "missed_steps",
    "why",
)


def rows(items: Iterable[msgspec.Raw | bytes]) -> Iterator[dict[str, Any]]:
    """A row of each item's JSON: missed steps in one cell, and the evidence of the component with the largest share."""
    for raw in items:
        item: dict[str, Any] = msgspec.json.decode(raw)
        worst = max(item["contributions"], key=lambda part: part["share"], default={"evidence": ""})
        yield item | {"missed_steps": "; ".join(item["missed_steps"]), "why": worst["evidence"]}
