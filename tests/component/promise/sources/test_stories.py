"""What a CRM tells in several bodies ends in the same promise in every order, and told twice, through the service."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from candor.intake import Caller
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Webhook
from promise_svc.offered import OFFERED
from tests.component.promise.bodies import new
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.unit.promise.sources.crm import PRESETS, extended, sample, source

LATER: Final = datetime(2026, 12, 20, tzinfo=UTC)
Body = dict[str, Any]


def at(day: int) -> str:
    return f"2026-11-{day:02}T12:00:00Z"


def hubspot(day: int, stage: str = "closedwon", date: str | None = "2026-11-27") -> Body:
    body: Body = json.loads(sample("hubspot"))
    [deal] = body["objects"].values()
    deal["updatedAt"] = deal["properties"]["hs_lastmodifieddate"] = at(day)
    deal["properties"] |= {"dealstage": stage, "promised_delivery_date": date}
    return body


def pipedrive(day: int, date: str, before: str | None, status: str = "won", was: str | None = None) -> Body:
    body: Body = json.loads(sample("pipedrive"))
    body["data"] |= {"update_time": at(day), "expected_close_date": date, "status": status, "won_time": at(21)}
    body["previous"] = {"update_time": at(day - 1)}
    body["previous"] |= {"expected_close_date": before} if before else {}
    body["previous"] |= {"status": was} if was else {}
    return body


def retried(body: Body) -> Body:
    return {**body, "meta": {**body["meta"], "attempt": 2, "timestamp": at(23)}}


def salesforce(day: int, stage: str = "Closed Won", date: str = "2026-11-27") -> Body:
    body: Body = json.loads(sample("salesforce"))
    moment = datetime.fromisoformat(at(day))
    header = {**body["payload"]["ChangeEventHeader"], "commitTimestamp": int(moment.timestamp() * 1000)}
    body["payload"] |= {"ChangeEventHeader": header, "StageName": stage, "LastModifiedDate": at(day)}
    body["payload"]["Promised_Install_Date__c"] = date
    return body


def salesforce_event(day: int, date: str) -> Body:
    body: Body = json.loads(sample("salesforce-event"))
    body["payload"] |= {"CreatedDate": at(day), "Promised_By__c": date}
    body["event"] = {**body["event"], "EventUuid": f"uuid-{day}"}
    return body


def zendesk(day: int, due: str) -> Body:
    body: Body = json.loads(sample("zendesk"))
    body["ticket"] |= {"due": due, "updated_at": at(day)}
    return body


def deleted(day: int) -> Body:
    return {
        "type": "zen:event-type:ticket.soft_deleted",
        "time": at(day),
        "detail": {"id": "20418", "tags": ["promise"]},
    }


MAPPED_ID: Final = "ORDER-1"
MAPPED: Final = """
sources:
  mapped:
    service: promise-svc
    about: Orders of a shop that says how each stands
    proof: {hmac: {header: x-signature}}
    events:
      - type: promise.made
        when: body.due
        id: [{value: order}, body.id, body.at]
        time: {from: body.at, time: iso}
        data:
          promise_id: {from: "join('-', ['mapped', body.id])", as: id}
          customer_id: {from: body.customer, as: id}
          kind: {value: order}
          what: body.what
          due: {from: body.due, time: date, zone: UTC, at: "23:59"}
          if_new: {value: true}
      - type: promise.revised
        when: body.due
        id: [{value: order}, body.id, {value: due}, body.due, body.at]
        time: {from: body.at, time: iso}
        data:
          promise_id: {from: "join('-', ['mapped', body.id])", as: id}
          due: {from: body.due, time: date, zone: UTC, at: "23:59"}
          asked_by: {value: company}
          reason: {value: the shop says another date}
          if_moved: {value: true}
