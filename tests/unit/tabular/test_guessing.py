"""What the cells of a column look like."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from candor.tabular.guessing import EITHER, MOST_LOOKED_AT, looks


@pytest.mark.parametrize(
    ("cells", "decimal", "numbers"),
    [
        (["1,50", "2,75"], ",", 1.0),
        (["1.50", "2.75"], ".", 1.0),
        (["1.234,50", "2,75"], ",", 1.0),
        (["1,234.50", "2.75"], ".", 1.0),
        (["1", "25"], "", 1.0),
        ([1.5, 2], "", 1.0),
        (["12 €", "13,5 €"], ",", 1.0),
        (["1,50", "x", "y", "z"], ",", 0.25),
        (["x"], "", 0.0),
        ([True, False], "", 0.0),
    ],
)
def test_the_decimal_sign_is_the_one_by_which_more_cells_are_numbers(
    cells: list[Any], decimal: str, numbers: float
) -> None:
    found = looks(cells)
    assert (found.decimal, found.numbers) == (decimal, numbers)


def test_a_number_with_three_digits_after_its_sign_tells_nothing() -> None:
    # 1.234 is a thousand and more in Berlin, and less than two in London.
    assert looks(["1.234", "5.678"]).decimal == ""
    assert looks(["1.234", "5.67"]).decimal == "."


@pytest.mark.parametrize(
    ("cells", "share"),
    [(["a@example.com", "b@example.org"], 1.0), (["a@example.com", "none"], 0.5), (["a@b", "@", "a b@c.de"], 0.0)],
)
def test_addresses_are_seen(cells: list[str], share: float) -> None:
    assert looks(cells).mails == share


def test_some_cells_that_are_no_dates_leave_the_others_dates() -> None:
    found = looks(["31.12.2026", "soon", "01.02.2027", "02.02.2027"])
    assert (found.time, found.dates) == ("dmy", 0.75)


def test_a_column_with_both_orders_is_read_by_the_one_that_fits_more() -> None:
    found = looks(["31/12/2026", "30/11/2026", "12/31/2026"])
    assert found.time == "dmy"
    assert found.dates == pytest.approx(2 / 3)
    assert looks(["12/31/2026", "11/30/2026", "31/12/2026"]).time == "mdy"


def test_as_many_of_each_order_is_a_question() -> None:
    found = looks(["31/12/2026", "12/31/2026"])
    assert found.time == EITHER
    assert found.example == "31/12/2026"


@pytest.mark.parametrize("sign", ["/", "-"])
def test_days_up_to_twelve_alone_are_a_question_unless_dots_stand_between(sign: str) -> None:
    cells = [f"0{n}{sign}0{n + 1}{sign}2026" for n in range(1, 9)]
    found = looks(cells)
    assert (found.time, found.example, found.dates) == (EITHER, cells[0], 1.0)
    assert looks([cell.replace(sign, ".") for cell in cells]).time == "dmy"


def test_the_same_number_twice_is_no_question_of_its_own() -> None:
    assert looks(["01/01/2026", "02/02/2026"]).time == EITHER
    assert looks(["01/01/2026", "13/02/2026"]).time == "dmy"


def test_moments_with_a_zone_are_a_programs_own() -> None:
    found = looks(["2026-12-31T10:00:00Z", "2026-12-31T10:00:00+01:00"])
    assert (found.time, found.zoned, found.dates) == ("iso", True, 1.0)
    assert not looks(["2026-12-31T10:00:00"]).zoned


def test_years_first_are_no_question_beside_other_dates() -> None:
    assert looks(["2026-12-31", "31.12.2026"]).time == "dmy"
    assert looks(["2026-01-02", "2026-03-04"]).time == "ymd"


def test_serial_days_are_those_of_our_time() -> None:
    assert looks(["46022", "46023"]).time == "excel"
    assert looks(["12", "13"]).dates == 0.0
    assert looks(["99999999"]).dates == 0.0


def test_an_empty_column_looks_like_nothing() -> None:
    found = looks([None, None])
    assert (found.cells, found.dates, found.numbers, found.mails, found.different, found.longest) == (0, 0, 0, 0, 0, 0)


def test_of_very_many_cells_some_are_looked_at() -> None:
    assert looks(str(n) for n in range(MOST_LOOKED_AT + 500)).cells == MOST_LOOKED_AT


def test_values_are_counted_and_measured() -> None:
    found = looks(["north", "south", "north", "a longer one"])
    assert (found.different, found.longest) == (3, 12)


@settings(max_examples=200, print_blob=True)
@given(
    some.lists(some.text(max_size=20) | some.floats() | some.integers() | some.booleans() | some.none(), max_size=20)
)
def test_whatever_stands_in_a_column_it_looks_like_something(cells: list[Any]) -> None:
    found = looks(cells)
    assert 0 <= found.dates <= 1
    assert 0 <= found.numbers <= 1
    assert 0 <= found.mails <= 1
    assert found.different <= found.cells
