"""Whatever the parameters: events that the public API takes, in order of time, the same again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey

from candor.intake import Event, Origin
from candor.replay.stream import DELIVERY_TYPES, StreamEvent, sort_key
from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.config import read_params
from candor_demo.fieldservice.params import Params
from delivery_svc.api.neutral_events import statement
from promise_svc.api.neutral_events import Reader
from promise_svc.service.sealing import Sealer
from promise_svc.settings import HOPS
from tests.support.companies import companies, small

SEALER = Sealer.of(base64.b64encode(bytes(PrivateKey.generate().public_key)))
GUIDE = Path(__file__).parents[4] / "docs/guide/software.yaml"
seeds = st.integers(0, 2**63 - 1)
some = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def taken(params: Params, events: list[StreamEvent], hops: tuple[str, ...] = ()) -> Iterator[str]:
    """The types of the events that the services' own readers take; raises Problem at any other."""
    reader = Reader(SEALER, hops or tuple(params.statements.hops))
    for event in events:
        data = msgspec.json.decode(msgspec.json.encode(event.data))
        said = Event(event.type, event.time, data)
        origin = Origin(event.id, "replay", event.time, False)
        if event.type in DELIVERY_TYPES:
            yield statement(said, origin, ()).kind
        else:
            yield reader.statement(said, origin, ()).kind


@some
@given(companies, seeds)
def test_every_event_is_one_that_the_api_takes(params: Params, seed: int) -> None:
    events = list(Company(params, seed).events())
    assert list(taken(params, events)) == [event.type for event in events]
    assert all(len(event.id) <= 256 for event in events)


@some
@given(companies, seeds)
def test_events_are_in_order_and_the_same_again(params: Params, seed: int) -> None:
    company = Company(params, seed)
    events = list(company.events())
    assert all(sort_key(one) < sort_key(other) for one, other in pairwise(events))
    assert len({event.id for event in events}) == len(events)
    assert list(Company(params, seed).events()) == events
    assert list(company.sheets()) == list(Company(params, seed).sheets())


def test_another_seed_or_parameter_makes_another_company_beside_it() -> None:
    names = [
        {event.id for event in Company(params, seed).events()}
        for params, seed in ((small(), 1), (small(), 2), (small(noise=0.2), 1))
    ]
    assert not names[0] & names[1]
    assert not names[0] & names[2]


EMPTY: dict[str, dict[str, Any]] = {
    "nothing at all": {"promises_per_week": 0, "capabilities": {}, "incidents": {"per_week": 0}},
    "no department": {"departments": {}},
    "no crew": {"crews": {}, "incidents": {"per_week": 20}},
    "no site": {"sites": []},
    "no hop": {"statements": {"hops": []}},
    "two hops, nothing between": {"statements": {"hops": ["sales", "customer"], "share": 1}},
    "one hop between": {"statements": {"hops": ["a", "b", "c"], "drift": {"b": {"days": 3}}}},
    "no factor": {"factors": {}},
    "no scope": {"scope": []},
    "no survey": {"surveys": {"groups": {}}},
    "no incident": {"incidents": {"per_week": 0}},
    "always late": {"noise": 0, "kinds": {"a": {"bias": 10}}},
    "far away": {"zone": "Pacific/Kiritimati", "starts": "2100-01-01"},
    "clocks change": {"zone": "America/Santiago", "starts": "2025-03-31"},
    "very short": {"kinds": {"a": {"days": 0.05, "spread": 2, "bias": -0.9}}, "noise": 2},
    "very long": {"kinds": {"a": {"days": 365, "spread": 2, "bias": 10}}, "noise": 2},
}


@pytest.mark.parametrize("name", EMPTY)
def test_whatever_is_missing_or_extreme_the_rest_is_there(name: str) -> None:
    params = Params.model_validate_json(msgspec.json.encode({"weeks": 4, "promises_per_week": 40, **EMPTY[name]}))
    events = list(Company(params, 5).events())
    kinds = list(taken(params, events))
    assert ("promise.made" in kinds) is (name != "nothing at all")
    assert ("handoff.requested" in kinds) is (name not in ("nothing at all", "no crew"))
    assert ("statement.made" in kinds) is (name not in ("nothing at all", "no hop"))
    assert ("incident.reported" in kinds) is ("incident" not in name and name != "nothing at all")


def test_the_other_trade_of_the_guide_is_taken_by_services_as_they_come() -> None:
    params = read_params(GUIDE)
    assert set(params.statements.hops) <= set(HOPS)
    events = list(Company(params, 1).events())
    assert list(taken(params, events, HOPS)) == [event.type for event in events]
    assert {event.data["currency"] for event in events if event.type == "promise.made"} == {"USD"}


def test_a_long_stream_begins_at_once() -> None:
    endless = Params(weeks=520, promises_per_week=10_000, incidents=small().incidents)
    first = list(islice(Company(endless, 1).events(), 1000))
    assert len(first) == 1000
