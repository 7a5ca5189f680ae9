"""Making promises over HTTP."""

from __future__ import annotations

from tests.support.api import Api


async def test_smoke(promise_api: Api) -> None:
    body = {
        "customer_id": "c1",
        "kind": "flight",
        "what": "UA 1",
        "due": "2013-03-09T12:00:00Z",
        "milestones": [{"name": "departed"}],
        "labels": {"a": 1, "b": True},
        "references": [{"system": "x", "id": "UA 1"}],
    }
    made = await promise_api.call("POST", "/v1/promises", body)
    assert made.status_code == 201, made.text
    got = await promise_api.call("GET", made.headers["location"])
    assert got.status_code == 200, got.text
    print(got.json())
    got = await promise_api.call("GET", "/v1/promises")
    assert got.status_code == 200, got.text
    print(got.json())
