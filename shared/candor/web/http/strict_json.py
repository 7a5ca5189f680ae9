"""Strict JSON parsing: refuses whatever two readers could understand differently."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any, Final

import msgspec

from candor.web.http.problems import Problem

DEEPEST: Final = 32
_decoder: Final = msgspec.json.Decoder()
_encoder: Final = msgspec.json.Encoder()


def loads(raw: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises Problem `malformed_json` if the text is empty, cut short, followed by data, not UTF-8 (BOM, UTF-16, lone
    surrogates), or contains NaN or infinity (also by overflow), an integer of thousands of digits, a key given twice in
    one object, or more than 32 levels.
    """
    try:
        value = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(_reason(raw, error)) from None
    # Compact text that encodes back to itself cannot contain a repeated key; other text is parsed again, slowly.
    if _encoder.encode(value) != raw:
        _refuse_repeated_keys(raw)
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _deeper_than(value, DEEPEST):
        raise _malformed(f"nested deeper than {DEEPEST} levels")
    return value


def loads_object(raw: bytes) -> dict[str, Any]:
    """Like `loads`, for a JSON object; any other value is `malformed_json` too."""
    value = loads(raw)
    if not isinstance(value, dict):
        raise _malformed("the body must be a JSON object")
    return value


def _malformed(detail: str) -> Problem:
    return Problem("malformed_json", detail)


def _reason(raw: bytes, error: Exception) -> str:
    if not raw.strip():
        return "the body is empty"
    if isinstance(error, RecursionError):
        return f"nested deeper than {DEEPEST} levels"
    if raw.startswith(BOM_UTF8):
        return "the body begins with a byte order mark: send it without one"
    if isinstance(error, UnicodeDecodeError) or b"\0" in raw[:4]:
        return "the body is not UTF-8"
    # Its messages name a byte position, never the content.
    return str(error)[:120]


def _refuse_repeated_keys(raw: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise _malformed("a key is given twice in one object")
        return members

    try:
        json.loads(raw, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise _malformed("the body is not JSON") from None


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def dumps(value: Any) -> bytes:
    """Return compact JSON of a value, which may contain msgspec structs, datetimes and enums."""
    return _encoder.encode(value)
