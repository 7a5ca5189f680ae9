"""Rows that were not taken, on disk in the order of the table however many they are, and as a CSV file to mend."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

from candor.installation.folder import private_file
from candor.tabular.converting import Fault
from candor.tabular.reading import Table
from candor.web.http.csv_page import cell

HEADER: Final = ("row", "column", "reason")


class Faults:
    """The first fault of each row; those of an import that was interrupted are there when it goes on."""

    def __init__(self, path: Path) -> None:
        # Reasons may quote what stands in a table of customers.
        private_file(path, "ab").close()
        # Every statement is its own: what is lost with the power is found again by the next run.
        self._kept = sqlite3.connect(path, isolation_level=None)
        self._kept.execute("PRAGMA synchronous = OFF")
        self._kept.execute("CREATE TABLE IF NOT EXISTS fault (number INTEGER PRIMARY KEY, place TEXT, reason TEXT)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def add(self, faults: Iterable[Fault]) -> None:
        """Keep faults; of a row that has one already, that one stays."""
        self._kept.executemany("INSERT OR IGNORE INTO fault VALUES (?, ?, ?)", faults)

    def __len__(self) -> int:
        count: int = self._kept.execute("SELECT count(*) FROM fault").fetchone()[0]
        return count

    def __iter__(self) -> Iterator[Fault]:
        return map(Fault._make, self._kept.execute("SELECT number, place, reason FROM fault ORDER BY number"))

    def write(self, table: Table, path: Path) -> None:
        """Write the rows with their faults before their own cells; a spreadsheet finds no formula in it."""
        waiting = iter(self)
        fault = next(waiting, None)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*HEADER, *map(cell, table.columns)])
            for row in table.rows():
                if fault is None:
                    return
                if row.number == fault.row:
                    own = [cell(row.cells.get(name)) for name in table.columns]
                    writer.writerow([fault.row, cell(fault.column), cell(fault.reason), *own])
                    fault = next(waiting, None)


def is_ours(path: Path) -> bool:
    """Whether a file is one of rows that were not taken."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.readline().startswith(",".join(HEADER))
    except (OSError, UnicodeDecodeError):
        return False
