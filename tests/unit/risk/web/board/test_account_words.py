"""What the page of accounts says: sums with their currency, what is not counted, and too little history in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from risk_svc.insight.brief import SOON
from risk_svc.insight.measures.value_at_risk import NO_RENEWAL, WINDOWS
from risk_svc.web.api.insight_examples import EXAMPLES
from risk_svc.web.api.insight_responses import Accounts, Renewals, ValueAtRisk
from risk_svc.web.board import account_words, figure_words
from risk_svc.web.board.pages import accounts

BODY: dict[str, Any] = EXAMPLES[Accounts]["items"][0]
TOTAL: dict[str, Any] = EXAMPLES[ValueAtRisk]["items"][0]
WINDOW: dict[str, Any] = EXAMPLES[Renewals]["items"][0]
NONE = {"value": None, "low": None, "high": None, "n": 0}
UNKNOWN = BODY | {"forecasts": 0, "expected_loss": None, "value_at_risk": NONE, "shortfall": NONE, "apart": []}


def test_a_sum_has_its_currency() -> None:
    assert account_words.money(61234.5, "EUR") == "61,234 EUR"
    assert account_words.money(12.0, None) == "12"
    assert account_words.money(None, "EUR") == "–"


def test_a_row_is_text_and_numbers_only() -> None:
    row = account_words.row(BODY)
    assert all(isinstance(value, str | int) for value in row.values())
    assert (row["id"], row["score"], row["worst"]) == ("acme", 62, "PR-1001")
    alone = account_words.row(BODY | {"apart": []})
    assert (alone["at_risk"], alone["expected"], alone["shortfall"]) == (
        "61,200\u00a0EUR",
        "18,300\u00a0EUR",
        "74,800\u00a0EUR",
    )
    assert (alone["rests"], row["gaps"]) == ("12 of 14", "3 of 14")
    # What has no rate is counted apart and converted by nobody.
    assert (row["at_risk"], row["expected"]) == (
        "61,200\u00a0EUR + 61,200\u00a0CHF",
        "18,300\u00a0EUR + 900\u00a0CHF",
    )
    assert row["rests"] == "13 of 14"
    assert row["told"] == "Warned the customer, Sat 28 Feb 16:04 UTC"


def test_an_interval_is_stated_where_it_has_a_width() -> None:
    assert account_words.at_risk_words(BODY) == "61,200 EUR (95 %: 58,900 to 63,400); n\u00a012"
    same = {"value": 61_200.2, "low": 61_200.0, "high": 61_200.4, "n": 12}
    assert account_words.at_risk_words(BODY | {"value_at_risk": same}) == "61,200 EUR; n\u00a012"


def test_a_renewal_says_its_leeway_and_what_can_be_lost() -> None:
    said = "31 May 2026, in 91 days; leeway 84 days (72 to 89); at most 250,000 EUR to lose"
    assert account_words.row(BODY)["renewal"] == account_words.renewal_words(BODY) == said
    late = {"value": -4.0, "low": -12.0, "high": 2.0, "n": 310}
    assert "leeway −4 days (−12 to 2)" in account_words.renewal_words(BODY | {"leeway_days": late})
    none = {"value": -0.3, "low": -11.0, "high": 3.0, "n": 310}
    assert "leeway 0 days (−11 to 3)" in account_words.renewal_words(BODY | {"leeway_days": none})
    assert "too few past repairs" in account_words.renewal_words(BODY | {"leeway_days": NONE})
    over = account_words.renewal_words(BODY | {"renewal_in_days": -3.0, "exposure": None})
    assert over == "31 May 2026, over"
    assert account_words.renewal_words(BODY | {"renews_on": None, "exposure": None}) == "–"


def test_windows_before_renewals_are_drawn_in_one_currency_and_all_are_in_the_table() -> None:
    later = WINDOW | {"window": "later"}
    dollars = WINDOW | {"currency": "USD"}
    page = ET.fromstring(account_words.renewal_bars([WINDOW, later, dollars]))
    assert [one.text or one.findtext("a") for one in page.findall(".//b")] == ["renewal within 30 days", "later"]
    assert [one.get("href") for one in page.findall(".//a")] == ["/board/accounts?renewal=30"]
    assert page.findall(".//*[@class='said']")[0].text == "61,200 EUR (95 %: 58,900 to 63,400); n\u00a041"
    assert [row["id"] for row in account_words.renewal_rows([WINDOW, later, dollars])] == [
        *("renewal within 30 days", "later", "renewal within 30 days"),
    ]
    assert account_words.renewal_rows([dollars])[0]["expected"] == "18,300 USD"
    nothing = WINDOW | {"forecasts": 0, "value_at_risk": NONE, "shortfall": NONE, "expected_loss": None}
    assert account_words.renewal_rows([nothing])[0]["at_risk"] == account_words.NO_FORECAST
    assert ET.fromstring(account_words.renewal_bars([])).findall(".//li") == []


def test_every_window_has_its_words_and_leads_to_accounts_of_it() -> None:
    assert {*account_words.WINDOW_WORDS} == {*(name for name, _ in WINDOWS), NO_RENEWAL}
    assert {*account_words.LINKED.values()} < {*accounts.RENEWALS}
    assert {*account_words.LINKED} == {*SOON}


def test_currencies_without_a_rate_are_said_apart() -> None:
    said = account_words.apart_words([TOTAL | {"name": "CHF", "currency": "CHF"}, TOTAL | {"forecasts": 0}])
    assert said == "In currencies without a rate, apart: 96,400 CHF expected, within 61,200 CHF."
    assert account_words.apart_words([]) == ""


def test_where_nothing_is_known_it_is_said() -> None:
    row = account_words.row(UNKNOWN | {"last_told": None, "last_told_at": None})
    assert (row["at_risk"], row["expected"], row["told"]) == ("too little history", "–", "nothing yet")
    assert account_words.total_words(TOTAL | {"forecasts": 0}).startswith("Of all open promises: too little history")
    assert account_words.total_words(None) == ""


def test_the_picture_is_of_the_first_accounts_and_says_each_figure() -> None:
    page = ET.fromstring(account_words.bars([BODY, UNKNOWN | {"customer_id": "new"}] + [BODY] * 20))
    assert len(page.findall(".//li")) == account_words.DRAWN
    first, second = page.findall(".//li")[:2]
    assert "".join(first.itertext()) == "acme61,200 EUR (95 %: 58,900 to 63,400); n\u00a012"
    assert "".join(second.itertext()) == f"new{account_words.NO_FORECAST}"
    foreign = UNKNOWN | {"apart": [BODY | {"currency": "USD"}]}
    [mark] = ET.fromstring(account_words.bars([foreign])).findall(".//li")
    assert "".join(mark.itertext()).endswith("61,200\xa0USD, not drawn: another currency")
    assert (first.find(".//rect") is None, second.find(".//rect") is None) == (False, True)
    link = first.find(".//a")
    assert link is not None
    assert link.get("href") == "/board/?search=acme"


def test_the_total_says_what_is_not_counted() -> None:
    said = account_words.total_words(TOTAL)
    assert said.startswith("All open promises: 96,400 EUR of loss is expected; it stays within 61,200 EUR")
    assert "loses 20% of its value (assumed)" in said
    assert said.endswith("Not counted: 41 without a forecast, 80 without a value, 8 in a currency without a rate.")
    whole = TOTAL | {"no_forecast": 0, "no_value": 0, "no_rate": 0}
    assert account_words.total_words(whole).endswith("(assumed).")


def test_it_is_said_when_figures_were_worked_out() -> None:
    made = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
    assert figure_words.made_words(made, 1840) == "Worked out Sun 1 Mar 07:30 UTC from 1,840 promises."
    assert figure_words.made_words(made, 1).endswith("from 1 promise.")
    assert figure_words.made_words(None, 0).startswith("Not worked out so far")
