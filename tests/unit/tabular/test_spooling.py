"""A whole table as a stream: in an order in which nothing waits, with its faults beside it, in bounded memory."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from candor.errors import InputError
from candor.replay.stream import read_stream
from candor.tabular import spooling, text_files
from candor.tabular.columns import Given
from candor.tabular.command import prepared, propose
from candor.tabular.converting import Fault
from candor.tabular.faults import Faults, is_ours
from candor.tabular.reading import open_table
from candor.tabular.spooling import RANKS, Spooled, rank, spool
from tests.unit.tabular.tables import COLUMNS, MAP, SO_1, converter, csv_file, workbook

CONTACTS = """
  - type: contact.set
    when: item.customer
    data: {customer_id: {from: item.customer, as: id}, email: "'a@example.com'"}
"""


def spooled(folder: Path, path: Path, text: str = MAP) -> tuple[Spooled, list[Fault]]:
    with Faults(folder / "kept") as faults:
        return spool(open_table(path), converter(text), faults, folder / "s.jsonl"), list(faults)


def order(number: int, **changed: str) -> tuple[str, ...]:
    return tuple((dict(zip(COLUMNS, SO_1, strict=True)) | {"order": f"SO-{number}"} | changed).values())


def rejected(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def test_nothing_waits_for_what_stands_further_down(tmp_path: Path) -> None:
    found, faults = spooled(tmp_path, csv_file(tmp_path, order(1), order(2)), MAP + CONTACTS)
    lines = [(event.type, event.data.get("promise_id")) for _, event in read_stream(found.stream)]
    assert lines == [
        ("contact.set", None),
        ("contact.set", None),
        ("promise.made", "SO-1"),
        ("promise.made", "SO-2"),
        ("milestone.reported", "SO-1"),
        ("milestone.reported", "SO-2"),
    ]
    assert [found.row(line) for line in range(1, 7)] == [2, 3, 2, 3, 2, 3]
    assert (found.rows, found.events, faults) == (2, 6, [])
    assert [row.number for row, _ in found.shown] == [2, 3]
    assert list(tmp_path.glob("s.[0-9]")) == []
    assert found.stream.stat().st_mode & 0o077 == 0


def test_all_events_have_a_rank() -> None:
    kinds = ("contact.set", "promise.made", "promise.revised", "promise.withdrawn", "promise.settled", "offer.made")
    assert [rank(kind) for kind in (*kinds, "milestone.reported", "incident.reported")] == [*range(RANKS), RANKS - 1]


def test_faults_are_written_beside_the_table_to_be_mended_and_imported_by_the_same_mapping(tmp_path: Path) -> None:
    path = csv_file(tmp_path, order(1, what="=1+1", amount="much"), order(2), order(3, ordered="32.01.2026"))
    with Faults(tmp_path / "kept") as faults:
        spool(open_table(path), converter(), faults, tmp_path / "s.jsonl")
        faults.write(open_table(path), tmp_path / "t.rejected.csv")
    rows = rejected(tmp_path / "t.rejected.csv")
    assert [(row["row"], row["column"], row["order"], row["what"]) for row in rows] == [
        ("2", "amount", "SO-1", "'=1+1"),
        ("4", "ordered", "SO-3", "Espresso machine"),
    ]
    assert is_ours(tmp_path / "t.rejected.csv")
    assert not is_ours(path)
    assert not is_ours(tmp_path / "none.csv")
    text = (tmp_path / "t.rejected.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "mended.csv").write_text(text.replace("much", "5").replace("32.01.2026", "31.01.2026"))
    (tmp_path / "anew").mkdir()
    found, wrong = spooled(tmp_path / "anew", tmp_path / "mended.csv")
    assert (found.events, wrong) == (4, [])
    assert next(event.data["what"] for _, event in read_stream(found.stream)) == "=1+1"


def test_the_first_fault_of_a_row_stays(tmp_path: Path) -> None:
    with Faults(tmp_path / "kept") as faults:
        faults.add([Fault(9, "a", "later"), Fault(2, "b", "first")])
        faults.add([Fault(2, "c", "second")])
        assert list(faults) == [Fault(2, "b", "first"), Fault(9, "a", "later")]
    with Faults(tmp_path / "kept") as again:
        assert len(again) == 2


def test_memory_does_not_grow_with_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is looked at once and what waits for its turn are smaller than both tables.
    monkeypatch.setattr(text_files, "_SAMPLE", 4_096)
    monkeypatch.setattr(spooling, "EVERY", 100)

    def peak(rows: int) -> int:
        folder = tmp_path / str(rows)
        folder.mkdir()
        path = csv_file(folder, *(order(number, amount="x" if number % 2 else "1") for number in range(rows)))
        make = converter()
        tracemalloc.start()
        try:
            with Faults(folder / "kept") as faults:
                spool(open_table(path), make, faults, folder / "s.jsonl")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(50)
    small, large = peak(300), peak(1_500)
    # A row and its events take two kilobytes and more; four bytes an event are kept, and what caches hold.
    assert large < small + 600_000


def test_a_mapping_is_never_overwritten_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    path = csv_file(tmp_path, order(1))
    said: list[str] = []
    propose(path, "", Given(), said.append)
    assert said[-1] == f"candor import {path} --map {tmp_path / 't.map.yaml'} --key $KEY"
    with pytest.raises(InputError, match="is there already"):
        propose(path, "", Given(), said.append)
    (tmp_path / "wrong.yaml").write_text("zone: Berlin\n")
    with (
        pytest.raises(InputError, match=r"wrong\.yaml, line 1: "),
        prepared(path, tmp_path / "wrong.yaml", "", lambda _rows: None, said.append),
    ):
        pass


ORDERS = "\ufeff" + ";".join(COLUMNS) + "\n" + "\n".join(";".join(order(number)) for number in range(5)) + "\n"
QUOTED = ORDERS.replace("Espresso machine", '"Espresso, ""the"" machine"').encode()
BASES = (ORDERS.encode(), QUOTED, ORDERS.encode("utf-16"), ORDERS.replace(";", "\t").encode("latin-1", "replace"))


@some.composite
def mutated(draw: some.DrawFn, base: bytes) -> bytes:
    """A table with some of its bytes changed, cut out, doubled or put elsewhere."""
    raw = bytearray(base)
    for _ in range(draw(some.integers(1, 6))):
        place = draw(some.integers(0, len(raw)))
        length = draw(some.integers(0, 40))
        act = draw(some.sampled_from(("put", "cut", "twice")))
        if act == "put":
            raw[place:place] = draw(
                some.sampled_from((b'"', b"\0", b"\n", b"\r", b";", b"\xff", b"\xc3", b"=", b"'", b"9" * 30))
            )
        elif act == "cut":
            del raw[place : place + length]
        else:
            raw[place:place] = raw[place : place + length]
    return bytes(raw)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations")


@pytest.mark.parametrize("base", BASES, ids=["plain", "quoted", "utf-16", "latin-1"])
@settings(max_examples=2_500, print_blob=True, deadline=None)
@given(data=some.data())
def test_ten_thousand_broken_tables_are_read_or_refused_in_words(
    folder: Path, base: bytes, data: some.DataObject
) -> None:
    path = folder / "t.csv"
    path.write_bytes(data.draw(mutated(base)))
    try:
        for row in open_table(path).rows():
            found = MADE.events(row)
            assert not isinstance(found, Fault) or found.reason
    except InputError as error:
        assert str(error)
        assert "\n" not in str(error)


MADE = converter()


@settings(max_examples=300, print_blob=True, deadline=None)
@given(cuts=some.lists(some.tuples(some.integers(0, 6_000), some.binary(max_size=8)), min_size=1, max_size=4))
def test_broken_workbooks_are_read_or_refused_in_words(folder: Path, cuts: list[tuple[int, bytes]]) -> None:
    whole = folder / "whole.xlsx"
    if not whole.exists():
        workbook(folder, COLUMNS, order(1), name="whole")
    raw = bytearray(whole.read_bytes())
    for place, new in cuts:
        raw[place : place + len(new)] = new
    path = folder / "t.xlsx"
    path.write_bytes(bytes(raw))
    try:
        for row in open_table(path).rows():
            MADE.events(row)
    except InputError as error:
        assert str(error)
