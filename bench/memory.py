"""Measures what taking over a partition costs: memory a live promise, seconds, and the longest stop of the event loop.

    python -m bench.memory [--sizes 10000,100000,1000000]

Each size is loaded by a fresh process: resident memory after less before, all told, divided by the promises.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from bench import report
from bench.ground import ROOT, ground
from bench.live_promises import fill
from candor.store.migrate import upgrade
from risk_svc.wiring import MIGRATIONS

FIGURES = ("bytes a row", "bytes a promise", "seconds", "CPU s", "longest stop ms", "of it our CPU ms")
MARKS = {"bytes a promise": "≤ 1,024", "seconds": "≤ 10 for a million", "longest stop ms": "≤ 200"}


def measured(sizes: list[int]) -> list[dict[str, Any]]:
    """Fill and take over, size by size."""
    found = []
    with ground() as stage:
        url = f"{stage.database_url}/bench_memory"
        asyncio.run(upgrade(url, MIGRATIONS))
        for size in sizes:
            row = asyncio.run(fill(url, size))
            command = [sys.executable, "-m", "bench.taking_over"]
            said = subprocess.run(
                command, cwd=ROOT, env=stage.settings(DATABASE_URL=url), capture_output=True, text=True, check=True
            )
            found.append({"bytes a row": row, **json.loads(said.stdout)})
    return found


def main(sizes: str = "10000,100000,1000000") -> None:
    """Measure, print a table and write bench/results/memory.json."""
    found = measured([int(size) for size in sizes.split(",")])
    table = Table("live promises", *FIGURES)
    for one in found:
        table.add_row(f"{one['promises']:,}", *(f"{one[name]:,.1f}" for name in FIGURES))
    Console().print(table, "; ".join(f"{name} {mark}" for name, mark in MARKS.items()))
    report.write("memory", {"sizes": found, "marks": MARKS})


if __name__ == "__main__":
    typer.run(main)
