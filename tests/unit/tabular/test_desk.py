"""A table at a desk: a mapping is proposed and tried without a file of it, and nothing large is read to its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from candor.tabular.columns import Given
from candor.tabular.converting import Fault
from candor.tabular.desk import MOST_FAULTS, checked, proposal, refused, shapes
from candor.tabular.rows import TableError

ORDERS = """order;customer;what;ordered;promised for;delivered
SO-1;acme;Espresso machine;01.03.2026;10.03.2026 16:00;11.03.2026
SO-2;bolt;Grinder;02.03.2026;09.03.2026;
SO-3;acme;Boiler;03.03.2026;never;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "table.csv"
    made.write_text(ORDERS)
    return made


def test_what_is_proposed_names_the_file_as_it_was_brought_and_what_is_left_open(file: Path) -> None:
    found = proposal(file, "", Given(), "the mapping", "orders of March.csv")
    assert "orders of March.csv" in found.mapping
    assert str(file) not in found.mapping
    assert "kind: {value: orders-of-march}" in found.mapping
    assert [line.partition(":")[0] for line in found.asked] == ["zone"]
    assert found.shown[0].startswith('row 2: promise.made {"promise_id": "SO-1"')
    assert any(line.startswith("order ") and "promise_id" in line for line in found.guesses)
    assert proposal(file, "", Given("Europe/Berlin"), "x").asked == []


def test_a_mapping_is_tried_and_wrong_rows_are_named_by_number(file: Path, tmp_path: Path) -> None:
    mapping = proposal(file, "", Given("Europe/Berlin"), "x").mapping
    for _ in range(2):
        found = checked(file, mapping, tmp_path, 100)
        assert (found.spooled.rows, found.spooled.events, found.wrong) == (3, 3, 1)
        (fault,) = found.faults
        assert (fault.row, fault.column) == (4, "promised for")
    assert found.spooled.stream.read_text().count("promise.made") == 2


def test_a_wrong_mapping_names_its_line_and_an_open_one_what_is_open(file: Path, tmp_path: Path) -> None:
    open_ = proposal(file, "", Given(), "x").mapping
    with pytest.raises(TableError, match="the mapping, line 4: zone is left open"):
        checked(file, open_, tmp_path, 100)
    wrong = proposal(file, "", Given("UTC"), "x").mapping.replace("what:", "whatever:")
    with pytest.raises(TableError, match=r"the mapping, line \d+: .*whatever"):
        checked(file, wrong, tmp_path, 100)


def test_more_rows_or_events_than_are_taken_here_are_refused(file: Path, tmp_path: Path) -> None:
    mapping = proposal(file, "", Given("UTC"), "x").mapping
    done = ORDERS + "SO-4;acme;Mill;04.03.2026;13.03.2026;14.03.2026\n"
    file.write_text(done)
    with pytest.raises(TableError, match="makes 5 events; here are at most 4"):
        checked(file, mapping, tmp_path, 4)
    file.write_text(ORDERS + "".join(f"SO-{n};acme;x;01.03.2026;10.03.2026;\n" for n in range(2_500)))
    with pytest.raises(TableError, match="it has more than 1,500 rows"):
        checked(file, mapping, tmp_path, 1_500)


def test_of_very_many_wrong_rows_the_first_are_named_and_all_are_counted(file: Path, tmp_path: Path) -> None:
    mapping = proposal(file, "", Given("UTC"), "x").mapping
    file.write_text(ORDERS + "".join(f"SO-{n};acme;x;01.03.2026;never;\n" for n in range(300)))
    found = checked(file, mapping, tmp_path, 1_000)
    assert (len(found.faults), found.wrong) == (MOST_FAULTS, 301)
    assert [fault.row for fault in found.faults] == [*range(4, 4 + MOST_FAULTS)]


def test_what_a_service_refuses_is_a_fault_of_its_row_and_column(file: Path, tmp_path: Path) -> None:
    found = checked(file, proposal(file, "", Given("UTC"), "x").mapping, tmp_path, 100)
    assert refused(found.said, 2, "invalid_field", "/data/due: must lie ahead") == Fault(
        2, "promised for", "invalid_field: due: must lie ahead"
    )
    assert refused(found.said, 2, "already_exists", "there is one") == Fault(2, "", "already_exists: there is one")


def test_both_services_are_understood() -> None:
    assert {"promise.made", "milestone.reported", "contact.set"} <= shapes().keys()
