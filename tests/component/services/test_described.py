"""Every API's page: each field and parameter has a description, and each body an example that the service takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from candor.web.examples import EXAMPLES
from candor.web.schema_words import SCHEMAS
from candor.web.vocabulary import FIELDS
from tests.component.services.conftest import Started
from tests.component.services.test_bad_input import SERVICES
from tests.support.api import Api

NAMED = {"promise_id": "PR-1001", "customer_id": "acme", "staff_id": "kim", "sender": "crm", "matter_id": "MA-1"}
NAMED |= {"statement": "warning", "language": "en", "number": "1"}
HANDOFF = "/v1/handoffs/{matter_id}/"
MISSING = (
    *("/v1/parked/{parked_id}/match", "/v1/notices/{notice_id}/resolve", "/v1/mass-hold", "/v1/handoffs"),
    *(f"/v1/notices/{{notice_id}}/{act}" for act in ("approve", "edit", "hold", "snooze", "said")),
    *("/v1/sheets/links", "/v1/reviews/{matter_id}/tags", "/v1/reviews/{matter_id}/remove"),
    *("/v1/lead-times/{matter_id}/withdraw", "/v1/requests/{request_id}/body", "/v1/drafts/{promise_id}"),
    "/v1/drafts/{promise_id}/withdraw",
    "/v1/templates/{statement}/{language}/{number}/preview",
    *(f"{HANDOFF}{verb}" for verb in ("accept", "decline", "counter", "agree", "reject", "withdraw")),
    *("/v1/offers/{matter_id}/decline", "/v1/offers/{matter_id}/withdraw", "/v1/plans/{matter_id}/drop"),
    *("/v1/clarifications/{matter_id}/withdraw", "/v1/wishes/{matter_id}/meet", "/v1/wishes/{matter_id}/decline"),
)
"""What they are about is not there in a new installation, or is over: the body is understood, and refused."""


def operations(api: Api) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in api.app.openapi()["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def bodies(api: Api) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for method, path, operation in operations(api):
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            yield method, path, media_type, content


@pytest.mark.parametrize("service", SERVICES)
async def test_every_field_and_parameter_has_a_description(start: Started, service: str) -> None:
    async with start(service) as api:
        document = api.app.openapi()
        schemas = dict(document["components"]["schemas"]) | {
            f"{method} {path}": content["schema"] for method, path, _, content in bodies(api)
        }
        properties = {name: one.get("properties", {}) for name, one in schemas.items()}
        fields = [(name, field, found) for name, one in properties.items() for field, found in one.items()]
        parameters = [(path, one) for _, path, operation in operations(api) for one in operation.get("parameters", [])]
        assert len(fields) > 50
        assert [(name, field) for name, field, found in fields if len(found.get("description", "")) < 8] == []
        assert [(path, one["name"]) for path, one in parameters if len(one.get("description", "")) < 8] == []


def test_no_description_is_of_a_field_that_was_renamed_into_another() -> None:
    assert all((text.endswith(".") and text[0].isupper()) or text.startswith("true") for text in FIELDS.values())
    assert all(name.count(".") == 1 for name in SCHEMAS)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_body_has_an_example_that_is_valid_and_that_the_service_takes(start: Started, service: str) -> None:
    async with start(service) as api:
        document = api.app.openapi()
        found = list(bodies(api))
        assert found
        page = (await api.client.get("/docs")).text
        assert page.count("<code>Example</code>") == len(found)
        for method, path, media_type, content in found:
            whole = {"components": document["components"], **content["schema"]}
            errors = list(Draft202012Validator(whole).iter_errors(content["example"]))
            assert errors == [], (path, errors)
            await taken(api, method, path, media_type, content["example"])


async def taken(api: Api, method: str, path: str, media_type: str, example: Any) -> None:
    if "{token}" in path:
        return
    if "webhooks" in path:
        answer = await api.webhook(example["type"], example["data"])
        assert answer.status_code == 202
        # The promise is there already, or belongs to another service: understood is enough.
        assert answer.json().get("code") not in ("invalid_field", "malformed_json", "unknown_type"), answer.text
        return
    there = path
    if path == "/v1/promises/{promise_id}/withdraw":
        # The one that the other examples are about has been judged by now.
        there = path.replace("{promise_id}", "PR-1002")
        other = EXAMPLES["PromiseIn"] | {"promise_id": "PR-1002", "references": []}
        assert (await api.call("POST", "/v1/promises", other)).status_code == 201
    for name, value in NAMED.items():
        there = there.replace(f"{{{name}}}", value)
    there = there.replace("{", "").replace("}", "")
    raw = example.encode() if isinstance(example, str) else None
    answer = await api.call(method, there, example, raw=raw, headers={"content-type": media_type})
    assert answer.status_code < 300 or (path in MISSING and answer.status_code in (404, 409)), (path, answer.text)
    # A batch is 200 whatever becomes of each event in it.
    assert not (answer.status_code == 200 and answer.json().get("rejected")), (path, answer.text)
