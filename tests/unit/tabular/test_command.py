"""What `candor import` says of tables, and what it keeps of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from candor.errors import InputError
from candor.replay.importing import RejectedLine
from candor.replay.stream import read_stream
from candor.tabular.columns import Given
from candor.tabular.command import SHOWN_FAULTS, map_of, prepared, propose, rejected_of
from candor.tabular.config import OPEN, read_map
from candor.tabular.desk import shapes
from candor.tabular.faults import is_ours
from candor.tabular.spooling import SHOWN
from tests.unit.tabular.tables import COLUMNS, MAP, SO_1, csv_file, workbook


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("CANDOR_HOME", str(home))
    return home


def row(number: int, **changed: str) -> tuple[str, ...]:
    return tuple((dict(zip(COLUMNS, SO_1, strict=True)) | {"order": f"SO-{number}"} | changed).values())


def mapping(folder: Path, text: str = MAP) -> Path:
    path = folder / "own.map.yaml"
    path.write_text(text)
    return path


def test_all_events_of_both_services_may_be_mapped() -> None:
    assert {"promise.made", "contact.set", "milestone.reported", "incident.reported"} <= shapes().keys()


@pytest.mark.parametrize("name", ["orders.csv", "orders.xlsx", "orders.2026.csv"])
def test_what_is_written_lies_beside_the_table(name: str) -> None:
    stem = name.rpartition(".")[0]
    assert (map_of(Path(name)).name, rejected_of(Path(name)).name) == (f"{stem}.map.yaml", f"{stem}.rejected.csv")


def test_a_proposal_says_what_it_took_columns_for_the_first_rows_and_what_is_open(tmp_path: Path) -> None:
    path, said = csv_file(tmp_path, row(1), row(2, amount="7")), list[str]()
    propose(path, "", Given(), said.append)
    text = "\n".join(said)
    assert "customer      customer_id     1.00  named 'customer'" in text
    assert 'row 2: promise.made {"promise_id": "SO-1", "customer_id": "acme"' in text
    assert 'row 3: milestone.reported {"promise_id": "SO-2"' in text
    assert [line for line in said if line.startswith("please say: ")] == [
        "please say: zone: in which zone the file's times are, such as Europe/Berlin (or give --zone)",
        "please say: currency of promise.made: no column was found",
    ]
    assert f"{map_of(path)} has the mapping, with 2 things left open: look at it, then" in text
    assert OPEN in map_of(path).read_text()


def test_one_thing_that_is_open_is_one_and_nothing_open_is_not_said(tmp_path: Path) -> None:
    path, said = csv_file(tmp_path, row(1, amount="7")), list[str]()
    propose(path, "", Given("Europe/Berlin"), said.append)
    assert f"{map_of(path)} has the mapping, with 1 thing left open: look at it, then" in said
    map_of(path).unlink()
    csv_file(tmp_path, row(1, amount=""))
    propose(path, "", Given("Europe/Berlin"), said.append)
    assert f"{map_of(path)} has the mapping: look at it, then" in said


def test_among_the_first_rows_a_wrong_one_is_shown_with_its_column_and_why(tmp_path: Path) -> None:
    days = {column: "next week" for column in COLUMNS if column == "promised for"}
    path, said = csv_file(tmp_path, row(1), row(2, **days), row(3), row(4), row(5)), list[str]()
    propose(path, "", Given("Europe/Berlin"), said.append)
    wrong = [line for line in said if line.startswith("row 3")]
    assert len(wrong) == 1
    assert wrong[0].startswith("row 3, promised for, would not be taken: due: must be a time")
    assert [line[:6] for line in said if ": promise.made" in line] == ["row 2:", "row 4:", "row 5:", "row 6:"]


def test_of_a_table_of_wrong_rows_only_the_first_few_are_shown(tmp_path: Path) -> None:
    rows = [row(number) for number in range(30)] + [row(number, **{"promised for": "soon"}) for number in range(9)]
    path, said = csv_file(tmp_path, *reversed(rows)), list[str]()
    propose(path, "", Given("Europe/Berlin"), said.append)
    assert sum("would not be taken" in line for line in said) == SHOWN
    assert len([line for line in said if ": promise.made" in line]) == SHOWN


def test_how_a_file_was_read_is_said_first(tmp_path: Path) -> None:
    path, said = csv_file(tmp_path, row(1, customer="Bäcker")), list[str]()
    path.write_bytes(path.read_text().encode("latin-1"))
    propose(path, "", Given("Europe/Berlin"), said.append)
    assert "Windows-1252" in said[0]


def test_a_proposal_where_nothing_may_be_written_is_said(tmp_path: Path) -> None:
    path = csv_file(tmp_path, row(1))
    map_of(path).symlink_to(tmp_path / "nowhere" / "there.yaml")
    with pytest.raises(InputError, match="cannot write"):
        propose(path, "", Given(), lambda _line: None)


def test_a_proposal_for_a_workbook_imports_as_it_is(tmp_path: Path) -> None:
    path = workbook(tmp_path, ("order", "customer", "what", "due"), ("SO-1", "acme", "x", "31.12.2026"))
    propose(path, "", Given("Europe/Berlin"), lambda _line: None)
    read_map(map_of(path).read_bytes(), shapes())
    with prepared(path, map_of(path), "", lambda _rows: None, lambda _line: None) as table:
        assert table.spooled.events == 1
        assert table.finish(lambda _line: None) == 0


def test_faults_are_said_some_and_written_all(tmp_path: Path) -> None:
    path, said, rows = csv_file(tmp_path, *(row(n, amount="x") for n in range(30))), list[str](), list[int]()
    with prepared(path, mapping(tmp_path), "", rows.append, said.append) as table:
        table.show(said.append)
        assert table.finish(said.append) == 30
    assert rows[-1] == 30
    assert said[0] == "30 rows make 0 events"
    assert said[1] == "row 2, amount: value: must be a number; it says 'x'"
    assert len(said) == 1 + SHOWN_FAULTS + 1
    assert said[-1].startswith("rows that were not taken: 30; ")
    assert len(rejected_of(path).read_text(encoding="utf-8-sig").splitlines()) == 31


def test_what_a_service_refuses_is_a_fault_of_its_row_and_column(tmp_path: Path) -> None:
    path, said = csv_file(tmp_path, row(1), row(2)), list[str]()
    with prepared(path, mapping(tmp_path), "", lambda _rows: None, said.append) as table:
        events = [event for _, event in read_stream(table.spooled.stream)]
        assert [event.data["promise_id"] for event in events] == ["SO-1", "SO-2", "SO-1", "SO-2"]
        table.refuse(RejectedLine(4, "id", "invalid_field", "/data/at: must not lie in the future"))
        table.refuse(RejectedLine(1, "id", "conflict", "it is there already"))
        assert table.finish(said.append) == 2
    assert said[:2] == [
        "row 2: conflict: it is there already",
        "row 3, delivered: invalid_field: at: must not lie in the future",
    ]


def test_a_second_run_says_what_the_first_was_refused_and_a_mended_file_does_not(
    tmp_path: Path, own_home: Path
) -> None:
    path, own = csv_file(tmp_path, row(1)), mapping(tmp_path)
    with prepared(path, own, "", lambda _rows: None, lambda _line: None) as table:
        table.refuse(RejectedLine(1, "id", "conflict", "it is there already"))
        assert table.finish(lambda _line: None) == 1
    assert is_ours(rejected_of(path))
    with prepared(path, own, "", lambda _rows: None, lambda _line: None) as table:
        assert table.finish(lambda _line: None) == 1
    csv_file(tmp_path, row(1, what="Grinder"))
    with prepared(path, own, "", lambda _rows: None, lambda _line: None) as table:
        assert table.finish(lambda _line: None) == 0
    assert not rejected_of(path).exists()
    kept = list((own_home / "imports").iterdir())
    assert {file.suffix for file in kept} == {".faults"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in kept)


def test_a_file_of_somebody_elses_is_not_removed(tmp_path: Path) -> None:
    path = csv_file(tmp_path, row(1))
    rejected_of(path).write_text("my,own,file\n")
    with prepared(path, mapping(tmp_path), "", lambda _rows: None, lambda _line: None) as table:
        assert table.finish(lambda _line: None) == 0
    assert rejected_of(path).read_text() == "my,own,file\n"


def test_the_stream_is_gone_however_an_import_ends(tmp_path: Path, own_home: Path) -> None:
    path = csv_file(tmp_path, row(1))
    with pytest.raises(RuntimeError), prepared(path, mapping(tmp_path), "", lambda _rows: None, lambda _line: None):
        raise RuntimeError
    assert list((own_home / "imports").glob("*.jsonl")) == []


def test_the_sheet_may_be_named_in_the_mapping(tmp_path: Path) -> None:
    path = workbook(tmp_path, COLUMNS, SO_1, sheets=("Notes", "Orders"))
    own = mapping(tmp_path, f"sheet: Orders\n{MAP}")
    with prepared(path, own, "", lambda _rows: None, lambda _line: None) as table:
        assert table.spooled.events == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAP.replace("item.what", "???"), "own.map.yaml, line 14: what is left open: write what it is in place of ???"),
        ("a: [", "own.map.yaml, line "),
        ("", "own.map.yaml, line 1: "),
        ("zone: &x Europe/Berlin\nsheet: *x\n", "aliases"),
    ],
)
def test_a_mapping_that_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = csv_file(tmp_path, row(1))
    with (
        pytest.raises(InputError) as raised,
        prepared(path, mapping(tmp_path, text), "", lambda _rows: None, lambda _line: None),
    ):
        pass
    assert said in str(raised.value)


def test_a_column_called_like_what_is_open_is_none(tmp_path: Path) -> None:
    path = csv_file(tmp_path, (*row(1), "x"), columns=(*COLUMNS, "???"))
    own = mapping(tmp_path, MAP.replace("kind: {value: install}", "kind: 'item.\"???\"'"))
    with prepared(path, own, "", lambda _rows: None, lambda _line: None) as table:
        assert table.spooled.shown[0][1][0].data["kind"] == "x"


def test_a_mapping_that_is_away_is_said(tmp_path: Path) -> None:
    path = csv_file(tmp_path, row(1))
    with (
        pytest.raises(InputError, match="cannot read"),
        prepared(path, tmp_path / "none.yaml", "", lambda _rows: None, lambda _line: None),
    ):
        pass
