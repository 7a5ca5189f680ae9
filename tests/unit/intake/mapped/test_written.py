"""Dates and numbers as people and spreadsheets write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from candor.intake.mapped.config import Taken
from candor.intake.mapped.fields import made
from candor.intake.mapped.written import Order, day_of, has_hour, read_date, read_number, read_serial
from candor.web.http.problems import Problem

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = time(23, 59)


@pytest.mark.parametrize(
    ("text", "order", "found"),
    [
        ("31.12.2026", "dmy", "2026-12-31T23:59:00+01:00"),
        ("31.12.26", "dmy", "2026-12-31T23:59:00+01:00"),
        ("1.7.2026 8:05", "dmy", "2026-07-01T08:05:00+02:00"),
        ("01.07.2026, 08:05 Uhr", "dmy", "2026-07-01T08:05:00+02:00"),
        ("Di., 01.07.2026 8 Uhr", "dmy", "2026-07-01T08:00:00+02:00"),
        ("12/31/2026", "mdy", "2026-12-31T23:59:00+01:00"),
        ("12/31/2026 5:30 PM", "mdy", "2026-12-31T17:30:00+01:00"),
        ("12/31/2026 12:00 a.m.", "mdy", "2026-12-31T00:00:00+01:00"),
        ("12/31/2026 12 PM", "mdy", "2026-12-31T12:00:00+01:00"),
        ("31.12.2026 24:00", "dmy", "2027-01-01T00:00:00+01:00"),
        ("30.06.2026 24:00:00 Uhr", "dmy", "2026-07-01T00:00:00+02:00"),
        ("31.12.2026 23:59:60", "dmy", "2027-01-01T00:00:00+01:00"),
        ("2026-12-31", "ymd", "2026-12-31T23:59:00+01:00"),
        ("2026-12-31 10:00:30.5", "ymd", "2026-12-31T10:00:30+01:00"),
        ("2026-12-31T10:00", "ymd", "2026-12-31T10:00:00+01:00"),
        ("2026/12/31", "dmy", "2026-12-31T23:59:00+01:00"),
        ("\u00a031. 12. 2026 ", "dmy", "2026-12-31T23:59:00+01:00"),
    ],
)
def test_dates_are_read_in_their_order(text: str, order: Order, found: str) -> None:
    assert read_date(text, order, BERLIN, EVENING).isoformat() == found


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("31.12.2026", "mdy"),
        ("12/31/2026", "dmy"),
        ("30.02.2026", "dmy"),
        ("31.12.2026 25:00", "dmy"),
        ("31.12.2026 24:01", "dmy"),
        ("31.12.2026 24:00:01", "dmy"),
        ("31.12.2026 10:60", "dmy"),
        ("31.12.2026 10:00:61", "dmy"),
        ("31.12.9999 24:00", "dmy"),
        ("31.12.2026 13:00 PM", "mdy"),
        ("2026", "ymd"),
        ("asap", "dmy"),
        ("", "dmy"),
        ("1.2", "dmy"),
        ("1" * 100, "dmy"),
        ("٣١.١٢.٢٠٢٦", "dmy"),
    ],
)
def test_what_is_no_such_day_is_refused(text: str, order: Order) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_date(text, order, BERLIN, EVENING)


def test_a_day_knows_in_which_orders_it_may_stand() -> None:
    either, first = day_of("03/04/2026"), day_of("31/04/2026")
    assert either is not None
    assert [either.fits(order) for order in ("dmy", "mdy", "ymd")] == [True, True, False]
    assert first is not None
    assert [first.fits(order) for order in ("dmy", "mdy", "ymd")] == [False, False, False]
    assert day_of("no date") is None
    assert has_hour("31.12.2026 10:00")
    assert not has_hour("31.12.2026")
    assert not has_hour("no date")


@settings(max_examples=300, print_blob=True)
@given(
    some.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2199, 12, 31)),  # noqa: DTZ001 - no zone is written
    some.sampled_from(("dmy", "mdy", "ymd")),
    some.sampled_from("./-"),
    some.booleans(),
)
def test_what_is_written_in_an_order_is_read_in_it(moment: datetime, order: Order, sign: str, hours: bool) -> None:
    written = moment.strftime(sign.join({"d": "%d", "m": "%m", "y": "%Y"}[part] for part in order))
    text = f"{written} {moment:%H:%M:%S}" if hours else written
    expected = moment.replace(microsecond=0) if hours else datetime.combine(moment, EVENING)
    assert read_date(text, order, ZoneInfo("UTC"), EVENING) == expected.replace(tzinfo=UTC)


@settings(max_examples=300, print_blob=True)
@given(some.text(max_size=80))
def test_any_text_is_a_date_or_refused(text: str) -> None:
    day_of(text)
    has_hour(text)
    for sign in ".,":
        try:
            assert isinstance(read_number(text, sign), float)
        except ValueError as error:
            assert str(error)


def test_excel_counts_days_from_the_end_of_1899() -> None:
    assert read_serial(46_022, BERLIN, EVENING).isoformat() == "2025-12-31T23:59:00+01:00"
    assert read_serial(46_022.75, BERLIN, EVENING).isoformat() == "2025-12-31T18:00:00+01:00"
    for wrong in (0, -1, 1e9, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="serial"):
            read_serial(wrong, BERLIN, EVENING)


@settings(max_examples=200, print_blob=True)
@given(some.integers(min_value=0, max_value=86_399), some.integers(min_value=25_569, max_value=73_050))
def test_a_serial_day_has_the_second_that_it_says(second: int, day: int) -> None:
    found = read_serial(day + second / 86_400, ZoneInfo("UTC"), time(0))
    assert found == datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=day, seconds=second)


@pytest.mark.parametrize(
    ("text", "decimal", "found"),
    [
        ("1.234,50", ",", 1234.5),
        ("1.234", ",", 1234.0),
        ("1.234", ".", 1.234),
        ("1,234.50", ".", 1234.5),
        ("1 234,50 €", ",", 1234.5),
        ("EUR 99,00", ",", 99.0),
        ("$12", ".", 12.0),
        ("12 USD", ".", 12.0),
        ("1'234.50", ".", 1234.5),
        ("-3,5", ",", -3.5),
        ("12\u202f345,6", ",", 12345.6),
    ],
)
def test_numbers_are_read_by_their_decimal_sign(text: str, decimal: str, found: float) -> None:
    assert read_number(text, decimal) == found


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("1,234.50", ","),
        ("1.23.4", "."),
        ("12,3456", "."),
        ("", "."),
        ("€", "."),
        ("nan", "."),
        ("1e5", "."),
        ("1" * 65, "."),
    ],
)
def test_what_is_no_such_number_is_refused(text: str, decimal: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        read_number(text, decimal)


def test_a_mapping_reads_dates_and_numbers_as_people_write_them() -> None:
    item = {
        "due": "31.12.2026",
        "us": "12/31/2026",
        "serial": "46022,5",
        "own": "2026-12-31T10:00:00Z",
        "value": "1.234,5",
    }

    def read(spec: Mapping[str, object]) -> object:
        return made(Taken.model_validate(spec), {"item": item}, "/data/due")

    assert read({"from": "item.due", "time": "dmy", "zone": "Europe/Berlin"}) == "2026-12-31T23:59:00+01:00"
    assert read({"from": "item.us", "time": "mdy", "at": "17:00"}) == "2026-12-31T17:00:00+00:00"
    assert read({"from": "item.serial", "time": "excel"}) == "2025-12-31T12:00:00+00:00"
    assert read({"from": "item.own", "time": "dmy", "zone": "Europe/Berlin"}) == "2026-12-31T10:00:00+00:00"
    assert read({"from": "item.value", "as": "number", "decimal": ","}) == 1234.5
    for spec in (
        {"from": "item.us", "time": "dmy"},
        {"from": "item.due", "time": "excel"},
        {"from": "item.us", "as": "number", "decimal": ","},
    ):
        with pytest.raises(Problem, match="must be a"):
            read(spec)


def test_a_decimal_sign_is_for_numbers_alone() -> None:
    with pytest.raises(ValueError, match="as: number"):
        Taken.model_validate({"from": "item.a", "decimal": ","})
