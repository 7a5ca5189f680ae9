"""Rows that are due are found by an index: with a clock that moves within a statement all rows are read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
COMPARED = re.compile(r"(\w+) *(?:<=|>=|<|>|BETWEEN) *clock_timestamp\(\)")
BY_ROW = {"lease_until", "until"}
"""Leases, of few rows: a clock that stood still while a statement waited for a lock would call a stolen one valid."""


def test_no_index_is_asked_with_a_clock_that_no_index_can_use() -> None:
    """PostgreSQL uses an index for stable functions alone: `clock_timestamp()` reads row after row to the end."""
    found = {
        (str(path.relative_to(ROOT)), name)
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        for name in COMPARED.findall(path.read_text())
    }
    assert {name for _, name in found} <= BY_ROW, found
    assert found