"""
"""Another system's states, mapped in a file of the company's own."""


def mapped(day: int, due: str) -> Body:
    return {"id": MAPPED_ID, "customer": "Größe GmbH", "what": "A desk", "due": due, "at": at(day)}


STORIES: Final[dict[str, tuple[str, list[Body]]]] = {
    "hubspot": (
        "29911840275",
        [
            hubspot(21, date=None),
            hubspot(22),
            hubspot(23, date="2026-12-04"),
            hubspot(24, "closedlost", date="2026-12-04"),
        ],
    ),
    "pipedrive": (
        "3187",
        [
            pipedrive(21, "2026-11-27", None, was="open"),
            pipedrive(22, "2026-12-04", "2026-11-27"),
            retried(pipedrive(22, "2026-12-04", "2026-11-27")),
            pipedrive(23, "2026-12-09", "2026-12-04"),
            pipedrive(24, "2026-12-09", None, "lost", "won"),
        ],
    ),
    "salesforce": (
        "006Wd00000Kq7TzIAJ",
        [salesforce(21), salesforce(22), salesforce(23, date="2026-12-04"), salesforce(24, "Closed Lost")],
    ),
    "salesforce-event": (
        "PR-20418",
        [salesforce_event(day, f"2026-12-{day - 10}T17:00:00Z") for day in (21, 22, 23, 24)],
    ),
    "zendesk": (
        "20418",
        [zendesk(21, ""), zendesk(22, "2026-11-27"), zendesk(23, "2026-12-04"), deleted(24)],
    ),
}
"""Of each preset the object's id in its bodies, and what is told of it, in order."""
BACK: Final[dict[str, list[Body]]] = {
    "hubspot": [hubspot(21), hubspot(22, date="2026-12-04"), hubspot(23), hubspot(24)],
    "pipedrive": [
        pipedrive(21, "2026-11-27", None, was="open"),
        pipedrive(22, "2026-12-04", "2026-11-27"),
        pipedrive(23, "2026-11-27", "2026-12-04"),
        pipedrive(24, "2026-11-27", None),
    ],
    "salesforce": [salesforce(21), salesforce(22, date="2026-12-04"), salesforce(23), salesforce(24)],
    "salesforce-event": [
        salesforce_event(day, f"2026-12-{due}T17:00:00Z") for day, due in ((21, 10), (22, 18), (23, 10), (24, 10))
    ],
    "zendesk": [zendesk(day, f"2026-12-{due:02}") for day, due in ((21, 4), (22, 9), (23, 4), (24, 4))],
    "mapped": [mapped(day, f"2026-12-{due:02}") for day, due in ((21, 4), (22, 9), (23, 4), (24, 4))],
}
"""A date that moves and moves back, and is told once more: only who knows all states knows that it moved twice."""
TOLD: Final = (
    {name: (name, *told) for name, told in STORIES.items()}
    | {
        f"{name}, back": (name, STORIES[name][0] if name in STORIES else MAPPED_ID, bodies)
        for name, bodies in BACK.items()
    }
    | {"mapped, on": ("mapped", MAPPED_ID, [mapped(day, f"2026-12-{day - 17:02}") for day in (21, 22, 23)])}
)
MADE_BESIDE: Final = {"salesforce-event"}
"""It only says dates: the promise was made by somebody else."""
NUMBERS: Final = itertools.count(1)
ORDER: Final = {"version", "last_changed_at"}
"""What counts arrivals."""


class Heard:
    """One object of a CRM under an id of its own, told by a sender of its own."""

    def __init__(self, api: Api, story: str, number: int) -> None:
        self.api = api
        self.name, known, _ = TOLD[story]
        self.source = extended(MAPPED) if self.name == "mapped" else source(self.name)
        self.id = (known[:-5] + f"{number:05}") if len(known) > 6 else f"{known}{number:05}"
        self._known, self._sender = known, new("crm")

    async def tell(self, order: Iterable[Body]) -> dict[str, Any]:
        """The promise after these bodies, but for what its ids are."""
        for body in order:
            raw = json.dumps(copy.deepcopy(body)).replace(self._known, self.id).encode()
            webhook = Webhook(self._sender, "", raw, read_as=self.name)
            items = self.source.read(webhook, tuple(OFFERED.shapes), LATER)
            caller = Caller("webhook", self._sender, frozenset(OFFERED.shapes))
            for outcome in await self.api.intake.take(items, caller):
                assert not isinstance(outcome.result, Problem), outcome
        prefix = "" if self.name in MADE_BESIDE else f"{self.name}-"
        answer = await self.api.call("GET", f"/v1/promises/{prefix}{self.id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = json.loads(answer.text.replace(self.id, "ID"))
        changes = [{key: value for key, value in one.items() if key not in ORDER} for one in shown["changes"]]
        return {key: value for key, value in shown.items() if key not in ORDER} | {"changes": changes}


def test_every_preset_has_its_story() -> None:
    assert STORIES.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", TOLD)
async def test_a_story_ends_the_same_in_every_order_and_told_twice(
    name: str, promise_api: Api, promise_clock: ManualClock
) -> None:
    promise_clock.set(LATER)

    async def after(order: Iterable[Body]) -> dict[str, Any]:
        heard = Heard(promise_api, name, next(NUMBERS))
        if heard.name in MADE_BESIDE:
            body = {"promise_id": heard.id, "customer_id": "acme", "kind": "k", "what": "w", "due": "2026-12-10T00:00Z"}
            made = await promise_api.call("POST", "/v1/promises", {**body, "made_at": "2026-11-01T00:00:00Z"})
            assert made.status_code == 201, made.text
        return await heard.tell(order)

    story = TOLD[name][2]
    expected = await after(story)
    for order in itertools.permutations(story):
        assert await after(order) == expected
    assert await after([*story, *reversed(story)]) == expected
    assert {change["at"] for change in expected["changes"]}, "a story without a change tells nothing of its order"
    assert await after([*reversed(story), *story]) == expected
