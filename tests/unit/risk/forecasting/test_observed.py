"""What became of a kind's promises, without anything assumed: the only share that anybody is told."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import MIN_CASES
from risk_svc.forecast import serialization
from risk_svc.forecast.context import BASE, DAY, Context
from risk_svc.forecast.model import Model
from risk_svc.forecast.serialization import model_bytes, model_of
from risk_svc.forecast.view import View
from risk_svc.forecasting.live import PublishedModel
from tests.support.views import plain_view


def ended(number: int, kind: str = "install") -> View:
    return plain_view(f"p{number}", number * DAY, DAY, kind=kind)


def lived(outcomes: list[bool], context: Context | None = None) -> Context:
    found = context or Context()
    for number, late in enumerate(outcomes):
        found.made(ended(number))
        found.due(ended(number), late)
    found.at = len(outcomes) * DAY
    return found


@given(st.lists(st.booleans(), max_size=MIN_CASES - 1))
def test_of_few_it_is_their_plain_count(outcomes: list[bool]) -> None:
    share = lived(outcomes).observed("install", MIN_CASES)
    if not outcomes:
        assert share is None
        return
    assert share is not None
    assert share * len(outcomes) == pytest.approx(sum(outcomes))


@pytest.mark.parametrize("late", [False, True])
def test_of_many_nothing_assumed_is_left_in_it(late: bool) -> None:
    context = lived([late] * 40)
    assert context.observed("install", MIN_CASES) == float(late)
    # What forecasts are measured against leans on an assumed rate, and is never told.
    assert context.base("install") != float(late)


def test_of_a_kind_that_nothing_is_known_of_no_share_is_told() -> None:
    assert Context().observed("install", MIN_CASES) is None
    found = PublishedModel().forecast([ended(3)], [[]], 3 * DAY)
    assert found.base[0] == BASE
    assert math.isnan(found.observed[0])


def test_before_any_answer_the_gap_counts_a_low_risk_and_after_the_date_all_of_it() -> None:
    found = PublishedModel().forecast([ended(3)], [[]], 3 * DAY)
    assert 0 < found.lateness[0] <= BASE < found.p_slip[0]
    overdue = PublishedModel().forecast([ended(3)], [[]], 4.5 * DAY)
    assert overdue.lateness[0] > BASE


def test_it_is_kept_with_the_model() -> None:
    model = Model()
    model.context = lived([True, False, False], model.context)
    assert model_of(model_bytes(model)).context.observed("install", MIN_CASES) == pytest.approx(1 / 3)


def test_a_model_of_before_slips_were_counted_tells_none_of_few_and_goes_on_without() -> None:
    model = Model()
    model.context = lived([True, False, False], model.context)
    fields = msgspec.to_builtins(serialization._out(model, training=False))[:-3]
    old = serialization._in(msgspec.convert(fields, serialization.ModelState), Model()).context
    assert old.observed("install", MIN_CASES) is None
    old.due(ended(3), late=True)
    assert old.observed("install", MIN_CASES) is None
    assert old.answered["install", -1] == 4
