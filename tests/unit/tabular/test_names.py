"""What columns are called: every known name is found for its own field, slips are forgiven, strangers are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from candor.tabular.names import LIKE, WITHIN, known, named, words

FIELDS = tuple(known())


@pytest.mark.parametrize("field", FIELDS)
def test_every_known_name_is_one_of_its_field_however_it_is_written(field: str) -> None:
    for name in known()[field]:
        for written in (name, name.upper(), name.title(), name.replace(" ", "_"), name.replace(" ", "-"), f" {name} "):
            assert named(field, written).score == 1.0, written
            assert named(field, written).like


def test_a_name_belongs_to_one_field_alone() -> None:
    found: dict[str, str] = {}
    for field, names in known().items():
        for name in names:
            assert name not in found, f"{name!r} is of {found.get(name)} and of {field}"
            found[name] = field


def test_names_are_plain_words_already() -> None:
    assert [name for names in known().values() for name in names if words(name) != name] == []


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("due", "Promised date (customer)"),
        ("due", "Vereinbarter Liefertermin"),
        ("customer_id", "Customer ID (ERP)"),
        ("made_at", "Order date / time"),
        ("value", "Net amount EUR"),
        ("owner", "Deal owner name"),
    ],
)
def test_a_name_with_more_words_is_likely(field: str, column: str) -> None:
    found = named(field, column)
    assert 0.6 < found.score <= WITHIN
    assert set(found.like.split()) <= set(words(column).split())


@pytest.mark.parametrize(
    ("field", "column"),
    [("due", "Deadlin"), ("customer_id", "Custommer"), ("made_at", "Bestelldatm"), ("value", "Auftragswrt")],
)
def test_a_slip_is_forgiven(field: str, column: str) -> None:
    assert LIKE * WITHIN <= named(field, column).score < WITHIN


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("renews_on", "Renewal, Renewal date, Renews on, Contract end, Expiration date, Vertragsende, Laufzeit bis"),
        ("promise_id", "PO number, Reference, Tracking number, Angebotsnummer, Bestell-Nr."),
        ("customer_id", "Customer Name, Sold to, Kundenname, Käufer"),
        ("kind", "Service type, Vertragsart"),
        ("what", "Project name, Details, Artikelbezeichnung"),
        ("made_at", "Booking date, Signed on, Auftragseingang, Abschlussdatum"),
        ("due", "ETA, Required by, Estimated delivery date, Go-live date, Lieferdatum, Fertigstellung bis"),
        ("requested_due", "Desired date, Wunschliefertermin"),
        ("done_at", "Shipped, Actual delivery date, Fertiggestellt am, Erfüllt am"),
        ("value", "ARR, Worth, Auftragssumme, Rechnungsbetrag"),
        ("owner", "Assigned to, CSM, Projektleiter, Sachbearbeiter"),
        ("deliverer", "Carrier, Vendor, Spediteur, Montageteam"),
        ("milestone", "Task name, Arbeitsschritt"),
        ("at", "Occurred at, Last modified, Geändert am, Zeitstempel"),
        ("planned", "Baseline, Solldatum"),
        ("name", "Contact person, Kontaktperson"),
    ],
)
def test_usual_names_in_two_languages_are_known_best_as_what_they_are(field: str, columns: str) -> None:
    for column in columns.split(", "):
        best = max(known(), key=lambda one: named(one, column).score)
        assert (best, named(best, column).score) == (field, 1.0), column


@pytest.mark.parametrize("column", ["Region", "Crew", "Notes", "x", "", "???", "Postleitzahl"])
def test_strangers_are_no_field(column: str) -> None:
    assert max(named(field, column).score for field in FIELDS) < 0.6


@pytest.mark.parametrize("column", ["Looked at by", "Worked on", "Am Telefon"])
def test_short_names_are_whole_names_only(column: str) -> None:
    # `at`, `on` and `am` are names of a column, and words of very many others.
    assert named("at", column).score == 0.0


@settings(max_examples=200, print_blob=True)
@given(some.text(max_size=40))
def test_any_name_has_a_score(column: str) -> None:
    for field in FIELDS:
        found = named(field, column)
        assert 0.0 <= found.score <= 1.0
        assert bool(found.like) == (found.score > 0.0)
        assert named(field, column) == found
