"""A table at somebody's desk: what is proposed for it, and what it becomes by a mapping. Nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from candor.intake.mapped.trying import offers
from candor.replay.stream import StreamEvent
from candor.tabular import writing
from candor.tabular.columns import Given
from candor.tabular.config import TableMap, filled, read_map
from candor.tabular.converting import Converter, Fault, columns_of
from candor.tabular.drafting import draft
from candor.tabular.faults import Faults
from candor.tabular.proposing import Seen, see
from candor.tabular.reading import Table, open_table
from candor.tabular.rows import Row, TableError
from candor.tabular.spooling import SHOWN, Spooled, spool

LONGEST_SHOWN: Final = 400
MOST_FAULTS: Final = 200
"""Wrong rows that are named at a desk; `candor import` names all."""


class Proposal(NamedTuple):
    """What is proposed for a table: the mapping as text, what each column is taken for and why, the first rows as they
    will be, what is left open, and what there is to know of how it was read.
    """

    mapping: str
    guesses: list[str]
    shown: list[str]
    asked: list[str]
    notes: list[str]


class Checked(NamedTuple):
    """A table by a mapping: its stream file, the first wrong rows, and how many there are."""

    said: TableMap
    spooled: Spooled
    faults: list[Fault]
    wrong: int


def shapes() -> dict[str, Any]:
    """The events that the installed services take, and the model of each one's data."""
    return {name: shape for offered in offers() for name, shape in offered.shapes.items()}


def proposal(file: Path, sheet: str, given: Given, own: str, named: str = "") -> Proposal:
    """What is proposed for a table; `own` is the mapping's file, `named` the table's, where that is not its name.

    Raises TableError for a file that is no table.
    """
    table = open_table(file, sheet)
    seen = see(table)
    own_name = Path(named or file.name)
    found = draft(table._replace(path=own_name), seen, given, datetime.fromtimestamp(int(file.stat().st_mtime), UTC))
    preview = Converter(filled(TableMap.model_validate(writing.closed(found))), shapes(), checked=False)
    return Proposal(
        writing.as_yaml(found, seen, own_name.name, own),
        [*_guessed(seen)],
        [*_first(table, preview)],
        writing.questions(found, seen),
        [*table.notes, *(f"{column} is not used: {why}" for column, why in found.unused.items())],
    )


def checked(file: Path, mapping: str, folder: Path, most: int) -> Checked:
    """Read a table by a mapping; its stream lies in `folder`, and has at most `most` events.

    Raises TableError for a wrong mapping, with its line, and for a file that is no table or has more rows or events.
    """
    try:
        said = read_map(mapping.encode(), shapes())
    except ValueError as error:
        raise TableError(f"the mapping, {error}") from None
    table = open_table(file, said.sheet)
    kept = folder / "faults"
    kept.unlink(missing_ok=True)
    with Faults(kept) as faults:
        spooled = spool(table, Converter(said, shapes()), faults, folder / "stream.jsonl", partial(_bounded, most))
        if spooled.events > most:
            raise TableError(f"it makes {spooled.events:,} events; here are at most {most:,}: use candor import")
        return Checked(said, spooled, [*islice(faults, MOST_FAULTS)], len(faults))


def _bounded(most: int, rows: int) -> None:
    # Said while it is read: a whole table of any size would take minutes.
    if rows > most:
        raise TableError(f"it has more than {most:,} rows; here are at most so many: use candor import")


def refused(said: TableMap, row: int, code: str, detail: str) -> Fault:
    """What a service says of an event, as a fault of its row."""
    pointer = detail.partition(":")[0]
    columns = (", ".join(columns_of(rule, pointer)) for rule in said.events if pointer.startswith("/data/"))
    return Fault(row, next(filter(None, columns), ""), f"{code}: {detail.removeprefix('/data/')}")


def lines_of(rows: Iterable[tuple[Row, list[StreamEvent]]]) -> Iterator[str]:
    """Rows as they will be, a line an event."""
    for row, events in rows:
        for event in events:
            data = json.dumps(event.data, ensure_ascii=False)
            yield f"row {row.number}: {event.type} {data[:LONGEST_SHOWN]}{'…' if len(data) > LONGEST_SHOWN else ''}"


def _guessed(seen: Seen) -> Iterator[str]:
    width = max(len(guess.column) for guess in seen.guesses)
    for guess in seen.guesses:
        field = guess.field or "not used"
        score = f"{guess.score:.2f}" if guess.field else "    "
        yield f"{guess.column:<{min(width, 40)}}  {field:<14}  {score}  {guess.why}"


def _first(table: Table, converter: Converter) -> Iterator[str]:
    """The first rows as they will be, and those before them that would not be taken."""
    shown = wrong = 0
    for row in table.rows():
        events = converter.events(row)
        if not isinstance(events, Fault):
            shown += 1
            yield from lines_of([(row, events)])
        elif wrong < SHOWN:
            wrong += 1
            place = f", {events.column}" if events.column else ""
            yield f"row {events.row}{place}, would not be taken: {events.reason}"
        if shown == SHOWN or row.number > SHOWN * 20:
            return
