"""Columns that have the name of a field and cells that are something else: asked about, never a label in silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from candor.tabular import writing
from candor.tabular.columns import Given
from candor.tabular.config import OPEN, read_map
from candor.tabular.desk import Proposal, proposal, shapes
from candor.tabular.drafting import Draft, draft
from candor.tabular.proposing import Seen, see
from candor.tabular.reading import open_table
from tests.unit.tabular.tables import csv_file

EXPORTED = datetime(2026, 11, 30, 8, tzinfo=UTC)
PROMISES = ("order", "customer", "what")


def table(folder: Path, column: str, words: Sequence[str], columns: Sequence[str] = PROMISES) -> Path:
    """Twelve promises with a column of few words: what a label looks like."""
    rows = [
        (*(f"{name[0]}{number}" for name in columns), words[number % len(words)], "ab"[number % 2])
        for number in range(12)
    ]
    return csv_file(folder, *rows, columns=(*columns, column, "crew"))


def drafted(path: Path) -> tuple[Seen, Draft]:
    found = open_table(path)
    seen = see(found)
    return seen, draft(found, seen, Given("Europe/Berlin"), EXPORTED)


def proposed(path: Path) -> Proposal:
    return proposal(path, "", Given("Europe/Berlin"), "t.map.yaml")


@pytest.mark.parametrize(
    ("column", "words", "event", "field", "why"),
    [
        ("due", ("soon", "later"), "promise.made", "due", "0% of its cells are dates: 'soon' is none"),
        ("ETA", ("soon", "later"), "promise.made", "due", "0% of its cells are dates: 'soon' is none"),
        ("promised", ("yes", "no"), "promise.made", "due", "0% of its cells are dates: 'yes' is none"),
        ("promised week", ("KW 12", "KW 13"), "promise.made", "due", "0% of its cells are dates: 'KW 12' is none"),
        ("ETA (carrier)", ("soon", "later"), "promise.made", "due", "0% of its cells are dates: 'soon' is none"),
        ("Liefertermin", ("bald", "später"), "promise.made", "due", "0% of its cells are dates: 'bald' is none"),
        ("due", ("31.12.2026", "soon", "x"), "promise.made", "due", "33% of its cells are dates: 'soon' is none"),
        ("Order date", ("soon", "later"), "promise.made", "made_at", "0% of its cells are dates: 'soon' is none"),
        ("delivered", ("yes", "no"), "milestone.reported", "at", "0% of its cells are dates: 'yes' is none"),
        ("renewal", ("yes", "no"), "account.set", "renews_on", "0% of its cells are dates: 'yes' is none"),
        ("amount", ("high", "low"), "promise.made", "value", "0% of its cells are numbers: 'high' is none"),
        ("e-mail", ("yes", "no"), "contact.set", "email", "0% of its cells are addresses: 'yes' is none"),
    ],
)
def test_such_a_column_is_asked_about(
    tmp_path: Path, column: str, words: Sequence[str], event: str, field: str, why: str
) -> None:
    path = table(tmp_path, column, words)
    seen, found = drafted(path)
    data = next(one["data"] for one in found.events if one["type"] == event)
    assert data[field] == OPEN
    assert "labels" not in [guess.field for guess in seen.guesses if guess.column == column]
    made = next(one["data"] for one in found.events if one["type"] == "promise.made")
    assert made["labels"] == {"crew": "item.crew"}
    text = writing.as_yaml(found, seen, path.name, "t.map.yaml")
    assert yaml.safe_load(text)["events"] == found.events
    with pytest.raises(ValueError, match="is left open"):
        read_map(text.encode(), shapes())
    # The same words on the command line and on the board's page.
    shown = proposed(path)
    (asked,) = [one for one in shown.asked if one.startswith(f"{field} of {event}")]
    assert asked.startswith(f"{field} of {event}: {column} is named ")
    assert asked.endswith(f"{why}: say what it is, or leave this line out")
    assert any(line.startswith(f"{column} ") and "not used" in line and why in line for line in shown.guesses)


def test_an_id_whose_cells_are_dates_is_asked_about(tmp_path: Path) -> None:
    days = [f"{number:02d}.03.2026" for number in range(1, 13)]
    shown = proposed(table(tmp_path, "order", days, ("customer", "what")))
    why = "order is named 'order', but 0% of its cells are ids: '01.03.2026' is none"
    assert f"promise_id of promise.made: {why}: say what it is, or leave this line out" in shown.asked


def test_a_language_that_is_no_code_is_asked_about_beside_an_address(tmp_path: Path) -> None:
    rows = [(f"c{n}", f"p{n}@example.com", "Deutsch" if n % 2 else "Englisch") for n in range(12)]
    shown = proposed(csv_file(tmp_path, *rows, columns=("customer", "email", "Sprache")))
    (asked,) = shown.asked
    assert asked.startswith("language of contact.set: Sprache is named 'sprache', but 0% of its cells are codes")


def test_what_no_field_waits_for_is_said_and_no_label_either(tmp_path: Path) -> None:
    # The date is there, in another column; this one has its name as well.
    rows = [(f"o{n}", "acme", "x", f"{n + 13}.03.2026", "soon" if n % 2 else "later") for n in range(12)]
    path = csv_file(tmp_path, *rows, columns=(*PROMISES, "due", "ETA"))
    shown = proposed(path)
    assert shown.asked == []
    assert shown.notes == ["ETA is not used: named 'eta', but 0% of its cells are dates: 'later' is none"]
    assert "# Not used: ETA, named 'eta', but 0% of its cells are dates" in shown.mapping
    assert "labels" not in shown.mapping


@pytest.mark.parametrize("column", ["Region", "Customer group", "Order channel", "Crew date type", "Title page"])
def test_a_name_that_is_merely_like_one_stays_a_label(tmp_path: Path, column: str) -> None:
    seen, _ = drafted(table(tmp_path, column, ("a", "b", "c")))
    assert not seen.doubts


def test_a_column_without_words_is_empty_and_not_asked_about(tmp_path: Path) -> None:
    seen, _ = drafted(table(tmp_path, "due", ("TBD", "")))
    assert not seen.doubts


def test_a_long_cell_is_cut_and_what_hides_in_it_is_seen(tmp_path: Path) -> None:
    shown = proposed(table(tmp_path, "due", ("\u202esoon" + "x" * 200,)))
    (asked,) = shown.asked
    assert f"'\\u202esoon{'x' * 74}…' is none" in asked
