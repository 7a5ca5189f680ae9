"""The OpenAPI document, and random requests made from it: no server error, and answers as described."""

from __future__ import annotations

from tests.component.promise.bodies import DUE, made
from tests.support.api import Api
from tests.support.fuzz import fuzz


async def test_no_request_that_the_document_allows_breaks_the_service(promise_api: Api) -> None:
    promise = await made(promise_api)
    known = {"promise_id": promise["promise_id"], "customer_id": promise["customer_id"], "source": "crm"}
    fields: dict[str, str | None] = {
        "due": DUE,
        "requested_due": DUE,
        "made_at": "2013-03-01T00:00:00Z",
        "zone": "UTC",
        "currency": "EUR",
    }
    fields |= {"email": "anna@example.com", "owner": None, "language": "en"}
    await fuzz(promise_api, examples=10, parameters=known, fields=fields, wanted=(200, 201))


async def test_the_document_names_bodies_answers_and_problems(promise_api: Api) -> None:
    document = (await promise_api.call("GET", "/openapi.json", role=None)).json()
    make = document["paths"]["/v1/promises"]["post"]
    assert "customer_id" in str(make["requestBody"])
    assert set(make["responses"]) == {"201", "422", "default"}
    assert "PromiseOut" in document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation.get("summary"), (method, path)
            assert operation.get("security") or "webhooks" in path, (method, path)
