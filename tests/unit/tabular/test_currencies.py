"""The currency of values: what the cells say is proposed, and what they leave open is asked, with the choices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from candor.intake.mapped.money import _SIGNS, _WORDS, currencies_of, sign_beside, sign_in_name
from candor.intake.mapped.written import read_number
from candor.tabular import writing
from candor.tabular.columns import Given
from candor.tabular.config import OPEN, read_map
from candor.tabular.converting import Converter, Fault
from candor.tabular.desk import shapes
from candor.tabular.drafting import draft
from candor.tabular.proposing import see
from candor.tabular.reading import open_table
from candor.web.http.currencies import CURRENCIES
from tests.unit.tabular.tables import csv_file

EXPORTED = datetime(2026, 11, 30, 8, tzinfo=UTC)


def proposed(folder: Path, amounts: Sequence[str], column: str = "Amount", codes: Sequence[str] = ()) -> Any:
    """The proposed currency, the questions about it, the text of the mapping, and the events of its rows."""
    rows = [
        (f"SO-{n}", "acme", f"x{n}", f"{n + 13}.03.2026", amount, *codes[n : n + 1]) for n, amount in enumerate(amounts)
    ]
    columns = ("order", "customer", "what", "due", column, *(["Currency"] if codes else []))
    path = csv_file(folder, *rows, columns=columns)
    table = open_table(path)
    seen = see(table)
    found = draft(table, seen, Given("UTC"), EXPORTED)
    text = writing.as_yaml(found, seen, path.name, "t.map.yaml")
    assert yaml.safe_load(text)["events"] == found.events
    return found.events[0]["data"]["currency"], writing.questions(found, seen), text


def taken(folder: Path, text: str) -> list[tuple[Any, Any]]:
    converter = Converter(read_map(text.encode(), shapes()), shapes())
    made = []
    for row in open_table(folder / "t.csv").rows():
        events = converter.events(row)
        assert not isinstance(events, Fault), events
        made += [(event.data["value"], event.data["currency"]) for event in events]
    return made


@pytest.mark.parametrize(
    ("amounts", "column", "code"),
    [
        (("12,50 €", "1.200,00 €"), "Amount", "EUR"),
        (("€12.50", "13"), "Amount", "EUR"),
        (("EUR 12.50", "13 €"), "Amount", "EUR"),
        (("£12.50", "£13"), "Amount", "GBP"),
        (("12.50 USD", "$13"), "Amount", "USD"),
        (("100 kr", "SEK 200"), "Amount", "SEK"),
        (("12 zł", "13 zł"), "Amount", "PLN"),
        (("US$ 12", "13"), "Amount", "USD"),
        (("12 Euro", "13"), "Amount", "EUR"),
        (("Fr. 12.50", "CHF 13"), "Amount", "CHF"),
        (("12", "13"), "Amount (EUR)", "EUR"),
        (("12", "13"), "Betrag €", "EUR"),
    ],
)
def test_what_the_cells_say_is_proposed(tmp_path: Path, amounts: Sequence[str], column: str, code: str) -> None:
    found, asked, text = proposed(tmp_path, amounts, column)
    assert (found, asked) == ({"value": code}, [])
    assert f"currency: {{value: {code}}}  # {column} says " in text
    assert {currency for _, currency in taken(tmp_path, text)} == {code}


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        (("$12", "$13"), "Amount says $, which may be USD, CAD, AUD, NZD, SGD, HKD, MXN"),
        (("12 kr", "13 kr"), "Amount says kr, which may be SEK, NOK, DKK, ISK"),
        (("12 €", "£13"), "Amount says £ and €, which are several"),
    ],
)
def test_what_is_ambiguous_or_disagrees_is_asked_with_the_choices(
    tmp_path: Path, amounts: Sequence[str], why: str
) -> None:
    found, asked, text = proposed(tmp_path, amounts)
    assert found == OPEN
    assert asked == [f"currency of promise.made: {why}: say which it is, such as {{value: EUR}}"]
    assert f"# {why}" in text


def test_cells_that_say_nothing_are_asked_about(tmp_path: Path) -> None:
    found, asked, _ = proposed(tmp_path, ("12", "13"))
    assert (found, asked) == (OPEN, ["currency of promise.made: no column was found"])


def test_a_column_of_signs_and_words_becomes_codes(tmp_path: Path) -> None:
    found, asked, text = proposed(tmp_path, ("1", "2", "3"), codes=("€", "us dollar", "eur"))
    assert found == {"from": "item.Currency", "map": {"eur": "EUR", "us dollar": "USD", "€": "EUR"}}
    assert asked == []
    assert taken(tmp_path, text) == [(1, "EUR"), (2, "USD"), (3, "EUR")]


def test_a_sign_in_a_column_that_may_be_several_is_asked_about_with_the_choices(tmp_path: Path) -> None:
    found, asked, _ = proposed(tmp_path, ("1", "2"), codes=("EUR", "kr"))
    assert found["map"] == {"EUR": "EUR", "kr": OPEN}
    assert asked == ["currency: what these mean: kr (SEK or NOK or DKK or ISK)"]


def test_all_signs_mean_currencies_and_are_read_beside_a_number() -> None:
    for sign, codes in {**_SIGNS, **_WORDS}.items():
        assert set(codes) <= CURRENCIES
        assert currencies_of(sign.upper()) == codes
        for text in (f"{sign} 12.5", f"12.5 {sign}"):
            assert (sign_beside(text), read_number(text, ".")) == (sign, 12.5)


def test_words_that_are_no_currency_are_none() -> None:
    assert [sign_beside(text) for text in ("12", "KW 12", "12 TBD", "12 pcs", "€", "kraft 7", "x € 7")] == [""] * 7
    assert [sign_in_name(name) for name in ("Amount", "Amount (EUR)", "VAT rate", "Value in $")] == ["", "EUR", "", "$"]
    for text in ("7kronx", "kr7 kr kr", "KW 12 x"):
        with pytest.raises(ValueError, match="no number"):
            read_number(text, ".")
