"""Without any history nothing is called a share of anything: not on the board, not in the API, not before promising."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import msgspec
import pytest

from candor.contracts import Standing
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.predictions import prediction_of
from risk_svc.domain.scoring import event_of, score_open
from risk_svc.domain.state import PromiseState
from risk_svc.forecasting.live import PublishedModel, view_of
from risk_svc.web.api import presenters
from risk_svc.web.api.routes.checks import answer
from risk_svc.web.board import forecast_history, style
from tests.support.risk import DEPARTS_S, MADE_S, Story

SHARE = re.compile(r"\d\s?%|\bof \d|\b0?\.15\b|\b15\b")


def fresh(now: float) -> PromiseState:
    """A promise as the service shows it before the learner has seen anything."""
    state = PromiseState(promise_id="p1", customer_id="c1")
    made = Story().made()
    fold(state, made.envelope, made.data)
    model = PublishedModel()
    found = prediction_of(model.forecast([view_of(state, now)], [[]], now))[0]
    score_open(state, [], found, now, GapDefinition(), math.inf)
    return state


@pytest.mark.parametrize("now", [MADE_S, DEPARTS_S])
def test_the_board_and_the_api_state_no_share(now: float) -> None:
    detail = presenters.detail(fresh(now), [], now)
    assert detail.forecast is not None
    assert detail.forecast.n == 0
    stated = (detail.p_slip, detail.base_rate, detail.forecast.p_slip, detail.forecast.p80, detail.forecast.no_range)
    assert stated == (None, None, None, None, None)
    assert (detail.forecast.records, detail.forecast.why) == ([], [])
    said = [part.evidence for part in detail.contributions]
    said += [detail.too_little_history or "", forecast_history.no_fan_words(detail), style.slip(detail)]
    said += [move.forecast for move in forecast_history.moves(detail)]
    assert said
    assert [words for words in said if SHARE.search(words)] == []


def test_the_event_names_no_observed_share_and_no_record() -> None:
    event = event_of(fresh(MADE_S), Standing.OPEN, [])
    assert event.forecast is not None
    assert (event.forecast.n, event.forecast.base) == (0, None)
    assert event.times is not None
    assert (event.times.completed, event.times.held, event.times.holds) == (0, None, None)


def test_before_promising_there_is_no_figure_either() -> None:
    state = fresh(MADE_S)
    found = answer(PublishedModel(), view_of(state, MADE_S), [], datetime.fromtimestamp(MADE_S, UTC))
    assert (found.n, found.base_rate, found.kept_in_time, found.chance) == (0, None, None, None)
    assert SHARE.search(found.advice) is None
    assert msgspec.to_builtins(found.curve) == []
