"""The part of `candor import` that is about tables: propose a mapping, and make a stream of a table by one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from candor.errors import InputError
from candor.installation.folder import home, private_folder
from candor.replay.importing import RejectedLine, digest
from candor.tabular.columns import Given
from candor.tabular.config import TableMap, read_map
from candor.tabular.converting import Converter
from candor.tabular.desk import lines_of, proposal, refused, shapes
from candor.tabular.faults import Faults, is_ours
from candor.tabular.reading import Table, open_table
from candor.tabular.spooling import Spooled, spool

Say = Callable[[str], None]
SHOWN_FAULTS: Final = 20


def map_of(file: Path) -> Path:
    """Where the mapping of a table is written: orders.map.yaml of orders.csv."""
    return file.with_suffix(".map.yaml")


def rejected_of(file: Path) -> Path:
    """Where the rows that were not taken are written: orders.rejected.csv of orders.xlsx."""
    return file.with_suffix(".rejected.csv")


def propose(file: Path, sheet: str, given: Given, say: Say) -> None:
    """Write the mapping that is proposed for a table, and show what the columns are taken for and the first rows.

    Raises InputError for a file that is no table, and where a mapping is there already.
    """
    own = map_of(file)
    if own.exists():
        raise InputError(f"{own} is there already: import by it (--map {own}), or delete it for a new proposal")
    found = proposal(file, sheet, given, own.name)
    try:
        own.write_text(found.mapping, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {own}: {error.strerror or error}") from None
    for line in (*found.notes, *found.guesses, *found.shown):
        say(line)
    for question in found.asked:
        say(f"please say: {question}")
    say(f"{own} has the mapping{_left(len(found.asked))}: look at it, then")
    say(f"candor import {file} --map {own} --key $KEY")


def _left(count: int) -> str:
    return f", with {count} {'thing' if count == 1 else 'things'} left open" if count else ""


class Prepared(NamedTuple):
    """A table made into a stream, and the rows that were not taken so far."""

    said: TableMap
    table: Table
    spooled: Spooled
    faults: Faults
    rejected: Path

    def refuse(self, line: RejectedLine) -> None:
        """Keep what a service says of a line as a fault of its row."""
        self.faults.add([refused(self.said, self.spooled.row(line.line), line.code, line.detail)])

    def finish(self, say: Say) -> int:
        """Write the rows that were not taken beside the table, and say the first; return how many there are."""
        count = len(self.faults)
        if count:
            self.faults.write(self.table, self.rejected)
            for fault, _ in zip(self.faults, range(SHOWN_FAULTS), strict=False):
                place = f", {fault.column}" if fault.column else ""
                say(f"row {fault.row}{place}: {fault.reason}")
            say(f"rows that were not taken: {count}; {self.rejected} has them, to mend and import by the same mapping")
        elif is_ours(self.rejected):
            # Of an earlier run, whose rows have been mended.
            self.rejected.unlink()
        return count

    def show(self, say: Say) -> None:
        """Say the first rows as they will be, and how many there are."""
        for line in lines_of(self.spooled.shown):
            say(line)
        say(f"{self.spooled.rows} rows make {self.spooled.events} events")


@contextmanager
def prepared(file: Path, by: Path, sheet: str, report: Callable[[int], None], say: Say) -> Iterator[Prepared]:
    """Read the whole table by a mapping. Raises InputError for a wrong mapping, with its line, and for no table.

    What is kept of an import that was interrupted is found again: the same table by the same mapping.
    """
    try:
        said = read_map(by.read_bytes(), shapes())
    except OSError as error:
        raise InputError(f"cannot read {by}: {error.strerror or error}") from None
    except ValueError as error:
        raise InputError(f"{by}, {error}") from None
    table = open_table(file, sheet or said.sheet)
    for note in table.notes:
        say(note)
    folder = home() / "imports"
    private_folder(folder)
    name = hashlib.sha256(f"{digest(file)} {digest(by)} {sheet}".encode()).hexdigest()[:32]
    stream = folder / f"{name}.jsonl"
    # What was refused stays known: a second run sends nothing again, and says the same.
    with Faults(folder / f"{name}.faults") as faults:
        try:
            spooled = spool(table, Converter(said, shapes()), faults, stream, report)
            yield Prepared(said, table, spooled, faults, rejected_of(file))
        finally:
            stream.unlink(missing_ok=True)
