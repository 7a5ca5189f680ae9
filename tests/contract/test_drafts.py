"""Every body of `POST /v1/promises` (promise-svc) is a draft of `POST /v1/checks` (risk-svc), seen as it will be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from candor.contracts import decode, encode
from candor.intake import Origin
from candor.web.http.body import parse
from candor.web.http.problems import Problem
from promise_svc import events
from promise_svc.api.requests import PromiseIn
from promise_svc.domain import make
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState
from risk_svc.forecast.view import View
from risk_svc.forecasting.live import view_of
from risk_svc.web.api.requests import CheckIn
from tests.support.clocks import NOON
from tests.support.drafts import whole
from tests.unit.promise.api.test_requests import BAD_PROMISES, PROMISE, with_field

DUE = NOON + timedelta(days=3)
DAY = "2013-03-09"
BAD_PLANS = [
    *(("milestones", [{"name": "a", "planned": at}], "/milestones/0/planned") for at in (DAY, f"{DAY}T12:00:00", 1)),
    *(("milestones", [{"name": name}], "/milestones/0/name") for name in ("", " ", "x" * 201, "two\x1blines", 1)),
    ("milestones", [{"told": True}], "/milestones/0/name"),
    ("depends_on", [{"kind": "a b", "id": "c"}], "/depends_on/0/kind"),
    ("depends_on", [{"kind": "site", "id": str(n)} for n in range(101)], "/depends_on"),
    ("tolerance_s", 315_360_001, "/tolerance_s"),
    ("labels", {"a": 1.1e15}, "/labels/a"),
    ("labels", {"a": "two\x1blines"}, "/labels/a"),
    ("kind", "x" * 129, "/kind"),
]
AT_THE_LIMIT: list[dict[str, Any]] = [
    {"milestones": [{"name": f"{n:0200}", "planned": "1970-01-01T00:00:00Z"} for n in range(100)]},
    {"depends_on": [{"kind": "k" * 128, "id": str(n)} for n in range(100)]},
    {"labels": {f"l{n}": value for n, value in enumerate([1e15, -1e15, True, "x" * 4096] * 8)}},
    {"tolerance_s": 315_360_000, "kind": "x" * 128},
    {"due": "2200-12-31T23:59:59Z"},
]
ids = st.from_regex(r"\A[A-Za-z0-9._:-]{1,20}\Z")
words = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=80)
moments = st.integers(-(10**12), 5 * 10**12).map(lambda ms: (NOON + timedelta(milliseconds=ms)).isoformat())
steps = st.fixed_dictionaries({"name": words}, optional={"planned": st.none() | moments, "told": st.booleans()})
used = st.fixed_dictionaries(
    {"kind": ids, "due": moments.filter(lambda at: at > NOON.isoformat())},
    optional={
        "tolerance_s": st.integers(0, 315_360_000),
        "labels": st.dictionaries(
            ids, words | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-1, 1), max_size=32
        ),
        "milestones": st.lists(steps, max_size=5, unique_by=lambda step: str(step["name"])),
        "depends_on": st.lists(st.fixed_dictionaries({"kind": ids, "id": ids}), max_size=4),
    },
)


def models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """What the lists of a body are made of, by the name of the list."""
    found = {}
    for name, field in model.model_fields.items():
        for part in get_args(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found[name] = part
    return found


def seen_live(body: dict[str, Any]) -> View:
    """What risk-svc makes of a promise that promise-svc made of the body at noon, by way of the wire."""
    promise = make(parse(PromiseIn, msgspec.json.encode(body)).command(NOON))
    record = encode(events.made(promise, Origin("e1", "test", NOON)))
    message = decode("promises", record.headers, record.value)
    state = PromiseState(promise_id=promise.promise_id, customer_id=promise.customer_id)
    assert fold(state, message.envelope, message.data) is FoldOutcome.APPLIED
    return view_of(state, NOON.timestamp())


def drafted(body: dict[str, Any]) -> CheckIn:
    return parse(CheckIn, msgspec.json.encode(body))


def pointers(model: type[BaseModel], raw: bytes) -> set[str]:
    try:
        parse(model, raw)
    except Problem as problem:
        return {str(error.pointer) for error in problem.errors}
    return set()


def test_the_whole_body_has_every_field_of_a_promise_and_of_its_parts() -> None:
    body, parts = whole(DUE), models(PromiseIn)
    assert set(body) == set(PromiseIn.model_fields)
    assert len(parts) == 4
    for name, part in parts.items():
        assert {field for item in body[name] for field in item} == set(part.model_fields), name


@given(used)
def test_a_draft_is_seen_as_the_promise_will_be_once_it_is_made(fields: dict[str, Any]) -> None:
    body = {"customer_id": "c1", "what": "A promise", "promise_id": "p1", **fields}
    assert drafted(body).view(NOON) == msgspec.structs.replace(seen_live(body), promise_id="")


def test_the_whole_body_is_seen_as_the_promise_will_be_once_it_is_made() -> None:
    body = whole(DUE) | {"made_at": None}
    seen = drafted(body).view(NOON)
    assert seen == msgspec.structs.replace(seen_live(body), promise_id="")
    assert (len(seen.plans), len(seen.texts), len(seen.numbers), len(seen.places)) == (2, 2, 1, 2)


def test_a_step_planned_before_the_promise_has_slipped_in_both() -> None:
    steps = [{"name": "shipped", "planned": (NOON - timedelta(hours=1)).isoformat()}, {"name": "delivered"}]
    body = PROMISE | {"milestones": steps, "made_at": None, "due": DUE.isoformat()}
    assert drafted(body).view(NOON).slipped == seen_live(body).slipped == ["shipped"]


@pytest.mark.parametrize("fields", AT_THE_LIMIT)
def test_what_a_promise_may_just_be_a_draft_may_be(fields: dict[str, Any]) -> None:
    raw = msgspec.json.encode(PROMISE | fields)
    assert pointers(PromiseIn, raw) == pointers(CheckIn, raw) == set()


@pytest.mark.parametrize(("name", "value", "pointer"), [*BAD_PROMISES, *BAD_PLANS])
def test_a_field_that_a_forecast_uses_is_refused_in_both_and_others_are_let_by(
    name: str, value: Any, pointer: str
) -> None:
    raw = with_field(PROMISE, name, value)
    assert pointer in pointers(PromiseIn, raw)
    is_used = name in CheckIn.model_fields and not pointer.endswith("/told")
    assert pointers(CheckIn, raw) == (pointers(PromiseIn, raw) if is_used else set())
