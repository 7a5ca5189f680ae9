"""Every warning and error that a process can write, and every problem code, is explained; nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from candor.web.http.codes import CODES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/operations/troubleshooting.md").read_text()
LEVELS = ("warning", "error", "exception", "critical")
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def events() -> Iterator[str]:
    """What processes write at warning level or above; a call without a plain text is named by its place."""
    for folder in ("services", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and is_log_call(node):
                    first = node.args[0]
                    text = first.value if isinstance(first, ast.Constant) else f"{path}:{node.lineno}: no plain text"
                    yield str(text)


def is_log_call(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id.strip("_") in ("log", "logger")
    )


def listed(heading: str) -> list[tuple[str, ...]]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [tuple(cell.strip() for cell in row) for row in ROW.findall(section)]


def test_every_event_and_code_is_on_the_page_and_nothing_else() -> None:
    assert len(set(events())) > 60
    assert {row[0] for row in listed("Log lines")} == set(events())
    assert {row[0]: row[1] for row in listed("Problem codes")} == {code: str(CODES[code].status) for code in CODES}


def test_none_is_named_twice_or_left_without_an_answer() -> None:
    for heading in ("Log lines", "Problem codes"):
        rows = listed(heading)
        assert len({row[0] for row in rows}) == len(rows)
        assert [row[0] for row in rows if not all(row)] == []
        table = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        assert len(re.findall(r"^\| `", table, re.MULTILINE)) == len(rows)
