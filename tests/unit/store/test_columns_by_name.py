"""Rows are read by the names of their columns: what a later release adds must not reach a running one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
MADE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (\w+)|create_table\(\s*\"(\w+)\"")
ALL = re.compile(r"(?:SELECT|RETURNING)\s+\*\s+FROM\s+\"?(\w+)", re.IGNORECASE)


def sources() -> Iterator[Path]:
    for folder in ("shared/candor", "services"):
        yield from (path for path in (ROOT / folder).rglob("*.py") if "versions" not in path.parts)


def tables() -> set[str]:
    texts = [path.read_text() for folder in ("shared/candor", "services") for path in (ROOT / folder).rglob("*.py")]
    return {name for text in texts for found in MADE.findall(text) for name in found if name}


def test_no_statement_reads_all_columns_of_a_table() -> None:
    known = tables()
    assert {"customer", "parked", "promise_state", "suspect"} <= known
    found = [(path.name, name) for path in sources() for name in ALL.findall(path.read_text()) if name in known]
    assert found == []
