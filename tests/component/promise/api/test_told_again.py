"""A promise that its sender tells again: what adds to it is taken once, what contradicts it is refused by name."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from candor.contracts import PromiseMade, PromiseRestated
from candor.store.unit_of_work import UnitOfWork
from candor.web.http.problems import Problem
from promise_svc.domain import Change
from promise_svc.service.stories import Stories
from promise_svc.store import ledger
from tests.component.promise.bodies import DUE, code, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import promise


async def test_a_promise_told_again_by_a_part_with_more_has_it_and_one_that_contradicts_is_refused(
    promise_api: Api,
) -> None:
    name, customer = new("p"), new()
    whole = {"promise_id": name, "customer_id": customer, "kind": "install", "what": "One machine", "due": DUE}
    assert (await promise_api.webhook("promise.made", whole, at=NOON)).json()["version"] == 1
    event = new("evt")
    more = {"promise_id": name, "value": 120.0, "currency": "EUR", "references": [{"system": "erp", "id": "4711"}]}
    for _ in range(2):
        answer = (await promise_api.webhook("promise.made", more, webhook_id=event, at=NOON)).json()
        assert (answer["state"], answer["version"]) == ("accepted", 2)
    # Told once more by another event nothing is new, in part or as a whole.
    for said in (more, whole | more, whole):
        answer = (await promise_api.webhook("promise.made", said, at=NOON)).json()
        assert (answer["state"], answer["version"]) == ("accepted", 2)
    other = (await promise_api.webhook("promise.made", more | {"value": 99.0}, at=NOON)).json()
    assert (other["state"], other["code"]) == ("rejected", "already_exists")
    assert other["detail"].endswith("its value is another")
    found = (await promise_api.call("GET", f"/v1/promises/{name}")).json()
    assert (found["value"], found["currency"], found["references"], found["version"], found["changes"]) == (
        *(120.0, "EUR", more["references"], 2, []),
    )
    made, restated = await sent(promise_api, customer)
    assert isinstance(made.data, PromiseMade)
    assert isinstance(restated.data, PromiseRestated)
    assert restated.data.terms is not None
    assert (restated.data.terms.value, restated.envelope.version) == (120.0, 2)
    twice = await promise_api.call("POST", "/v1/promises", whole)
    assert (twice.status_code, code(twice)) == (409, "already_exists")


async def test_what_adds_nothing_and_what_is_refused_needs_no_history(
    promise_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    histories = ledger.histories

    async def noted(uow: UnitOfWork, ids: Collection[str]) -> dict[str, list[Change]]:
        read.extend(ids)
        return await histories(uow, ids)

    monkeypatch.setattr(ledger, "histories", noted)
    name = new("p")
    whole = {"promise_id": name, "customer_id": new(), "kind": "install", "what": "One machine", "due": DUE}
    for said in (whole, whole, whole | {"kind": "another"}):
        await promise_api.webhook("promise.made", said, at=NOON)
    assert read == []
    await promise_api.webhook("promise.made", whole | {"owner": "anna"}, at=NOON)
    assert read == [name]


def test_what_adds_only_by_what_the_same_batch_says_comes_again() -> None:
    with pytest.raises(Problem) as again:
        Stories().complete(promise())
    assert (again.value.status, again.value.headers["Retry-After"]) == (503, "1")
