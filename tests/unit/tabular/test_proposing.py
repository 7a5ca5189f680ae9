"""What columns are taken for: by their names in two languages and four exports, and by what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from candor.tabular import writing
from candor.tabular.columns import Given
from candor.tabular.config import OPEN, read_map
from candor.tabular.converting import Converter, Fault
from candor.tabular.desk import shapes
from candor.tabular.drafting import Draft, draft
from candor.tabular.guessing import looks
from candor.tabular.names import named, words
from candor.tabular.proposing import Seen, see
from candor.tabular.reading import open_table
from tests.unit.tabular.tables import csv_file, workbook

EXPORTED = datetime(2026, 11, 30, 8, tzinfo=UTC)
HUBSPOT = (
    "Record ID",
    "Deal Name",
    "Deal Stage",
    "Close Date",
    "Create Date",
    "Amount",
    "Deal owner",
    "Associated Company",
)
SALESFORCE = (
    "Opportunity ID",
    "Opportunity Name",
    "Account Name",
    "Type",
    "CloseDate",
    "Created Date",
    "Opportunity Owner",
)
JIRA = ("Issue key", "Summary", "Issue Type", "Assignee", "Due Date", "Created", "Resolved", "Organization")
ZENDESK = ("Ticket ID", "Subject", "Organization", "Ticket type", "Created at", "Due at", "Solved at", "Assignee")
GERMAN = (
    "Auftragsnummer",
    "Kundennummer",
    "Auftragsart",
    "Beschreibung",
    "Bestelldatum",
    "Liefertermin",
    "geliefert am",
    "Betrag",
)


def proposed(path: Path, zone: str = "Europe/Berlin", dates: str = "") -> tuple[Seen, Draft]:
    table = open_table(path)
    seen = see(table)
    return seen, draft(table, seen, Given(zone, dates), EXPORTED)


def export(folder: Path, columns: Sequence[str], dates: Sequence[str], rows: int = 12) -> Path:
    """An export with dates in the named columns, amounts, and plain words elsewhere."""

    def cell(name: str, number: int) -> str:
        if name in dates:
            return f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d} 10:00"
        return f"{number}50.00" if name in ("Amount", "Betrag") else f"{name[:3]}{number}"

    return csv_file(folder, *([cell(name, number) for name in columns] for number in range(rows)), columns=columns)


@pytest.mark.parametrize(
    ("columns", "dates", "fields"),
    [
        (
            HUBSPOT,
            ("Close Date", "Create Date"),
            {
                **{"promise_id": "Record ID", "what": "Deal Name", "due": "Close Date", "made_at": "Create Date"},
                **{
                    "value": "Amount",
                    "owner": "Deal owner",
                    "customer_id": "Associated Company",
                    "milestone": "Deal Stage",
                },
            },
        ),
        (
            SALESFORCE,
            ("CloseDate", "Created Date"),
            {
                **{"promise_id": "Opportunity ID", "what": "Opportunity Name", "customer_id": "Account Name"},
                **{"kind": "Type", "due": "CloseDate", "made_at": "Created Date", "owner": "Opportunity Owner"},
            },
        ),
        (
            JIRA,
            ("Due Date", "Created", "Resolved"),
            {
                **{"promise_id": "Issue key", "what": "Summary", "kind": "Issue Type", "owner": "Assignee"},
                **{"due": "Due Date", "made_at": "Created", "done_at": "Resolved", "customer_id": "Organization"},
            },
        ),
        (
            ZENDESK,
            ("Created at", "Due at", "Solved at"),
            {
                **{"promise_id": "Ticket ID", "what": "Subject", "customer_id": "Organization", "kind": "Ticket type"},
                **{"made_at": "Created at", "due": "Due at", "done_at": "Solved at", "owner": "Assignee"},
            },
        ),
        (
            GERMAN,
            ("Bestelldatum", "Liefertermin", "geliefert am"),
            {
                **{"promise_id": "Auftragsnummer", "customer_id": "Kundennummer", "kind": "Auftragsart"},
                **{"what": "Beschreibung", "made_at": "Bestelldatum", "due": "Liefertermin", "done_at": "geliefert am"},
                **{"value": "Betrag"},
            },
        ),
    ],
    ids=["hubspot", "salesforce", "jira", "zendesk", "german"],
)
def test_columns_of_usual_exports_are_known(
    tmp_path: Path, columns: Sequence[str], dates: Sequence[str], fields: dict[str, str]
) -> None:
    seen, found = proposed(export(tmp_path, columns, dates))
    assert seen.fields == fields
    assert all(guess.score >= 0.45 and guess.why for guess in seen.guesses if guess.field)
    assert next(event["type"] for event in found.events) == "promise.made"


def test_a_proposal_imports_once_what_is_open_has_been_said(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        ("SO-1", "acme", "Grinder", "01.03.2026", "10.03.2026 16:00", "99,50", "a@example.com", "north"),
        ("SO-2", "bolt", "Boiler", "02.03.2026", "TBD", "1.200,00", "b@example.com", "south"),
        columns=("Auftrag", "Kunde", "Leistung", "bestellt", "zugesagt", "Betrag", "E-Mail", "Region"),
        name="orders",
    )
    seen, found = proposed(path, zone="")
    text = writing.as_yaml(found, seen, path.name, "orders.map.yaml")
    asked = writing.questions(found, seen)
    assert [question.split(":")[0] for question in asked] == ["zone", "currency of promise.made"]
    with pytest.raises(ValueError, match="zone is left open"):
        read_map(text.encode(), shapes())
    said = text.replace(f"zone: '{OPEN}'", "zone: Europe/Berlin").replace(
        f"currency: '{OPEN}'", "currency: {value: EUR}"
    )
    converter = Converter(read_map(said.encode(), shapes()), shapes())
    rows = [converter.events(row) for row in open_table(path).rows()]
    assert not [row for row in rows if isinstance(row, Fault)], rows
    assert [event.type for row in rows if not isinstance(row, Fault) for event in row] == [
        "contact.set",
        "promise.made",
    ] * 2
    made = [event.data for row in rows if not isinstance(row, Fault) for event in row if event.type == "promise.made"]
    assert [(one.get("due"), one["value"], one["labels"]) for one in made] == [
        ("2026-03-10T16:00:00+01:00", 99.5, {"region": "north"}),
        (None, 1200, {"region": "south"}),
    ]
    assert made[0]["kind"] == "orders"


@pytest.mark.parametrize(
    ("cells", "time"),
    [
        (["31.12.2026", "01.02.2026"], "dmy"),
        (["01.02.2026", "03.04.2026"], "dmy"),
        (["12/31/2026", "01/02/2026"], "mdy"),
        (["31/12/2026", "01/02/2026"], "dmy"),
        (["2026-12-31", "2026-01-02"], "ymd"),
        (["2026-12-31T10:00:00Z", "2026-01-02T10:00:00+01:00"], "iso"),
        (["46022", "46023,5"], "excel"),
        ([46022, 46023.5], "excel"),
    ],
)
def test_the_order_of_dates_is_seen(cells: Sequence[Any], time: str) -> None:
    found = looks(cells)
    assert (found.time, found.dates) == (time, 1.0)


def test_dates_that_may_be_read_both_ways_are_asked_for_and_never_guessed(tmp_path: Path) -> None:
    columns = ("order", "customer", "what", "due")
    rows = [(f"SO-{n}", "acme", "x", f"0{n}/0{n + 1}/2026") for n in range(1, 6)]
    path = csv_file(tmp_path, *rows, columns=columns)
    seen, found = proposed(path)
    assert found.events[0]["data"]["due"]["time"] == OPEN
    (asked,) = writing.questions(found, seen)
    assert asked.startswith("due: whether 01/02/2026 has the day first or the month first")
    text = writing.as_yaml(found, seen, path.name, "t.map.yaml")
    assert "01/02/2026 may be read both ways" in text
    with pytest.raises(ValueError, match="due is left open"):
        read_map(text.encode(), shapes())
    seen, found = proposed(path, dates="mdy")
    assert (found.events[0]["data"]["due"]["time"], writing.questions(found, seen)) == ("mdy", [])


def test_milestones_and_contacts_are_told_apart_from_promises(tmp_path: Path) -> None:
    steps = csv_file(
        tmp_path,
        ("SO-1", "geliefert", "erledigt", "01.03.2026"),
        ("SO-1", "installiert", "verschollen", "31.03.2026"),
        columns=("Auftrag", "Meilenstein", "Status", "Datum"),
    )
    seen, found = proposed(steps)
    (step,) = found.events
    assert step["type"] == "milestone.reported"
    assert step["data"]["status"] == {"from": "item.Status", "map": {"erledigt": "reached", "verschollen": OPEN}}
    assert writing.questions(found, seen) == ["status: what these mean: verschollen"]
    people = csv_file(
        tmp_path,
        ("17", "Ada Byron", "ada@example.com", "en"),
        ("18", "Jean Dupont", "jean@example.com", "fr"),
        columns=("Record ID", "Name", "Email", "Language"),
        name="p",
    )
    _, found = proposed(people)
    (contact,) = found.events
    assert contact["type"] == "contact.set"
    assert contact["data"]["customer_id"] == {"from": 'item."Record ID"', "as": "id"}
    assert contact["data"]["name"] == "item.Name"


def test_what_has_no_known_name_is_known_by_what_stands_there(tmp_path: Path) -> None:
    rows = [(f"SO-{n}", f"c{n}", "x", f"{n + 13}.03.2026", f"p{n}@example.com") for n in range(5)]
    seen, _ = proposed(csv_file(tmp_path, *rows, columns=("order", "customer", "what", "Spalte 1", "Spalte 2")))
    assert {guess.column: (guess.field, guess.score) for guess in seen.guesses[3:]} == {
        "Spalte 1": ("due", 0.5),
        "Spalte 2": ("email", 0.5),
    }


def test_personal_data_is_no_label_and_a_name_that_contradicts_its_cells_is_not_believed(tmp_path: Path) -> None:
    rows = [(f"SO-{n}", "acme", "x", "soon", f"0{n % 2}1", f"crew {n % 3}") for n in range(12)]
    seen, found = proposed(csv_file(tmp_path, *rows, columns=("order", "customer", "what", "due", "Phone", "Crew")))
    assert {guess.column: guess.field for guess in seen.guesses[3:]} == {"due": "", "Phone": "", "Crew": "labels"}
    assert found.events[0]["data"]["labels"] == {"crew": "item.Crew"}


def test_a_workbook_is_proposed_for_as_well(tmp_path: Path) -> None:
    day = datetime(2026, 12, 31, 17, tzinfo=UTC)
    path = workbook(
        tmp_path, ("Order", "Customer", "Description", "Due date", "Price"), ("SO-1", "acme", "x", day, 99.5)
    )
    _, found = proposed(path)
    data = found.events[0]["data"]
    assert (data["due"]["time"], data["value"]["from"]) == ("ymd", "item.Price")


def test_names_are_compared_as_plain_words() -> None:
    assert [words(name) for name in ("Fälligkeits-Datum", "CloseDate", "E-Mail", "  Größe_2 ")] == [
        *("faelligkeits datum", "close date", "e mail", "groesse 2"),
    ]
    assert named("due", "Due date").score == 1.0
    assert named("due", "DUEDATE").score == 1.0
    assert 0.5 < named("due", "Expected due date (CRM)").score < 1.0
    assert 0.5 < named("due", "Fäligkeitsdatum").score < 1.0
    assert named("due", "Region").score == 0.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@settings(max_examples=60, print_blob=True, deadline=None)
@given(
    some.lists(some.text(min_size=1, max_size=20), min_size=1, max_size=6),
    some.lists(some.lists(some.text(max_size=15), max_size=6), max_size=8),
)
def test_whatever_a_table_has_its_mapping_is_readable_yaml(
    folder: Path, columns: list[str], rows: list[list[str]]
) -> None:
    book = [[_fit(cell) for cell in row] for row in (columns, *rows)]
    path = workbook(folder, *book)
    try:
        seen, found = proposed(path)
    except ValueError as error:
        pytest.fail(str(error))
    except Exception as error:
        assert "no row with the names" in str(error)
        return
    text = writing.as_yaml(found, seen, path.name, "t.map.yaml")
    assert yaml.safe_load(text)["events"] == found.events


def _fit(cell: str) -> str:
    # Excel itself has no such characters, and its writer refuses them.
    return "".join(sign for sign in cell if sign.isprintable()).lstrip("=")
