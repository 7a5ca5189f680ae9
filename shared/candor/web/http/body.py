"""Request bodies: raw bytes, checked for their type, parsed strictly into a model; errors have JSON pointers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from candor.web.http import strict_json
from candor.web.http.fields import rule_of
from candor.web.http.problems import FieldError, Problem, pointer

JSON: Final = ("application/json",)
_OTHER_NAMES: Final = frozenset(("", "text/json", "text/plain"))
MAX_ERRORS: Final = 20
TOO_MANY: Final = "too_long"
"""What pydantic calls a list or an object with too many items."""
M = TypeVar("M", bound=BaseModel)


async def read_raw(request: Request, types: Sequence[str] = JSON) -> bytes:
    """Return the body's bytes, within the app's limits. Raises Problem 408, 413 or 415."""
    if media_type(request) not in types:
        raise wrong_type(types)
    return await request.body()


def media_type(request: Request) -> str:
    """Return the body's media type, in lower case and without parameters; "" if the request has none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_as(kind: str, types: Collection[str]) -> str:
    """Return the one of `types` as which a body of a media type is read, "" if there is none.

    Many systems call their JSON otherwise: `+json` (RFC 6839), `text/json`, as plain text, or not at all.
    """
    if kind in types:
        return kind
    return JSON[0] if JSON[0] in types and (kind in _OTHER_NAMES or kind.endswith("+json")) else ""


def wrong_type(types: Sequence[str]) -> Problem:
    """Return a 415 with the accepted media types."""
    return Problem("unsupported_media_type", f"send {' or '.join(types)}")


async def read(model: type[M], request: Request, types: tuple[str, ...] = JSON) -> tuple[bytes, M]:
    """Return the body's bytes and the model parsed from them. Raises Problem as `read_raw` and `parse` do."""
    raw = await read_raw(request, types)
    return raw, parse(model, raw)


def parse(model: type[M], raw: bytes) -> M:
    """Parse JSON bytes into a model. Raises Problem 400 `malformed_json` or 422 `invalid_field` with JSON pointers."""
    strict_json.loads_object(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise invalid(error) from None


def convert(model: type[M], value: Any, prefix: str = "") -> M:
    """Convert a parsed JSON value into a model, with the errors of `parse`; `prefix` is the pointer to that value."""
    try:
        return model.model_validate_json(strict_json.dumps(value))
    except ValidationError as error:
        raise invalid(error, prefix) from None


def invalid(error: ValidationError, prefix: str = "") -> Problem:
    """Return the problem of a failed validation: at most 20 errors, none with the value that was sent.

    Where something has too many items, that alone: `limit_reached`.
    """
    found = error.errors(include_url=False, include_input=False)
    # Of text it says so too, in which there are no items.
    many = [item for item in found if item["type"] == TOO_MANY and item["ctx"]["field_type"] != "Value"]
    if many:
        place, limit = prefix + _pointer(many[0]["loc"]), int(many[0]["ctx"]["max_length"])
        return Problem.limit_reached(place, f"{place}: at most {limit:,}", limit)
    errors = [FieldError(detail_of(item), prefix + _pointer(item["loc"])) for item in found]
    return Problem("invalid_field", f"{errors[0].pointer}: {errors[0].detail}", errors=errors[:MAX_ERRORS])


_DETAILS: Final = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is missing",
}


def detail_of(item: Mapping[str, Any]) -> str:
    """What is wrong with one field, of what pydantic says of it; at most 200 characters."""
    if item["type"] == "string_pattern_mismatch":
        return rule_of(item["ctx"]["pattern"])[:200]
    return _DETAILS.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")[:200]


def _pointer(path: tuple[str | int, ...]) -> str:
    # A last part of "[key]" means in pydantic that the name itself is wrong.
    return pointer(path[:-1] if path and path[-1] == "[key]" else path)[:256]


def accepts(model: type[BaseModel], *types: str) -> dict[str, Any]:
    """Return the `openapi_extra` of a route, so that a body read by `read` is in the OpenAPI document."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    content = {name: {"schema": schema} for name in types or JSON}
    return {"requestBody": {"required": True, "content": content}}
