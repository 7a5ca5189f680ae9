"""Request bodies: raw bytes, checked for their type, parsed strictly into a model, errors with JSON pointers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from candor.web.http import strict_json
from candor.web.http.fields import ID_RULE
from candor.web.http.problems import FieldError, Problem, pointer

JSON: Final = ("application/json",)
MAX_ERRORS: Final = 20
M = TypeVar("M", bound=BaseModel)


async def read_raw(request: Request, types: Sequence[str] = JSON) -> bytes:
    """The body's bytes, within the limits that the app sets. Raises Problem 408, 413 or 415."""
    if media_type(request) not in types:
        raise wrong_type(types)
    return await request.body()


def media_type(request: Request) -> str:
    """The body's media type, in lower case and without parameters; "" where the request names none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def wrong_type(types: Sequence[str]) -> Problem:
    """415, with the media types that are read."""
    return Problem("unsupported_media_type", f"send {' or '.join(types)}")


async def read(model: type[M], request: Request, types: tuple[str, ...] = JSON) -> tuple[bytes, M]:
    """The body's bytes and the model made of them. Raises Problem as `read_raw` and `parse` do."""
    raw = await read_raw(request, types)
    return raw, parse(model, raw)


def parse(model: type[M], raw: bytes) -> M:
    """A model from JSON bytes. Raises Problem 400 `malformed_json` or 422 `invalid_field` with JSON pointers."""
    strict_json.loads_object(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise invalid(error) from None


def convert(model: type[M], value: Any, prefix: str = "") -> M:
    """A model from a JSON value that was parsed before, as `parse`; `prefix` is the pointer to that value."""
    try:
        return model.model_validate_json(strict_json.dumps(value))
    except ValidationError as error:
        raise invalid(error, prefix) from None


def invalid(error: ValidationError, prefix: str = "") -> Problem:
    """The problem of a failed validation: at most 20 errors, none with the value that was sent."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    errors = [FieldError(_detail(item["type"], item["msg"]), prefix + _pointer(item["loc"])) for item in found]
    return Problem("invalid_field", f"{errors[0].pointer}: {errors[0].detail}", errors=errors[:MAX_ERRORS])


_DETAILS: Final = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is missing",
    "string_pattern_mismatch": ID_RULE,
}


def _detail(kind: str, message: str) -> str:
    return _DETAILS.get(kind) or message.removeprefix("Value error, ")[:200]


def _pointer(path: tuple[str | int, ...]) -> str:
    # The last part "[key]" is pydantic's way to say that the name itself is wrong.
    return pointer(path[:-1] if path and path[-1] == "[key]" else path)[:256]


def accepts(model: type[BaseModel], *types: str) -> dict[str, Any]:
    """What a route passes as `openapi_extra` so that its body, read by `read`, is in the OpenAPI document."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    content = {name: {"schema": schema} for name in types or JSON}
    return {"requestBody": {"required": True, "content": content}}
