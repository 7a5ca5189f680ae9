"""Bodies of requests about matters, with names that no other test uses."""

from __future__ import annotations

from typing import Any

from tests.component.promise.bodies import new
from tests.support.api import Api


def handoff(promise_id: str, **changes: Any) -> dict[str, Any]:
    return {"promise_id": promise_id, "deliverer": new("crew"), "department": "sales", **changes}


def claim(capability_id: str, **changes: Any) -> dict[str, Any]:
    body = {"capability_id": capability_id, "said": "available", "channel": "webinar", "department": "sales"}
    return body | changes


def statement(**changes: Any) -> dict[str, Any]:
    return {"said_by": "engineering", "said_to": "product", **changes}


def challenge(about: str, about_id: str, **changes: Any) -> dict[str, Any]:
    return {"about": about, "about_id": about_id, "reason": "the crew says otherwise", **changes}


OPTIONS = [
    {"name": "credit", "kind": "goodwill", "value": 150, "currency": "EUR"},
    {"name": "a week later", "kind": "revised_terms", "due": "2013-03-16T12:00:00Z"},
]


def offer(promise_id: str, **changes: Any) -> dict[str, Any]:
    return {"promise_id": promise_id, "options": OPTIONS, **changes}


def clarification(promise_id: str, **changes: Any) -> dict[str, Any]:
    return {"promise_id": promise_id, "question": "Which door is wide enough?", **changes}


def wish(**changes: Any) -> dict[str, Any]:
    """A wish of a customer or about a promise, whichever is named."""
    body = {"words": "why never on a Saturday?", "public_text": "an installation on a Saturday"}
    return body | {"workaround": "before you open", "look_again_on": "2031-09-01"} | changes


def plan(promise_id: str, **changes: Any) -> dict[str, Any]:
    body = {"promise_id": promise_id, "driver": "lateness", "action": "add-crew", "department": "operations"}
    return body | {"due": "2013-03-12T12:00:00Z"} | changes


def sheet(**changes: Any) -> dict[str, Any]:
    return {"side": "staff", "well": 4, **changes}


def review(**changes: Any) -> dict[str, Any]:
    return {"source": "reviews.example", "source_id": new("r"), "at": "2013-03-08T11:00:00Z", "rating": 4, **changes}


def lead_time(**changes: Any) -> dict[str, Any]:
    body = {"competitor": "Brew & Co", "kind": "install", "typical": 10, "source": "their delivery page"}
    return body | {"at": "2013-03-08T11:00:00Z"} | changes


async def begun(api: Api, path: str, body: dict[str, Any], role: str = "operator") -> dict[str, Any]:
    """A matter begun over HTTP."""
    answer = await api.call("POST", path, body, role=role)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def registered(api: Api, capability_id: str, *statuses: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A capability whose statuses were set over HTTP."""
    body = {"statuses": list(statuses), **fields}
    answer = await api.call("PUT", f"/v1/capabilities/{capability_id}", body, role="operator")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def shown(api: Api, path: str, **params: Any) -> dict[str, Any]:
    answer = await api.call("GET", path, role="operator" if path.startswith("/v1/sheets") else "viewer", params=params)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document
