"""A company that ends on a chosen day, or today: its first day follows, and nothing is sent that is still to come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.config import ParamsError
from candor_demo.fieldservice.ending import ending_on, placed
from candor_demo.fieldservice.params import Params
from tests.support.companies import companies, small

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def ended(day: str, now: datetime = NOW, **changes: object) -> Company:
    params, until = placed(ending_on(small(**changes), day), now)
    return Company(params, 5, until)


def test_today_is_the_last_day_and_its_last_promises_are_open() -> None:
    company = ended("today", weeks=6)
    assert company.params.ending == date(2026, 11, 30)
    assert company.params.starts == date(2026, 11, 30) - timedelta(days=6 * 7 - 1)
    assert [*company.days()][-1] == date(2026, 11, 30)
    events = list(company.events())
    assert max(event.time for event in events) <= NOW
    made = {event.data["promise_id"] for event in events if event.type == "promise.made"}
    done = {event.data["promise_id"] for event in events if event.type == "milestone.reported"}
    # Some are over, some are under way, and of the whole company nothing else is missing.
    assert len(made) > 20
    assert made - done
    assert made & done
    whole = [event for event in Company(company.params, 5).events() if event.time <= NOW]
    assert events == whole


@pytest.mark.parametrize(
    ("zone", "last"), [("Pacific/Kiritimati", date(2026, 12, 1)), ("America/Los_Angeles", date(2026, 11, 30))]
)
def test_today_is_that_of_the_company(zone: str, last: date) -> None:
    assert ended("today", zone=zone).params.ending == last


def test_a_day_that_is_over_is_sent_to_its_end_whenever_it_is_asked_for() -> None:
    first = ended("2026-03-29", zone="Europe/Berlin")
    assert first.until == datetime(2026, 3, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    later = ended("2026-03-29", NOW + timedelta(days=9), zone="Europe/Berlin")
    assert list(first.events()) == list(later.events())


def test_what_happened_since_is_added_to_what_was_sent_by_the_same_ids() -> None:
    early, late = ([*ended("2026-11-30", NOW + timedelta(hours=more)).events()] for more in (0, 6))
    assert late[: len(early)] == early
    assert len(late) > len(early)
    # `today` is the same company, and so is one with that first day.
    assert [*ended("today").events()] == early
    plain = ended("today").params.model_copy(update={"ending": None})
    assert Company(plain, 5).naming.run == ended("today").naming.run


def test_a_company_without_an_ending_is_sent_whole() -> None:
    params, until = placed(small(), NOW)
    assert (params, until) == (small(), None)


@settings(max_examples=25)
@given(companies, st.integers(-6000, 27_000))
def test_whatever_the_parameters_nothing_is_later_than_now(params: Params, days: int) -> None:
    now = NOW + timedelta(days=days)
    found, until = placed(params, now)
    assert placed(found, now) == (found, until)
    if until is not None:
        assert until <= now
        assert (found.ending - found.starts).days == 7 * params.weeks - 1  # type: ignore[operator]
        assert all(event.time <= until for event in Company(found, 1, until).events())


@pytest.mark.parametrize("day", ["yesterday", "2009-12-31", "2101-01-01", "2026-02-30", "5", ""])
def test_another_word_is_refused(day: str) -> None:
    with pytest.raises(ParamsError, match="--ending: must be today, or a day from 2010-01-01 to 2100-01-01"):
        ending_on(Params(), day)
