"""A list of matters is asked for alike in promise-svc and in risk-svc, and both say when each came to its state."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from promise_svc.api.list_requests import QUERIES
from promise_svc.api.matter_responses import PAGES
from promise_svc.api.matter_views import ALL, states
from promise_svc.domain import Kind
from risk_svc.web.api.insight_requests import PageQuery
from risk_svc.web.api.matter_requests import ChallengeQuery, HandoffQuery, OfferQuery
from risk_svc.web.api.matter_responses import ChallengePage, HandoffPage, OfferPage
from risk_svc.web.api.plan_requests import PlanQuery
from risk_svc.web.api.plan_responses import PlanPage
from risk_svc.web.api.wish_requests import WishQuery
from risk_svc.web.api.wish_responses import WishPage

OF_TIME = {"overdue", "due"}
"""What risk-svc alone says of an open plan or wish whose date is over."""
NAMES = {"promise": "promise_id", "customer": "customer_id"}
"""Filters that promise-svc calls otherwise."""
LISTS: list[tuple[Kind, type[PageQuery], type[BaseModel]]] = [
    (Kind.HANDOFF, HandoffQuery, HandoffPage),
    (Kind.OFFER, OfferQuery, OfferPage),
    (Kind.CHALLENGE, ChallengeQuery, ChallengePage),
    (Kind.PLAN, PlanQuery, PlanPage),
    (Kind.WISH, WishQuery, WishPage),
]


def literals(annotation: Any) -> set[str]:
    """All the words that a type of literals, or a union of such types, allows."""
    if isinstance(annotation, str):
        return {annotation}
    return {word for part in get_args(annotation) for word in literals(part)}


def fields_of(page: type[BaseModel]) -> set[str]:
    """The fields of the items of a list."""
    (item,) = get_args(page.model_fields["items"].annotation)
    return {*item.model_fields}


@pytest.mark.parametrize(("kind", "query", "_page"), LISTS)
def test_both_services_know_the_same_states_and_show_all_without_one(
    kind: Kind, query: type[PageQuery], _page: type[BaseModel]
) -> None:
    field = query.model_fields["state"]
    assert field.default == ALL
    assert QUERIES[kind].model_fields["state"].default is None
    assert literals(field.annotation) - OF_TIME == states(kind)


@pytest.mark.parametrize(("kind", "query", "page"), LISTS)
def test_what_one_can_be_filtered_by_the_other_can_and_both_say_when_it_changed(
    kind: Kind, query: type[PageQuery], page: type[BaseModel]
) -> None:
    ours = {NAMES.get(name, name) for name in query.model_fields}
    assert ours - {"sort"} <= {*QUERIES[kind].model_fields}
    assert "changed_at" in fields_of(page) & fields_of(PAGES[kind])
