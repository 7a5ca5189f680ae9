"""What the page before promising asks: a type, and a date as a browser writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.web.board.pages.dates import asked
from risk_svc.web.board.promise_words import LOCAL
from tests.support.taught import taught

NOW = datetime.fromtimestamp(taught().now, UTC)


@pytest.fixture(scope="module")
def published() -> PublishedModel:
    made = PublishedModel()
    made.take(model_bytes(taught().model))
    return made


def test_a_type_and_a_date_ahead_get_an_answer_with_its_curve(published: PublishedModel) -> None:
    wanted = (NOW + timedelta(hours=60)).replace(second=0, microsecond=0)
    found, due = asked(published, "parcel", wanted.strftime(LOCAL), NOW)
    assert due == wanted
    assert found is not None
    assert found.kept_in_time is not None
    assert found.kept_in_time.n > 500
    assert found.curve


def test_a_type_without_history_is_answered_too(published: PublishedModel) -> None:
    found, _ = asked(published, "never seen", (NOW + timedelta(days=2)).strftime(LOCAL), NOW)
    assert found is not None
    assert found.kept_in_time is None


@pytest.mark.parametrize("date", [None, "", "tomorrow", "2013-13-01T00:00", (NOW - timedelta(days=1)).strftime(LOCAL)])
def test_without_a_date_that_lies_ahead_there_is_no_answer(published: PublishedModel, date: str | None) -> None:
    assert asked(published, "parcel", date, NOW) == (None, None)


def test_without_a_type_there_is_no_answer(published: PublishedModel) -> None:
    assert asked(published, None, (NOW + timedelta(days=2)).strftime(LOCAL), NOW) == (None, None)
