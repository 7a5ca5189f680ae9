"""Every number of a gap can be computed again from what the answer shows (definitions.md: gap)."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Message, ScopeItem
from risk_svc.domain.fold import fold
from risk_svc.domain.frozen_forecasts import given_up_at
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.incidents import incident_of
from risk_svc.domain.scoring import score_open, score_settled
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState
from risk_svc.web.api import presenters
from tests.support.risk import DEPARTS_S, Story, incident, prediction

SCOPE = [ScopeItem("seat", 3.0), ScopeItem("meal", 1.0), ScopeItem("lounge", 0.5, supported=False)]


def answer(state: PromiseState, weights: dict[str, float]) -> dict[str, Any]:
    """The answer as its reader gets it."""
    document: dict[str, Any] = json.loads(presenters.detail(state, [], state.view.at, weights).model_dump_json())
    return document


def folded(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


def computed(document: dict[str, Any]) -> float:
    """G of the contributions, each of whose shares is checked."""
    weights = document["inputs"]["weights"]
    logs = [math.log1p(-weights[part["component"]] * part["x"]) for part in document["contributions"]]
    for part, log in zip(document["contributions"], logs, strict=True):
        assert part["share"] == pytest.approx(log / sum(logs))
    return -100 * math.expm1(sum(logs))


def missing(document: dict[str, Any]) -> float:
    """S of an open promise from its scope and P(never)."""
    coming = 0.0 if document["inputs"]["given_up"] else 1 - document["inputs"]["p_never"]
    there = 0.0
    for item in document["scope"]:
        delivered = item["delivered"] or 0.0
        there += item["weight"] * (delivered + (1 - delivered) * coming) * item["supported"]
    return 1.0 - there


def x_of(document: dict[str, Any], component: str) -> float:
    return next((float(part["x"]) for part in document["contributions"] if part["component"] == component), 0.0)


@given(
    lateness=st.floats(0, 1),
    never=st.floats(0, 1),
    delivered=st.floats(0, 1),
    weights=st.fixed_dictionaries({name: st.floats(0.05, 0.95) for name in GapDefinition().weights}),
    later=st.floats(0, 40 * 86400),
)
def test_an_open_promise(
    lateness: float, never: float, delivered: float, weights: dict[str, float], later: float
) -> None:
    story = Story()
    state = folded(story.made(scope=SCOPE), story.milestone("departed", delivered={"seat": delivered}))
    message = incident()
    struck = incident_of(message.envelope, message.data)  # type: ignore[arg-type]
    definition = GapDefinition(weights=weights)
    now = DEPARTS_S + later
    score_open(state, [struck], prediction(lateness=lateness, never=never), now, definition, math.inf)
    document = answer(state, weights)
    assert document["score"] == pytest.approx(computed(document), abs=0.01)
    assert document["inputs"]["given_up"] == (now >= given_up_at(state))
    assert x_of(document, "scope") == pytest.approx(missing(document), abs=1e-9)
    assert document["inputs"]["horizon_s"] == 3600.0


@given(late=st.floats(0, 600))
def test_one_that_was_completed_late(late: float) -> None:
    story = Story()
    state = folded(story.made(), story.milestone("departed", late), story.milestone("arrived", late))
    definition = GapDefinition()
    score_settled(state, standing(state), DEPARTS_S, definition)
    document = answer(state, dict(definition.weights))
    done, deadline = (datetime.fromisoformat(at) for at in (document["completed_at"], document["dates"]["deadline"]))
    expected = min(1.0, max(0.0, (done - deadline).total_seconds() / document["inputs"]["horizon_s"]))
    assert x_of(document, "lateness") == pytest.approx(expected, abs=1e-6)
    assert document["score"] == pytest.approx(computed(document), abs=0.01)
    assert (document["inputs"]["p_never"], document["inputs"]["given_up"]) == (None, False)
