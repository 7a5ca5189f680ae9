"""Requests made from a service's OpenAPI document by schemathesis, sent to the app in the test's own event loop."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import schemathesis

# Else loaded at the first use, deep in a test, where Python 3.11 may fail to compile it (recursion depth mismatch).
import schemathesis.specs.openapi.adapter
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from schemathesis.core.result import Ok

from tests.support.api import Api

URI = "urn:openapi"
MORE = 100
TURNS = 20


async def fuzz(
    api: Api,
    *,
    examples: int,
    parameters: dict[str, str],
    fields: dict[str, Any] | None = None,
    wanted: Collection[int] = (),
) -> None:
    """Sends `examples` requests an operation, as an admin; `parameters` fills path parameters of these names, and
    `fields` those body fields whose valid values a schema cannot describe (a zone, a currency).

    Fails on a status of 500 or above, on a status that the document does not have, and on a body that breaks the
    schema of its status. Each `wanted` status comes at least once: while chance gives none, more requests are made up
    for the operations that have it, so that only a service that refuses all of them fails.
    """
    document = api.app.openapi()
    schema = schemathesis.openapi.from_dict(document)
    validators = _Validators(document)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) == sum(len(item) for item in document["paths"].values())
    missing = set(wanted)
    for turn in range(TURNS + 1):
        for operation in operations:
            if turn and not missing & validators.statuses(operation):
                continue
            for case in _cases(operation.as_strategy(), MORE if turn else examples):
                _fill(case, parameters, fields or {})
                response = await _answer(api, case)
                if response is not None:
                    missing.discard(response.status_code)
                    validators.check(operation.path, operation.method, response)
        if not missing:
            return
    raise AssertionError(f"no request of {TURNS * MORE} an operation was answered with {sorted(missing)}")


def _fill(case: Any, parameters: dict[str, str], fields: dict[str, Any]) -> None:
    for name in case.path_parameters or {}:
        case.path_parameters[name] = parameters.get(name, case.path_parameters[name])
    if isinstance(case.body, dict):
        case.body = case.body | {name: value for name, value in fields.items() if name in case.body}


async def _answer(api: Api, case: Any) -> Any:
    """The answer, or None if no HTTP client can send this."""
    request = case.as_transport_kwargs(base_url="http://localhost")
    headers = {name.lower(): value for name, value in (request.pop("headers", None) or {}).items()}
    headers["authorization"] = f"Bearer {api.keys.keys['admin']}"
    request.pop("cookies", None)
    sent = {name: request[name] for name in ("method", "url", "params", "json", "data") if name in request}
    if isinstance(sent.get("data"), bytes):
        sent["content"] = sent.pop("data")
    try:
        return await api.client.request(headers=headers, **sent)
    except (UnicodeEncodeError, ValueError):
        return None


def _cases(strategy: st.SearchStrategy[Any], examples: int) -> list[Any]:
    found: list[Any] = []

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def collect(case: Any) -> None:
        found.append(case)

    collect()
    return found


class _Validators:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._registry = Registry().with_resource(URI, Resource.from_contents(document, DRAFT202012))

    def statuses(self, operation: Any) -> set[int]:
        """Those that the document names for an operation."""
        named = self._document["paths"][operation.path][operation.method.lower()]["responses"]
        return {int(status) for status in named if status.isdigit()}

    def check(self, path: str, method: str, response: Any) -> None:
        said = f"{method} {path} -> {response.status_code} {response.text[:300]}"
        assert response.status_code < 500, said
        responses = self._document["paths"][path][method.lower()]["responses"]
        described = responses.get(str(response.status_code))
        problem = response.status_code >= 400
        if not problem and response.headers["content-type"].startswith("text/csv"):
            return
        if described is None:
            assert problem, said
            described = responses["default"]
        content = described["content"]["application/problem+json" if problem else "application/json"]
        rooted = _rooted(content["schema"])
        errors = list(Draft202012Validator(rooted, registry=self._registry).iter_errors(response.json()))
        assert not errors, f"{said}: {errors[0].message}"


def _rooted(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: URI + value if name == "$ref" and isinstance(value, str) else _rooted(value)
            for name, value in schema.items()
        }
    return [_rooted(item) for item in schema] if isinstance(schema, list) else schema
