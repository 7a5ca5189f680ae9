"""Incidents for spreadsheets: what one affects, and its value in each currency, in one cell each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def rows(items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a file with the columns of the list."""
    return [
        {**one, "affects": "; ".join(one["affects"]), "values": "; ".join(_worth(sum_) for sum_ in one["values"])}
        for one in items
    ]


def _worth(one: Mapping[str, Any]) -> str:
    return f"{one['currency'] or 'no currency'} {one['value']}"
