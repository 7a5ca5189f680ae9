"""The business calendar: real seconds within working hours, over weekends, holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.calendar import Calendar, Weekly, parse_business_hours, public_holidays

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(parse_business_hours("mon-fri 09:00-17:00"))
H, D = timedelta(hours=1), timedelta(days=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana")
HOURS = (
    "always",
    "mon-fri 09:00-17:00",
    "mon-thu 08:00-17:00, fri 08:00-14:00",
    "mon-sun 00:00-24:00",
    "mon-fri 08:00-12:00, mon-fri 13:00-17:00",
    "sat-sun 01:30-02:15, sat-sun 02:15-02:45, sun 22:00-24:00, mon 00:00-06:00",
)
START = datetime(2012, 1, 1, tzinfo=UTC)
moments = st.integers(0, 16 * 365 * 24 * 3600 * 1000).map(lambda ms: START + timedelta(milliseconds=ms))
calendars = st.builds(
    lambda hours, zone, holidays: Calendar(parse_business_hours(hours), zone, "" if hours == "always" else holidays),
    st.sampled_from(HOURS),
    st.sampled_from(ZONES),
    st.sampled_from(["", "DE-BE", "US"]),
)
spans = st.timedeltas(timedelta(0), timedelta(days=40))


def berlin(*at: int, fold: int = 0) -> datetime:
    return datetime(*at, tzinfo=BERLIN, fold=fold)  # type: ignore[arg-type, misc]


@given(calendars, moments, spans)
def test_as_much_working_time_has_passed_as_was_asked_for(calendar: Calendar, start: datetime, span: timedelta) -> None:
    end = calendar.after(start, span)
    assert calendar.elapsed(start, end) == span
    # It is the first such moment: a little earlier, less has passed.
    if span:
        assert calendar.elapsed(start, end - timedelta(microseconds=1)) < span


@given(calendars, st.lists(moments, min_size=3, max_size=3))
def test_working_time_adds_up_and_never_exceeds_time(calendar: Calendar, three: list[datetime]) -> None:
    one, two, last = sorted(three)
    assert calendar.elapsed(one, two) + calendar.elapsed(two, last) == calendar.elapsed(one, last)
    assert timedelta(0) <= calendar.elapsed(one, two) <= two - one
    assert calendar.elapsed(two, one) == timedelta(0)


@given(calendars, moments)
def test_time_works_exactly_while_it_is_open(calendar: Calendar, at: datetime) -> None:
    tick = timedelta(microseconds=1)
    assert calendar.elapsed(at, at + tick) == (tick if calendar.is_open(at) else timedelta(0))


@given(moments, moments, st.sampled_from(ZONES))
def test_always_is_subtraction(start: datetime, end: datetime, zone: str) -> None:
    always = Calendar().at(zone)
    assert always.elapsed(start, end) == max(end - start, timedelta(0))
    assert always.after(start, 3 * H) == start + 3 * H
    assert always.is_open(start)


@given(
    st.integers(0, 260 * 24 * 60).map(lambda minutes: datetime(2013, 3, 5, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(0, 6 * 24 * 60),
    st.sampled_from(ZONES),
    st.sampled_from(["mon-fri 09:00-17:00", "mon-sun 00:00-01:00, mon-sun 03:00-23:00"]),
)
def test_it_agrees_with_a_look_at_the_wall_clock_every_minute(
    start: datetime, minutes: int, zone: str, hours: str
) -> None:
    calendar = Calendar(parse_business_hours(hours), zone)
    week, local = calendar.week, ZoneInfo(zone)

    def shown(minute: int) -> bool:
        wall = (start + timedelta(minutes=minute)).astimezone(local)
        return any(low <= wall.hour * 60 + wall.minute < high for low, high in week[wall.weekday()])

    looked = timedelta(minutes=sum(shown(minute) for minute in range(minutes)))
    assert calendar.elapsed(start, start + timedelta(minutes=minutes)) == looked


def test_a_night_and_a_weekend_are_no_working_time() -> None:
    friday = datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert OFFICE.after(friday, 2 * H) == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert OFFICE.elapsed(friday, datetime(2026, 11, 23, 10, tzinfo=UTC)) == 2 * H
    assert OFFICE.elapsed(datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, 23, tzinfo=UTC)) == timedelta(0)
    # The end of Friday's hours is the first moment by which that hour has passed; Monday morning is not.
    assert OFFICE.after(friday, H) == friday + H


def test_nothing_to_wait_for_is_now_even_while_closed() -> None:
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert OFFICE.after(sunday, timedelta(0)) == OFFICE.after(sunday, -H) == sunday
    assert Calendar().after(sunday, -H) == sunday


def test_the_hours_are_those_of_the_promises_own_zone() -> None:
    at = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    assert OFFICE.is_open(at) and OFFICE.at("Europe/Berlin").is_open(at)
    assert not OFFICE.at("America/New_York").is_open(at)
    assert OFFICE.at("America/New_York").after(at, H) == at + 1.5 * H
    assert OFFICE.at("Nowhere/At all").is_open(at) and OFFICE.at("../etc").is_open(at) and OFFICE.at("").is_open(at)


def test_the_edges_of_hours_are_open_at_their_beginning_and_closed_at_their_end() -> None:
    day = datetime(2026, 11, 23, tzinfo=UTC)
    assert OFFICE.is_open(day + 9 * H)
    assert not OFFICE.is_open(day + 9 * H - timedelta(microseconds=1))
    assert not OFFICE.is_open(day + 17 * H)


def test_holidays_are_closed_where_they_are_kept() -> None:
    week = parse_business_hours("mon-sun 00:00-24:00")
    womens_day = datetime(2024, 3, 8, 12, tzinfo=UTC)
    assert not Calendar(week, holidays="DE-BE").is_open(womens_day)
    assert Calendar(week, holidays="DE").is_open(womens_day)
    christmas = datetime(2026, 12, 24, 16, tzinfo=UTC)
    berlin_office = Calendar(OFFICE.week, holidays="DE-BE")
    # The 25th is a Friday and a holiday, the 26th and 27th a weekend.
    assert berlin_office.after(christmas, 2 * H) == datetime(2026, 12, 28, 10, tzinfo=UTC)
    assert date(2026, 12, 25) in public_holidays("DE", 2026)


def test_the_turn_of_a_year_is_one_more_night() -> None:
    calendar = Calendar(parse_business_hours("mon-sun 20:00-24:00, mon-sun 00:00-02:00"), "Asia/Kolkata")
    start = datetime(2026, 12, 31, 20, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert calendar.elapsed(start, start.astimezone(UTC) + 6 * H) == 6 * H
    assert calendar.after(start, 7 * H) == start.astimezone(UTC) + 25 * H
    assert calendar.elapsed(start, start.astimezone(UTC) + 365 * D) == 365 * 6 * H


def test_an_hour_that_clocks_skip_is_no_working_time() -> None:
    nights = Calendar(parse_business_hours("mon-sun 00:00-06:00"), "Europe/Berlin")
    start, end = berlin(2026, 3, 29, 0), berlin(2026, 3, 29, 12)
    assert nights.elapsed(start, end) == 5 * H
    assert nights.after(start, 3 * H) == berlin(2026, 3, 29, 4)
    # Office hours are as long on either side of the change, though a day of it has 23 hours.
    office = OFFICE.at("Europe/Berlin")
    assert office.elapsed(berlin(2026, 3, 27, 12), berlin(2026, 3, 30, 12)) == 8 * H
    assert office.after(berlin(2026, 3, 27, 16), 2 * H) == datetime(2026, 3, 30, 8, tzinfo=UTC)


def test_an_hour_that_clocks_repeat_passes_twice() -> None:
    nights = Calendar(parse_business_hours("mon-sun 00:00-06:00"), "Europe/Berlin")
    start = berlin(2026, 10, 25, 0)
    assert nights.elapsed(start, berlin(2026, 10, 25, 12)) == 7 * H
    assert nights.after(start, 4 * H) == berlin(2026, 10, 25, 3)
    halves = Calendar(parse_business_hours("mon-sun 00:00-02:30, mon-sun 02:30-06:00"), "Europe/Berlin")
    assert halves.elapsed(start, berlin(2026, 10, 25, 12)) == 7 * H


def test_hours_that_end_or_begin_within_a_change_of_clocks() -> None:
    early = Calendar(parse_business_hours("sun 01:00-02:30"), "Europe/Berlin")
    late = Calendar(parse_business_hours("sun 02:30-05:00"), "Europe/Berlin")
    spring, autumn = (berlin(2026, 3, 29), berlin(2026, 3, 30)), (berlin(2026, 10, 25), berlin(2026, 10, 26))
    # In spring 02:00 to 03:00 is missing, in autumn it comes twice: from its first beginning to its last end.
    assert (early.elapsed(*spring), late.elapsed(*spring)) == (H, 2 * H)
    assert (early.elapsed(*autumn), late.elapsed(*autumn)) == (2.5 * H, 3.5 * H)
    before = Calendar(parse_business_hours("sun 01:00-02:00, sun 03:00-04:00"), "Europe/Berlin")
    assert before.elapsed(*spring) == before.elapsed(*autumn) == 2 * H


def test_two_times_of_one_zone_are_compared_as_moments() -> None:
    # Python subtracts two times of one zone by their wall clocks: an hour too much here.
    assert Calendar().elapsed(berlin(2026, 3, 29, 0), berlin(2026, 3, 29, 12)) == 11 * H
    assert Calendar().elapsed(berlin(2026, 10, 25, 2), berlin(2026, 10, 25, 2, fold=1)) == H
    assert Calendar().after(berlin(2026, 3, 29, 0), 3 * H) == berlin(2026, 3, 29, 4)


def test_a_day_that_a_zone_left_out_has_no_hours() -> None:
    whole = Calendar(parse_business_hours("mon-sun 00:00-24:00"), "Pacific/Apia")
    samoa = ZoneInfo("Pacific/Apia")
    start, end = datetime(2011, 12, 29, tzinfo=samoa), datetime(2012, 1, 1, tzinfo=samoa)
    assert whole.elapsed(start, end) == 2 * D


@pytest.mark.parametrize("calendar", [Calendar(), OFFICE])
def test_naive_times_are_refused(calendar: Calendar) -> None:
    aware = datetime(2026, 1, 2, tzinfo=UTC)
    naive = aware.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without zone"):
        calendar.elapsed(naive, aware)
    with pytest.raises(ValueError, match="without zone"):
        calendar.after(naive, H)
    with pytest.raises(ValueError, match="without zone"):
        calendar.is_open(naive)


def test_what_never_comes_is_said() -> None:
    with pytest.raises(OverflowError, match="before the year 9998 ends"):
        OFFICE.after(datetime(9990, 1, 1, tzinfo=UTC), timedelta(days=10_000))


def test_hours_are_read_as_people_write_them() -> None:
    assert parse_business_hours(" Always ") == ()
    day = (540, 1020)
    assert parse_business_hours("Mon-Fri 09:00-17:00") == ((day,),) * 5 + ((), ())
    assert parse_business_hours("mon-thu 08:00-17:00, fri 08:00-14:00")[3:5] == (((480, 1020),), ((480, 840),))
    assert parse_business_hours("sun 13:00-24:00,sun 00:00-12:00")[6] == ((0, 720), (780, 1440))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", '"" is not understood'),
        ("mon-fri", '"mon-fri" is not understood'),
        ("mon-fri 9-17", "is not understood"),
        ("mon-fri 09:00-17:00,", '"" is not understood'),
        ("mon-foo 09:00-17:00", "names no run of days"),
        ("fri-mon 09:00-17:00", "names no run of days"),
        ("mon 22:00-06:00", "ends before it begins: write hours over midnight as two parts"),
        ("mon 09:00-09:00", "ends before it begins"),
        ("mon 09:60-10:00", '"09:60" is no time of day'),
        ("mon 09:00-24:01", '"24:01" is no time of day'),
        ("mon-wed 09:00-17:00, tue 16:00-18:00", "hours of tue overlap"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_business_hours(text)


@pytest.mark.parametrize("week", [((),) * 7, (((0, 60),),), (((0, 60),),) * 8])
def test_a_week_without_hours_or_days_is_none(week: tuple[tuple[tuple[int, int], ...], ...]) -> None:
    with pytest.raises(ValueError, match="seven days"):
        Calendar(week)


@pytest.mark.parametrize("place", ["XX", "DE-XX", "", "__class__", "HolidayBase", "de"])
def test_unknown_places_have_no_holidays_to_guess(place: str) -> None:
    with pytest.raises(ValueError, match="no holidays are known"):
        public_holidays(place, 2026)


@pytest.mark.parametrize(
    ("words", "now", "last"),
    [
        ("mon 08:00", "2026-03-02T08:00:00", "2026-03-02T08:00:00"),
        ("mon 08:00", "2026-03-02T07:59:59", "2026-02-23T08:00:00"),
        ("fri 16:30", "2026-03-02T08:00:00", "2026-02-27T16:30:00"),
        ("mon 08:00 Europe/Berlin", "2026-03-02T07:00:00", "2026-03-02T07:00:00"),
        ("mon 08:00 Europe/Berlin", "2026-03-30T06:00:00", "2026-03-30T06:00:00"),
        ("mon 00:30 Pacific/Kiritimati", "2026-03-01T11:00:00", "2026-03-01T10:30:00"),
        # This hour is skipped on 29 March 2026.
        ("sun 02:30 Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:30:00"),
    ],
)
def test_a_time_of_the_week_was_last_at(words: str, now: str, last: str) -> None:
    moments = [datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, last)]
    assert Weekly.of(words).last(moments[0]) == moments[1]


@given(
    moments,
    st.sampled_from(["mon 00:00", "wed 12:34 America/Santiago", "sun 23:59 Asia/Kolkata"]),
)
def test_it_is_never_later_than_now_and_a_week_before_at_most(now: datetime, words: str) -> None:
    last = Weekly.of(words).last(now)
    assert timedelta(0) <= now - last <= timedelta(days=7, hours=2)
    assert Weekly.of(words).last(last) == last


@pytest.mark.parametrize("words", ["", "monday 08:00", "mon 8:00", "mon 24:00", "mon 08:60", "mon 08:00 Mars/Olympus"])
def test_other_words_are_no_time_of_the_week(words: str) -> None:
    with pytest.raises(ValueError, match=r"must be a weekday|is no IANA zone"):
        Weekly.of(words)
