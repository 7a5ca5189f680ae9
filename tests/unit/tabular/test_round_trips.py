"""What a spreadsheet writes is read as it was meant: any text, in any encoding, with any separator."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from candor.tabular.converting import Fault
from candor.tabular.faults import Faults
from candor.tabular.reading import Table, open_table
from candor.tabular.rows import plain
from candor.tabular.text_files import SEPARATORS

Rows = list[tuple[str, ...]]
HEADER = ("Auftrag", "Größe", "what")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round")


def written(rows: Rows, sign: str) -> str:
    """As Excel writes CSV: quotes where a cell needs them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=sign)
    writer.writerows([HEADER, *rows])
    return text.getvalue()


def meant(rows: Rows) -> list[dict[str, str]]:
    cells = [{name: plain(cell) for name, cell in zip(HEADER, row, strict=True)} for row in rows]
    filled = [{name: cell for name, cell in row.items() if cell is not None} for row in cells]
    return [row for row in filled if row]


@some.composite
def rows_with(draw: some.DrawFn, sign: str) -> Rows:
    """Rows in whose cells anything may stand but other separators: of few rows nobody could know which one counts."""
    letters = some.characters(codec="cp1252", categories=("L", "M", "N", "P", "S", "Zs"), exclude_characters=SEPARATORS)
    cell = some.text(letters | some.sampled_from(["\n", '"', "=", "'", sign]), max_size=12)
    return draw(some.lists(some.tuples(cell, cell, cell), min_size=1, max_size=6))


@settings(max_examples=150)
@given(some.data(), some.sampled_from(SEPARATORS), some.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_was_written_is_read(folder: Path, data: some.DataObject, sign: str, encoding: str) -> None:
    rows = data.draw(rows_with(sign))
    path = folder / "t.csv"
    path.write_bytes(written(rows, sign).encode(encoding))
    found = list(open_table(path).rows())
    assert [row.cells for row in found] == meant(rows)
    assert [row.fault for row in found] == [""] * len(found)


@settings(max_examples=100)
@given(rows=rows_with(";"))
def test_latin_letters_are_read_where_they_are_no_utf_8(folder: Path, rows: Rows) -> None:
    path = folder / "t.csv"
    path.write_bytes(written(rows, ";").encode("cp1252"))
    assert [row.cells for row in open_table(path).rows()] == meant(rows)


def refused(folder: Path, rows: Rows, column: str, reason: str) -> tuple[Table, Path]:
    """A table, and the file in which all its rows are said to be wrong."""
    path, out, kept = folder / "t.csv", folder / "t.rejected.csv", folder / "kept"
    path.write_bytes(written(rows, ",").encode())
    kept.unlink(missing_ok=True)
    table = open_table(path)
    with Faults(kept) as faults:
        faults.add([Fault(row.number, column, reason) for row in table.rows()])
        faults.write(table, out)
    return table, out


@settings(max_examples=100)
@given(rows=rows_with(","))
def test_rows_that_were_not_taken_can_be_read_again(folder: Path, rows: Rows) -> None:
    table, out = refused(folder, rows, "what", "=because")
    again = [
        (int(row.cells["row"]), {name: cell for name, cell in row.cells.items() if name in HEADER})
        for row in open_table(out).rows()
    ]
    assert again == [(row.number, row.cells) for row in table.rows()]


@settings(max_examples=100)
@given(rows=rows_with(","))
def test_no_cell_of_what_is_written_is_a_formula(folder: Path, rows: Rows) -> None:
    _, out = refused(folder, rows, "=c", "@r")
    for line in csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline="")):
        assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
