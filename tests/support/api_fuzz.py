"""Requests made up from a service's own OpenAPI document, right and wrong ones, against the running service."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

import httpx
import msgspec
import schemathesis

# Else loaded at the first use, deep in a test, where Python 3.11 may fail to compile it (recursion depth mismatch).
import schemathesis.specs.openapi.adapter
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from candor.web.http.codes import CODES

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


async def fuzz(
    base_url: str,
    headers: Mapping[str, str],
    *,
    examples: int = 50,
    skip: Collection[str] = (),
    checks: Collection[Callable[..., Any]] = CHECKS,
) -> int:
    """Calls every operation with `examples` made-up requests; returns how many were sent.

    Fails with the request that got a 5xx, an answer that its document does not describe, or an error that is not a
    problem with a registered code. `headers` carry the key; `skip` names operations, e.g. `POST /v1/imports`.
    """
    async with httpx.AsyncClient(timeout=10) as http:
        document = (await http.get(f"{base_url}/openapi.json")).json()
    # The service answers in this event loop, so the made-up client needs a thread of its own.
    return await asyncio.to_thread(_run, document, base_url, dict(headers), examples, skip, list(checks))


def _run(
    document: dict[str, Any],
    base_url: str,
    headers: dict[str, str],
    examples: int,
    skip: Collection[str],
    checks: list[Callable[..., Any]],
) -> int:
    sent = 0
    schema = schemathesis.openapi.from_dict(document)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), f"the document is wrong: {found}"
        operation = found.ok()
        if f"{operation.method.upper()} {operation.path}" in skip:
            continue

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def one(case: Any) -> None:
            nonlocal sent
            sent += 1
            with warnings.catch_warnings():
                # Made-up headers and paths are odd on purpose, and its client library says so.
                warnings.simplefilter("ignore")
                response = case.call(base_url=base_url, headers=headers)
            case.validate_response(response, checks=checks)
            if response.status_code >= 400:
                _check_problem(response.content, response.status_code)

        one()
    return sent


def _check_problem(content: bytes, status: int) -> None:
    # What the parser itself refuses, and HEAD, carry no document.
    if not content:
        return
    problem = msgspec.json.decode(content)
    assert problem["status"] == status, problem
    assert CODES[problem["code"]].status == status, problem
