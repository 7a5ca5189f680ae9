"""A list of matters is asked for by the same states in promise-svc and in risk-svc."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from promise_svc.api.matter_views import ALL, states
from promise_svc.domain import Kind
from risk_svc.web.api.insight_requests import PageQuery
from risk_svc.web.api.matter_requests import ChallengeQuery, HandoffQuery, OfferQuery
from risk_svc.web.api.plan_requests import PlanQuery

OVERDUE = "overdue"
"""What risk-svc alone says of an open plan whose date is over."""


def literals(annotation: Any) -> set[str]:
    """All the words that a type of literals, or a union of such types, allows."""
    if isinstance(annotation, str):
        return {annotation}
    return {word for part in get_args(annotation) for word in literals(part)}


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (Kind.HANDOFF, HandoffQuery),
        (Kind.OFFER, OfferQuery),
        (Kind.CHALLENGE, ChallengeQuery),
        (Kind.PLAN, PlanQuery),
    ],
)
def test_both_services_know_the_same_states_and_show_all_without_one(kind: Kind, query: type[PageQuery]) -> None:
    field = query.model_fields["state"]
    assert field.default == ALL
    assert literals(field.annotation) - {OVERDUE} == states(kind)
