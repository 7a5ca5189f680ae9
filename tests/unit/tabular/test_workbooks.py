"""Excel files: cells as they are meant, sheets by name, and files that would unpack to far more than they are."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from candor.tabular import workbooks
from candor.tabular.reading import open_table
from candor.tabular.rows import MOST_ROWS, TableError
from tests.unit.tabular.tables import workbook

NOON = datetime(2026, 12, 31, 12, tzinfo=UTC)


def test_cells_are_what_they_are_meant_as(tmp_path: Path) -> None:
    row = (NOON, date(2026, 12, 31), 12.5, 7, True, "=1+1 is text", None, time(8, 30), timedelta(hours=2), " x ")
    path = workbook(tmp_path, [f"c{n}" for n in range(len(row))], row)
    (found,) = open_table(path).rows()
    assert found.number == 2
    assert {name: cell for name, cell in found.cells.items() if name not in ("c5", "c8")} == {
        **{"c0": "2026-12-31T12:00:00", "c1": "2026-12-31", "c2": 12.5, "c3": 7, "c4": True},
        **{"c7": "08:30:00", "c9": "x"},
    }


def test_a_formula_is_its_value_and_never_worked_out(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["a", "b"], ["=1+1", "x"])
    # Nobody has opened it in Excel: there is no value yet.
    assert [row.cells for row in open_table(path).rows()] == [{"b": "x"}]


def test_sheets_are_found_by_name_and_the_first_without(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["a"], ["1"], sheets=("Notes", "Orders"))
    assert [row.cells for row in open_table(path, "Orders").rows()] == [{"a": "1"}]
    with pytest.raises(TableError, match="no row with the names"):
        open_table(path)
    with pytest.raises(TableError, match="has no sheet 'orders', it has 'Notes', 'Orders'"):
        open_table(path, "orders")


def test_rows_that_are_left_out_keep_their_numbers(tmp_path: Path) -> None:
    path = workbook(tmp_path, [None], ["a", "b"], [None, None], ["1", None], ["a", "b"], [None, "2"])
    assert [(row.number, row.cells) for row in open_table(path).rows()] == [(4, {"a": "1"}), (6, {"b": "2"})]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_workbook_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(TableError, match="is no Excel file"):
        open_table(path)


def rewritten(path: Path, name: str, content: bytes) -> Path:
    """The workbook with one part replaced or added."""
    with zipfile.ZipFile(path) as old:
        parts = {part: old.read(part) for part in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part, raw in (parts | {name: content}).items():
            new.writestr(part, raw)
    return path


def test_what_would_unpack_to_very_much_is_refused_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_TEXTS", 1_000_000)
    monkeypatch.setattr(workbooks, "MOST_OTHER", 1_000_000)
    path = workbook(tmp_path, ["a"], ["1"])
    workbooks.check(path)
    for name in ("xl/sharedStrings.xml", "xl/styles.xml", "xl/media/picture.bin"):
        with pytest.raises(TableError, match="unpacks to more than"):
            workbooks.check(rewritten(workbook(tmp_path, ["a"], ["1"]), name, b" " * 2_000_000))
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 1_000)
    with pytest.raises(TableError, match="save it as CSV"):
        workbooks.check(path)


def test_very_many_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_PARTS", 3)
    with pytest.raises(TableError, match="unpacks to more than"):
        workbooks.check(workbook(tmp_path, ["a"], ["1"]))


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"])
def test_a_document_type_is_refused(tmp_path: Path, part: str) -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    path = rewritten(workbook(tmp_path, ["a"], ["1"]), part, laughs)
    with pytest.raises(TableError, match="document type"):
        open_table(path)
    path = rewritten(workbook(tmp_path, ["a"], ["1"]), part, laughs.decode().encode("utf-16"))
    with pytest.raises(TableError, match="document type"):
        open_table(path)


def test_a_row_number_far_beyond_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candor.tabular.rows.MOST_ROWS", 5_000)
    assert MOST_ROWS > 5_000
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="900000000"><c r="A900000000"><v>1</v></c></row></sheetData></worksheet>'
    )
    path = rewritten(workbook(tmp_path, ["a"], ["1"]), "xl/worksheets/sheet1.xml", sheet.encode())
    with pytest.raises(TableError, match="at most"):
        list(open_table(path).rows())
