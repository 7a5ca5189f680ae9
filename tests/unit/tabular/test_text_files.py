"""CSV files as people have them: separators, encodings, quotes, repeated headers, empty rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from candor.tabular.reading import is_table, open_table
from candor.tabular.rows import MOST_COLUMNS, TableError, letters, named, plain
from candor.tabular.text_files import LONGEST_LINE, MOST_LINES_OF_A_ROW


def put(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "t.csv"
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def cells(path: Path) -> list[tuple[int, dict[str, object]]]:
    return [(row.number, row.cells) for row in open_table(path).rows()]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_a_separator_is_found_whatever_else_stands_in_texts(tmp_path: Path, sign: str) -> None:
    others = "".join(set(",;\t|") - {sign})
    path = put(tmp_path, f'a{sign}b{sign}c\n1{sign}"x{others}"{sign}3\n4{sign}{sign}6\n')
    assert cells(path) == [(2, {"a": "1", "b": f"x{others}".strip(), "c": "3"}), (3, {"a": "4", "c": "6"})]


def test_decimal_commas_are_no_separators(tmp_path: Path) -> None:
    path = put(tmp_path, "order;amount\nSO-1;1,50\nSO-2;2,75\nSO-3;3,10\n")
    assert [row["amount"] for _, row in cells(path)] == ["1,50", "2,75", "3,10"]


@pytest.mark.parametrize("line", ["sep=;\r\n", "SEP=; \n", '"sep=;"\n', "sep=;\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_first_line_that_names_the_separator_is_no_row(tmp_path: Path, line: str, encoding: str) -> None:
    path = put(tmp_path, f"{line}order;what\nSO-1;a,b,c\n", encoding)
    assert cells(path) == [(3, {"order": "SO-1", "what": "a,b,c"})]


def test_a_separator_of_ones_own_is_taken_as_named(tmp_path: Path) -> None:
    assert cells(put(tmp_path, "sep=^\norder^what\nSO-1^a;b,c\n")) == [(3, {"order": "SO-1", "what": "a;b,c"})]


def test_a_column_that_begins_like_it_is_a_column(tmp_path: Path) -> None:
    assert cells(put(tmp_path, "sep=x;what\nSO-1;a\n")) == [(2, {"sep=x": "SO-1", "what": "a"})]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "read as UTF-16"),
        ("utf-16-le", "read as UTF-16, though no mark says so"),
        ("utf-16-be", "read as UTF-16, though no mark says so"),
        ("latin-1", "Windows-1252"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings_are_read_and_said_in_one_line(tmp_path: Path, encoding: str, note: str) -> None:
    path = put(tmp_path, "Auftrag;Kunde;Fälligkeit\nSO-1;Bäckerei Groß;31.12.2026\n", encoding)
    table = open_table(path)
    assert table.columns == ["Auftrag", "Kunde", "Fälligkeit"]
    assert [row.cells["Kunde"] for row in table.rows()] == ["Bäckerei Groß"]
    assert len(table.notes) == (1 if note else 0)
    assert all(note in said and "\n" not in said for said in table.notes)


def test_quoted_cells_may_have_lines_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = put(tmp_path, 'order,what\r\nSO-1,"two\r\nlines and ""quotes"""\r\n\r\nSO-2,one\r\n')
    assert cells(path) == [
        (2, {"order": "SO-1", "what": 'two\r\nlines and "quotes"'}),
        (4, {"order": "SO-2", "what": "one"}),
    ]


def test_empty_rows_and_repeated_headers_are_no_rows(tmp_path: Path) -> None:
    path = put(tmp_path, "\n;;\norder;what\n;\nSO-1;x\norder;what\n  ; \nSO-2;y\n")
    assert cells(path) == [(5, {"order": "SO-1", "what": "x"}), (8, {"order": "SO-2", "what": "y"})]


def test_a_quote_that_is_not_closed_is_the_fault_of_its_row(tmp_path: Path) -> None:
    path = put(tmp_path, 'order,what\nSO-1,fine\nSO-2,"open\nSO-3,swallowed\nSO-4,too\n')
    rows = list(open_table(path).rows())
    assert [(row.number, bool(row.fault)) for row in rows] == [(2, False), (3, True)]
    assert "quote that is not closed: it took the 2 lines after it" in rows[1].fault


def test_an_inch_sign_in_a_text_is_no_quote(tmp_path: Path) -> None:
    path = put(tmp_path, 'order,what\nSO-1,5" pipe\nSO-2,x\n')
    assert [(row.cells["what"], row.fault) for row in open_table(path).rows()] == [('5" pipe', ""), ("x", "")]


def test_very_many_lines_are_no_cell(tmp_path: Path) -> None:
    inner = "\n".join(["line"] * (MOST_LINES_OF_A_ROW + 1))
    rows = list(open_table(put(tmp_path, f'order,what\nSO-1,"{inner}"\nSO-2,x\n')).rows())
    assert [bool(row.fault) for row in rows] == [True, False]


def test_a_row_with_more_cells_than_columns_is_a_fault_and_with_fewer_none(tmp_path: Path) -> None:
    rows = list(open_table(put(tmp_path, "a;b\n1;2;3\n1\n1;2;;\n")).rows())
    assert ["has 3 cells, and there are 2 columns" in row.fault for row in rows] == [True, False, False]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no row with the names of columns"),
        (b"\n\n", "no row with the names of columns"),
        (b"\x89PNG\x00\x01", "is no text file"),
        (b"a,b\n" + b'"' + b"x" * 200_000, "never closed"),
        (b"a" * (LONGEST_LINE + 1), "characters"),
        (",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)).encode(), f"at most {MOST_COLUMNS} columns"),
    ],
)
def test_what_is_no_table_is_said_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said) as raised:
        list(open_table(put(tmp_path, content)).rows())
    assert "\n" not in str(raised.value)


def test_a_file_that_is_away_or_of_another_kind_is_said(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot read"):
        open_table(tmp_path / "none.csv")
    with pytest.raises(TableError, match=r"save it as \.xlsx or CSV"):
        open_table(tmp_path / "old.xls")
    with pytest.raises(TableError, match="has no sheets"):
        open_table(put(tmp_path, "a;b\n1;2\n"), "Orders")
    assert [is_table(Path(name)) for name in ("a.CSV", "a.xlsx", "a.xls", "a.jsonl")] == [True, True, True, False]


def test_columns_have_names_each_once() -> None:
    assert named(["a", "", "a", None, " B\n b ", "a", ""]) == ["a", "column B", "a (2)", "column D", "B b", "a (3)"]
    assert [letters(number) for number in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_what_looks_like_a_formula_is_text() -> None:
    assert [plain(cell) for cell in ("=1+1", "'=1+1", "'-5", "'tis", " x\u00a0", "", None, 5, True)] == [
        *("=1+1", "=1+1", "-5", "'tis", "x", None, None, 5, True)
    ]
