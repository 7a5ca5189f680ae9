"""Times as programs really write them are read; those that cannot be are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.ops.moments import ends_a_day, read_moment

TEN = datetime(2026, 11, 28, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T10:00:00Z",
        "2026-11-28t10:00:00z",
        "2026-11-28T10:00:00.000+0000",
        "2026-11-28T15:30:00+0530",
        "2026-11-28T15:30:00+05:30",
        "2026-11-28T10:00:00+00",
        "2026-11-28T10:00:00-00:00",
        "2026-11-28T11:00:00,000+01:00",
        "2026-11-28 10:00:00 UTC",
        "2026-11-28 11:00:00 +0100",
        "2026-11-28 11:00+01",
        "2026-11-28T05:00:00\u221205:00",
        "20261128T100000Z",
        "20261128T1100+0100",
        "2026-11-28T10:00:00.000000000Z",
    ],
)
def test_what_senders_write_is_read(text: str) -> None:
    assert read_moment(text) == TEN


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T10:00:00",
        "2026-11-28",
        "2026-02-29T10:00:00Z",
        "2026-11-28T24:00:01Z",
        "2026-11-28T24:01Z",
        "2026-11-28T24Z",
        "2026-11-28T24:00:00.1Z",
        "2026-11-28T25:00:00Z",
        "9999-12-31T24:00:00Z",
        "9999-12-31T23:59:60Z",
        "2026-11-28T10:60:00Z",
        "2026-11-28T10:00:61Z",
        "2026-11-28T10:00:00+24:00",
        "2026-11-28T10:00:00+05:60",
        "2026-11-28T10:00:00.Z",
        "2026-11-28T10:00:00+5",
        "2026-11-28T10:00:00Z\n",
        "\u0662\u0660\u0662\u0666-11-28T10:00:00Z",
        "28.11.2026 10:00",
        "1764324000",
        "",
    ],
)
def test_what_is_no_time_with_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_moment(text)


@given(
    st.integers(86_400, 2**32),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["", ":"]),
)
def test_every_offset_is_read_with_and_without_its_colon(seconds: int, minutes: int, colon: str) -> None:
    sign, (hours, rest) = "+-"[minutes < 0], divmod(abs(minutes), 60)
    offset = f"{sign}{hours:02}{colon}{rest:02}"
    at = datetime.fromtimestamp(seconds, UTC)
    assert read_moment(f"{at:%Y-%m-%dT%H:%M:%S}{offset}") == at - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-27T24:00:00Z",
        "2026-11-27 24:00 UTC",
        "20261127T240000Z",
        "20261127t2400Z",
        "2026-11-27T24:00:00,000+00:00",
        "2026-11-28T00:00:00Z",
        "2026-11-27T23:59:60Z",
        "2026-11-27T23:59:60.000Z",
        "20261127T235960Z",
        "2026-11-28T00:59:60+0100",
    ],
)
def test_the_end_of_a_day_and_a_leap_second_are_read(text: str) -> None:
    found = read_moment(text)
    assert found == datetime(2026, 11, 28, tzinfo=UTC)


@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(["", ".5", ",123456789"]))
def test_second_60_of_any_minute_is_the_next_minute(hour: int, minute: int, fraction: str) -> None:
    begun = datetime(2026, 11, 28, hour, minute, tzinfo=UTC)
    assert read_moment(f"{begun:%Y-%m-%dT%H:%M}:60{fraction}Z") == begun + timedelta(minutes=1)


def test_only_24_00_ends_a_day() -> None:
    assert ends_a_day("2026-11-27T24:00:00Z")
    assert ends_a_day("20261124 2400Z")
    assert not ends_a_day("2026-11-24T00:24:00Z")
    assert not ends_a_day("2024-10-24T00:00:00Z")
