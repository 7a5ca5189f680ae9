"""A promise told again: what adds to it is taken, what says otherwise refused, what says the same changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.domain import Make, Promise, Refusal, Terms, added, make
from promise_svc.domain.promise import NamespacedId, PlannedStep, ScopeItem
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import DUE, HOUR, promise, to_make

EWR, JFK = NamespacedId("site", "EWR"), NamespacedId("site", "JFK")
MORE: dict[str, Any] = {
    "labels": {"crew": "7"},
    "milestones": (PlannedStep("delivered", DUE, told=True), PlannedStep("installed", None, told=False)),
    "depends_on": (EWR,),
    "references": (NamespacedId("erp", "4711"),),
    "value": 120.0,
    "currency": "EUR",
    "owner": "anna",
    "department": "sales",
    "channel": "fair",
    "deliverer": "crew-7",
    "zone": "Europe/Berlin",
    "scope": (ScopeItem("machine", 2.0, supported=True),),
}
BESIDE: dict[str, Any] = {"requested_due": NOON + 20 * HOUR, "tolerance_s": 900}


def told(**fields: Any) -> tuple[Make, Collection[str]]:
    """The promise told with these fields, and their names."""
    terms = {name: value for name, value in fields.items() if name in Terms.__dataclass_fields__}
    others = {name: value for name, value in fields.items() if name not in terms}
    return to_make(**{"tolerance_s": 0, **others}, terms=Terms(**terms)), [*fields]


def bare(**terms: Any) -> Promise:
    return make(to_make(tolerance_s=0, terms=Terms(**terms)))


@pytest.mark.parametrize("name", [*MORE, *BESIDE])
def test_a_field_that_was_empty_is_filled(name: str) -> None:
    value = (MORE | BESIDE)[name]
    found = added(bare(), *told(**{name: value}))
    assert (getattr(found, name) if name in BESIDE else getattr(found.terms, name)) == value
    assert found != bare()
    assert added(found, *told(**{name: value})) == found


OTHER: dict[str, Any] = {
    "labels": {"crew": "8"},
    "milestones": (PlannedStep("installed", None, told=False),),
    "depends_on": (JFK,),
    "references": (NamespacedId("erp", "4712"),),
    "value": 1.0,
    "currency": "USD",
    "owner": "ben",
    "department": "support",
    "channel": "mail",
    "deliverer": "crew-8",
    "zone": "Europe/Paris",
    "scope": (ScopeItem("mill", 1.0, supported=True),),
}


@pytest.mark.parametrize("name", OTHER)
def test_a_field_that_says_otherwise_is_refused_by_name(name: str) -> None:
    known = bare(**{name: MORE[name]})
    with pytest.raises(Refusal, match=f"its {name} is another"):
        added(known, *told(**{name: OTHER[name]}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("customer_id", "c2"),
        ("kind", "ferry"),
        ("what", "another"),
        ("made_at", NOON + HOUR),
        ("due", DUE + HOUR),
        ("requested_due", DUE),
        ("tolerance_s", 60),
    ],
)
def test_what_a_promise_is_does_not_change(name: str, value: Any) -> None:
    known = replace(bare(), **BESIDE)
    with pytest.raises(Refusal, match=f"its {name} is another"):
        added(known, *told(**{name: value}))


def test_the_date_may_be_any_that_was_told() -> None:
    known = promise(latest_due=DUE + HOUR)
    for due in (DUE, DUE + HOUR):
        assert added(known, *told(due=due)) == known


def test_more_labels_names_and_places_add_and_fewer_say_nothing_new() -> None:
    known = bare(labels={"crew": "7"}, depends_on=(EWR,))
    more = added(known, *told(labels={"van": "2", "crew": "7"}, depends_on=(EWR, JFK)))
    assert (more.terms.labels, more.terms.depends_on) == ({"crew": "7", "van": "2"}, (EWR, JFK))
    with pytest.raises(Refusal, match="its labels is another"):
        added(more, *told(labels={"van": "2"}))


def test_a_field_that_was_not_said_is_not_taken_for_its_usual_value() -> None:
    known = bare(**MORE)
    command, _ = told(value=120.0)
    assert added(known, command, ["value"]) == known
    assert added(known, *told(value=None, zone="UTC", labels={})) == known


def test_a_deliverer_is_said_with_whether_they_accepted_and_afterwards_a_hand_off_says_it() -> None:
    found = added(bare(), *told(deliverer="crew-7", accepted=False))
    assert (found.terms.deliverer, found.terms.accepted) == ("crew-7", False)
    with pytest.raises(Refusal, match="its accepted is another"):
        added(found, *told(deliverer="crew-7", accepted=True))
    with pytest.raises(Refusal, match="its accepted is another"):
        added(bare(), *told(accepted=False))


@given(st.sets(st.sampled_from(sorted(MORE)), min_size=1, max_size=3))
def test_parts_that_do_not_contradict_end_alike_in_every_order_and_twice(names: set[str]) -> None:
    ends = []
    for order in permutations(sorted(names)):
        found = bare()
        for name in (*order, *order):
            found = added(found, *told(**{name: MORE[name]}))
        ends.append(found)
    assert all(one == ends[0] for one in ends)
    assert ends[0].terms == Terms(**{name: MORE[name] for name in names})
