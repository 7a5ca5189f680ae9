"""Rules for what was seen of a table, and the text in which a person finds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from candor.tabular import writing
from candor.tabular.columns import STATUS, Given, expression
from candor.tabular.config import OPEN
from candor.tabular.converting import Fault
from candor.tabular.drafting import Draft, draft
from candor.tabular.proposing import MOST_LABELS, Seen, see
from candor.tabular.reading import open_table
from tests.unit.tabular.tables import converter, csv_file, workbook

EXPORTED = datetime(2026, 11, 30, 8, tzinfo=UTC)
PROMISES = ("order", "customer", "what", "due")
SO_1, SO_2 = ("SO-1", "acme", "Grinder", "31.12.2026"), ("SO-2", "bolt", "Boiler", "30.12.2026")


def drafted(path: Path, zone: str = "Europe/Berlin", dates: str = "", sheet: str = "") -> tuple[Seen, Draft]:
    table = open_table(path, sheet)
    seen = see(table)
    return seen, draft(table, seen, Given(zone, dates), EXPORTED)


def data_of(folder: Path, columns: Sequence[str], *rows: Sequence[str]) -> dict[str, Any]:
    _, found = drafted(csv_file(folder, *rows, columns=columns))
    data: dict[str, Any] = found.events[0]["data"]
    return data


def test_the_head_says_how_cells_are_read(tmp_path: Path) -> None:
    path = csv_file(tmp_path, (*SO_1, "1,5"), (*SO_2, "TBD"), columns=(*PROMISES, "amount"))
    _, found = drafted(path)
    assert found.head == {
        "zone": "Europe/Berlin",
        "exported_at": "2026-11-30T08:00:00Z",
        "decimal": ",",
        "empty": ["TBD"],
    }
    assert drafted(path, zone="")[1].head["zone"] == OPEN


def test_times_that_carry_their_zone_need_none(tmp_path: Path) -> None:
    path = csv_file(tmp_path, ("SO-1", "acme", "x", "2026-12-31T10:00:00Z"), columns=PROMISES)
    assert drafted(path, zone="")[1].head["zone"] == "UTC"
    both = csv_file(tmp_path, ("SO-1", "a", "x", "2026-12-31T10:00:00Z", "1.2.2026"), columns=(*PROMISES, "ordered"))
    assert drafted(both, zone="")[1].head["zone"] == OPEN


def test_the_sheet_of_a_workbook_is_said(tmp_path: Path) -> None:
    path = workbook(tmp_path, PROMISES, SO_1, sheets=("Notes", "Orders"))
    assert drafted(path, sheet="Orders")[1].head["sheet"] == "Orders"


def test_a_mere_date_means_the_end_of_a_day_for_a_promise_and_its_beginning_for_an_order(tmp_path: Path) -> None:
    columns = (*PROMISES, "ordered", "requested date", "delivered")
    rows = [(*row, "01.12.2026", "20.12.2026", "29.12.2026") for row in (SO_1, SO_2)]
    _, found = drafted(csv_file(tmp_path, *rows, columns=columns))
    made, done = found.events
    assert {name: made["data"][name]["at"] for name in ("made_at", "due", "requested_due")} == {
        "made_at": "00:00",
        "due": "23:59",
        "requested_due": "23:59",
    }
    assert made["time"] == made["data"]["made_at"]
    assert done["time"]["at"] == done["data"]["at"]["at"] == "12:00"
    assert done["data"]["final"] == {"value": True}
    assert done["when"] == "item.delivered"


def test_what_a_promise_needs_and_no_column_has_is_open(tmp_path: Path) -> None:
    data = data_of(tmp_path, ("due", "amount"), ("31.12.2026", "5"), ("30.12.2026", "6"))
    assert {name for name, value in data.items() if value == OPEN} == {"promise_id", "customer_id", "what", "currency"}
    assert data["kind"] == {"value": "t"}


def test_a_currency_and_people_are_taken_where_they_stand(tmp_path: Path) -> None:
    columns = (*PROMISES, "amount", "currency", "owner", "supplier", "department", "type")
    row = ("5", "EUR", "kim", "van-co", "Sales North", "install")
    data = data_of(tmp_path, columns, (*SO_1, *row), (*SO_2, *row))
    assert data["currency"] == "item.currency"
    assert (data["owner"], data["deliverer"]) == (
        {"from": "item.owner", "as": "id"},
        {"from": "item.supplier", "as": "id"},
    )
    assert (data["department"], data["kind"]) == ("item.department", {"from": "item.type", "as": "id"})


def test_labels_are_few_and_have_names_of_their_own(tmp_path: Path) -> None:
    columns = (*PROMISES, "Größe", "???", *(f"Group {n}" for n in range(12)))
    rows = [(f"SO-{n}", f"c{n}", f"w{n}", "31.12.2026", *[f"v{n % 3}"] * 14) for n in range(12)]
    labels = data_of(tmp_path, columns, *rows)["labels"]
    assert len(labels) == MOST_LABELS
    assert labels["groesse"] == 'item."Größe"'
    assert labels["label_1"] == 'item."???"'


@pytest.mark.parametrize(("word", "ours"), [(word, ours) for ours, said in STATUS.items() for word in said.split()])
def test_words_for_a_status_are_known(tmp_path: Path, word: str, ours: str) -> None:
    columns = ("order", "milestone", "status", "date")
    data = data_of(tmp_path, columns, ("SO-1", "a", word.replace("_", " ").title(), "31.12.2026"))
    assert list(data["status"]["map"].values()) == [ours]


def test_a_status_with_very_many_words_is_open(tmp_path: Path) -> None:
    rows = [(f"SO-{n}", "a", f"word {n}", "31.12.2026") for n in range(60)]
    assert data_of(tmp_path, ("order", "milestone", "status", "date"), *rows)["status"] == OPEN


def test_steps_without_a_status_were_reached_and_with_a_plan_say_it(tmp_path: Path) -> None:
    columns = ("order", "milestone", "date", "planned")
    data = data_of(
        tmp_path, columns, ("SO-1", "a", "31.12.2026", "30.12.2026"), ("SO-1", "b", "31.12.2026", "30.12.2026")
    )
    assert data["status"] == {"value": "reached"}
    assert (data["at"]["from"], data["planned"]["from"]) == ("item.date", "item.planned")


def test_columns_are_named_as_jmespath_wants_them() -> None:
    assert [expression(name) for name in ("order", "Due date", 'a "b"', "2nd", "größe")] == [
        *("item.order", 'item."Due date"', 'item."a \\"b\\""', 'item."2nd"', 'item."größe"'),
    ]


def test_the_file_says_beside_each_field_how_sure_it_is_and_why(tmp_path: Path) -> None:
    path = csv_file(tmp_path, SO_1, SO_2, columns=PROMISES, name="orders")
    seen, found = drafted(path)
    text = writing.as_yaml(found, seen, path.name, "orders.map.yaml")
    assert (
        "# What the columns of orders.csv mean. Edit it, then: candor import orders.csv --map orders.map.yaml" in text
    )
    assert "      promise_id: {from: item.order, as: id}  # 1.00, named 'order'\n" in text
    assert "  # 1.00, named 'due', 100% of its cells are dates\n" in text
    assert yaml.safe_load(text) == {**found.head, "events": found.events}
    assert writing.questions(found, seen) == []


def test_what_a_column_is_called_cannot_break_the_file(tmp_path: Path) -> None:
    columns = (*PROMISES, "evil: [", "# hidden\x1b[31m", "- x\u202e")
    path = csv_file(tmp_path, (*SO_1, "a", "b", "c"), (*SO_2, "d", "e", "f"), columns=columns)
    seen, found = drafted(path)
    text = writing.as_yaml(found, seen, "x\nzone: Mars.csv", "y")
    assert yaml.safe_load(text) == {**found.head, "events": found.events}
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_what_is_open_is_left_out_of_what_is_shown(tmp_path: Path) -> None:
    seen, found = drafted(csv_file(tmp_path, ("31.12.2026",), ("30.12.2026",), columns=("due",)), zone="")
    assert len(writing.questions(found, seen)) == 4
    shown = writing.closed(found)
    assert shown["zone"] == "UTC"
    (event,) = shown["events"]
    assert event["data"].keys() == {"kind", "due"}


def test_the_purposes_of_people_are_read_as_crm_systems_write_several(tmp_path: Path) -> None:
    rows = (
        ("17", "ada@example.com", '"Warnings;Updates"'),
        ("18", "jo@example.com", ""),
        ("19", "al@example.com", "all"),
    )
    path = csv_file(tmp_path, *rows, columns=("Record ID", "Email", "Purposes"))
    seen, found = drafted(path)
    assert found.events[0]["data"]["purposes"] == "item.Purposes && split(lower(item.Purposes), ';')"
    made = converter(writing.as_yaml(found, seen, path.name, "t.map.yaml"))
    first, second, third = (made.events(row) for row in open_table(path, "").rows())
    assert not isinstance(first, Fault)
    assert first[0].data["purposes"] == ["warnings", "updates"]
    assert not isinstance(second, Fault)
    assert "purposes" not in second[0].data
    # What is no purpose is named, and that row is not sent.
    assert isinstance(third, Fault)
    assert third.column == "Purposes"


def test_labels_of_columns_that_are_alike_stay_apart(tmp_path: Path) -> None:
    columns = ("Order", "Customer", "Region", "R\u00e9gion", "\u5730\u57df")
    rows = [(f"S-{n}", "acme", *("abc"[(n + k) % 3] for k in range(3))) for n in range(9)]
    _, found = drafted(csv_file(tmp_path, *rows, columns=columns))
    labels = found.events[0]["data"]["labels"]
    assert labels == {"region": "item.Region", "label_1": 'item."R\u00e9gion"', "label_2": 'item."\u5730\u57df"'}


def test_a_file_is_the_same_kind_however_its_name_is_encoded(tmp_path: Path) -> None:
    columns, rows = ("Order", "Customer"), [(f"S-{n}", "acme") for n in range(3)]
    kinds = []
    for name in ("Auftr\u00e4ge.csv", "Auftra\u0308ge.csv"):
        path = csv_file(tmp_path, *rows, columns=columns)
        kinds.append(drafted(path.rename(path.with_name(name)))[1].events[0]["data"]["kind"])
    assert kinds == [{"value": "auftraege"}] * 2


def test_how_people_want_to_be_written_to_is_read_from_columns_of_its_names(tmp_path: Path) -> None:
    rows = (("17", "ada@example.com", "Key", "Low", "72", "24"), ("18", "jo@example.com", "", "", "", ""))
    columns = ("Record ID", "Email", "Customer tier", "Customer tolerance", "Ahead hours", "Pace hours")
    path = csv_file(tmp_path, *rows, columns=columns)
    seen, found = drafted(path)
    made = converter(writing.as_yaml(found, seen, path.name, "t.map.yaml"))
    first, second = (made.events(row) for row in open_table(path, "").rows())
    assert not isinstance(first, Fault)
    said = {"tier": "Key", "tolerance": "low", "ahead_hours": 72.0, "pace_hours": 24.0}
    assert first[0].data.items() >= said.items()
    assert not isinstance(second, Fault)
    assert not second[0].data.keys() & said.keys()


def test_the_tier_of_an_order_stays_a_label(tmp_path: Path) -> None:
    rows = [(f"O-{n}", f"C-{n}", "Oven", "2026-12-24", "gold" if n % 2 else "silver") for n in range(8)]
    _, found = drafted(csv_file(tmp_path, *rows, columns=("Order", "Customer", "What", "Due", "Tier")))
    [made] = found.events
    assert "tier" not in made["data"]
    assert "Tier" in str(made["data"]["labels"])


def test_a_renewal_is_said_of_the_customer_of_the_row(tmp_path: Path) -> None:
    columns = ("Order", "Customer", "Due", "Renewal date")
    path = csv_file(
        tmp_path, ("S-1", "acme", "31.12.2026", "15.01.2027"), ("S-2", "bolt", "30.12.2026", ""), columns=columns
    )
    seen, found = drafted(path)
    assert [event["type"] for event in found.events] == ["account.set", "promise.made"]
    made = converter(writing.as_yaml(found, seen, path.name, "t.map.yaml").replace("???", "item.Order"))
    first, second = (made.events(row) for row in open_table(path, "").rows())
    assert not isinstance(first, Fault)
    assert not isinstance(second, Fault)
    # The day as it stands there, whatever day it is in UTC.
    assert [event.data for event in first if event.type == "account.set"] == [
        {"customer_id": "acme", "renews_on": "2027-01-15"}
    ]
    assert [event.type for event in second] == ["promise.made"]


def test_a_table_of_renewals_alone_is_of_customers(tmp_path: Path) -> None:
    path = csv_file(tmp_path, ("acme", "2027-01-15"), ("bolt", "2027-02-15"), columns=("Kunde", "Vertragsende"))
    _, found = drafted(path)
    assert [event["type"] for event in found.events] == ["account.set"]
