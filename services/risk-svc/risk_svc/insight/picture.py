"""What the tables say of a promise, from its folded facts: pure, times in epoch seconds."""

from __future__ import annotations

import json
import math
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from candor.contracts import Component, GapScored, NoticeState, Standing
from risk_svc.domain.components.scope import missing_settled
from risk_svc.domain.pauses import waited, wordless
from risk_svc.domain.scoring import SPEAKING, is_told
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, StepState, StepStatus, completed_at, final_step
from risk_svc.insight.expected import expected
from risk_svc.store.states import PLACEHOLDER, place_name

PROMISE: Final = (
    ("promise_id", "text"),
    ("customer_id", "text"),
    ("kind", "text"),
    ("standing", "text"),
    ("shown", "bool"),
    ("department", "text"),
    ("deliverer", "text"),
    ("owner", "text"),
    ("value", "float8"),
    ("currency", "text"),
    ("labels", "jsonb"),
    ("places", "jsonb"),
    ("made_at", "timestamptz"),
    ("requested_due", "timestamptz"),
    ("first_due", "timestamptz"),
    ("latest_due", "timestamptz"),
    ("held_due", "timestamptz"),
    ("tolerance_s", "int"),
    ("accepted", "bool"),
    ("resets", "int"),
    ("completed_at", "timestamptz"),
    ("ended_at", "timestamptz"),
    ("missing", "real"),
    ("told", "bool"),
    ("last_told", "text"),
    ("last_told_at", "timestamptz"),
    ("warned_at", "timestamptz"),
    ("expected_from", "timestamptz"),
    ("expected_until", "timestamptz"),
    ("told_before", "text"),
)
"""The columns of a promise that follow from its facts, in the order of `promise_row`."""
GAP: Final = (
    ("promise_id", "text"),
    ("customer_id", "text"),
    ("gap_version", "bigint"),
    ("scored_at", "timestamptz"),
    ("score", "real"),
    ("lateness", "real"),
    ("scope", "real"),
    ("incidents", "real"),
    ("silence", "real"),
    ("unbacked", "real"),
    ("p_slip", "real"),
    ("n", "int"),
)
"""The columns of a promise that follow from its published gap, in the order of `gap_row`."""
MILESTONE: Final = (
    ("promise_id", "text"),
    ("milestone", "text"),
    ("planned", "timestamptz"),
    ("expected", "timestamptz"),
    ("at", "timestamptz"),
    ("status", "text"),
    ("final", "bool"),
    ("source_event", "text"),
)
JUDGED: Final = (Standing.KEPT, Standing.BROKEN, Standing.CANCELLED)
"""Endings that tell whether all of it was delivered; what is withdrawn was no longer to be."""


class Redating(NamedTuple):
    """Another date that was told: who asked for it, whether the customer agreed, why, and from when to when."""

    promise_id: str
    version: int
    asked_by: str
    agreed: bool
    reason: str
    at: float
    before: float
    after: float


def promise_row(state: PromiseState) -> tuple[Any, ...]:
    """The values of PROMISE; a placeholder has ids and nothing else that counts."""
    stands = standing(state)
    there = not state.placeholder
    ended = ended_at(state, stands) if there else None
    return (
        state.promise_id,
        state.customer_id,
        state.kind,
        stands.value if there else PLACEHOLDER,
        there and not (state.historical and stands is Standing.OPEN),
        state.department,
        state.deliverer,
        state.owner,
        state.value,
        state.currency,
        json.dumps(state.labels),
        json.dumps([place_name(place) for place in state.depends_on]),
        state.made_at if there else None,
        state.requested_due,
        state.first_due if there else None,
        state.latest_due if there else None,
        state.held_due if there else None,
        # What waited for the customer is no time of ours, whatever date it is measured by.
        state.tolerance_s + round(waited(state, math.inf if ended is None else ended)),
        state.accepted,
        state.revisions,
        completed_at(state) if there else None,
        ended,
        missing_settled(state, stands) if there and stands in JUDGED else None,
        is_told(state),
        *last_told(state),
        warned_at(state),
        *expected(state, ended),
    )


def last_told(state: PromiseState) -> tuple[str | None, float | None]:
    """What the customer was told last of the promise, and when; a message that did not go out tells nothing."""
    sent = [notice for notice in state.notices if notice.state == NoticeState.SENT]
    return (sent[-1].statement, sent[-1].at) if sent else (None, None)


def warned_at(state: PromiseState) -> float | None:
    """When bad news of the promise went out to the customer first, of the messages that are still known."""
    sent = (one for one in state.notices if one.state == NoticeState.SENT and one.statement in SPEAKING)
    return min((one.at for one in sent), default=None)


def ended_at(state: PromiseState, stands: Standing) -> float | None:
    """When the promise was completed, cancelled, withdrawn or judged; None while it is open."""
    if stands is Standing.OPEN:
        return None
    if stands is Standing.WITHDRAWN:
        return state.withdrawn_at or state.latest_due
    step = final_step(state)
    times = (completed_at(state), state.verdict_at, None if step is None else step.at)
    return next((at for at in times if at is not None), state.latest_due)


def gap_row(data: GapScored, version: int) -> tuple[Any, ...]:
    """The values of GAP; a component that adds nothing is 0."""
    parts = {part.component: part.x for part in data.contributions}
    return (
        data.promise_id,
        data.customer_id,
        version,
        data.as_of.timestamp(),
        data.score,
        *(parts.get(component, 0.0) for component in Component),
        None if data.forecast is None else data.forecast.p_slip,
        None if data.forecast is None else data.forecast.n,
    )


def milestone_row(promise_id: str, step: StepState) -> tuple[Any, ...]:
    """The values of MILESTONE."""
    status = StepStatus(step.status).name.lower()
    return (promise_id, step.name, step.planned, step.expected, step.at, status, step.final, step.source_event)


def kept(state: PromiseState) -> PromiseState:
    """The state as it is stored: later reports need its names and dates, and nothing here needs its words."""
    steps = [replace(step, reason="", public_reason="") for step in state.steps]
    return replace(state, what="", steps=steps, pauses=wordless(state.pauses))
