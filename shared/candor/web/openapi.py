"""The OpenAPI document: adds bodies that routes read themselves, and the problems that any route may return."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from fastapi import FastAPI

from candor.web.examples import EXAMPLES
from candor.web.http.codes import CODES
from candor.web.http.problems import MEDIA_TYPE
from candor.web.parameters import PREFIX
from candor.web.schema_words import SCHEMAS
from candor.web.vocabulary import FIELDS

UNUSED: Final = ("HTTPValidationError", "ValidationError")
REFUSED: Final = (
    "A value is not allowed (`invalid_field`), a query parameter is not known here (`unknown_parameter`), or came more "
    "than once (`repeated_parameter`); `errors` names each."
)

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(CODES)},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {name: {"type": "string"} for name in ("detail", "pointer", "parameter")},
            },
        },
    },
}


def install(app: FastAPI, public_url: str = "") -> None:
    """Make `app.openapi()` include problems, the bodies declared with `body.accepts`, and where the API is reached."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = deepcopy(PROBLEM)
            if public_url:
                document["servers"] = [{"url": public_url}]
            for path, operations in document.get("paths", {}).items():
                for operation in operations.values():
                    _lift_definitions(operation, schemas)
                    _add_problems(operation, strict=path.startswith(PREFIX))
            for name in UNUSED:
                # FastAPI's own answers, which none of our routes gives.
                schemas.pop(name, None)
            _describe(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def _describe(document: dict[str, Any]) -> None:
    """Give every field and parameter a description, and every body that has none an example."""
    every = list(document["components"]["schemas"].items())
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                parameter.setdefault("description", FIELDS.get(parameter["name"], ""))
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content.get("schema", {})
                title = schema.get("title", "")
                # A body that several services share is about other facts in each.
                example = EXAMPLES.get(f"{document['info']['title']} {title}") or EXAMPLES.get(title)
                if example:
                    content.setdefault("example", example)
                every.append((title, schema))
    for name, schema in every:
        for field, found in schema.get("properties", {}).items():
            words = SCHEMAS.get(f"{name}.{field}") or FIELDS.get(field)
            if words and "description" not in found:
                found["description"] = words


def _lift_definitions(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schemas.update(content.get("schema", {}).pop("$defs", {}))


def _add_problems(operation: dict[str, Any], *, strict: bool) -> None:
    responses = operation.setdefault("responses", {})
    # FastAPI's own description of 422 does not match our answer.
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if strict:
        responses.setdefault("422", {"description": REFUSED, "content": content})
    responses.setdefault("default", {"description": "A problem (RFC 9457)", "content": content})
