"""What is wrong with a value of a file, in words for people who write YAML, not Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from candor.web.http.fields import rule_of

NAMES: Final = "must be names with what they are (name: …)"
TEXT: Final = "must be a text (in quotes, if it looks like a number)"
_WORDS: Final = {
    "missing": "is missing",
    "model_type": NAMES,
    "dict_type": NAMES,
    "extra_forbidden": "is no name that may stand here",
    "union_tag_invalid": "must be an expression, a constant ({value: …}), or {from: …}",
    "string_type": TEXT,
    "list_type": "must be a list, such as [one, other]",
    "int_type": "must be a whole number, without quotes",
    "int_parsing": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "float_parsing": "must be a number, without quotes",
    "bool_type": "must be true or false",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
_BARE: Final = {"Nothing"}
"""Parts without fields."""
_EMPTY: Final = {"string_too_short", "too_short"}
_KINDS: Final = ("string_type", "list_type", "int_type", "float_type", "bool_type", "dict_type", "model_type")
_SHORT: Final = dict(
    zip(
        _KINDS,
        ("a text", "a list", "a number", "a number", "true or false", "names with what they are", "names"),
        strict=True,
    )
)
_PATTERNS: Final = {
    "^[a-z][a-z0-9_-]{0,63}$": "must be a small letter, then small letters, digits, _ or -, at most 64 in all",
    "^[a-z][a-z0-9_]{0,63}$": "must be a small letter, then small letters, digits or _, at most 64 in all",
    "^[A-Z][A-Z0-9_]{0,63}$": "must be the name of a variable: a capital letter, then capitals, digits or _",
    "^[A-Za-z0-9-]{1,64}$": "must be the name of a header: letters, digits and hyphens, at most 64",
    "^[A-Za-z0-9_.-]{1,64}$": "must be 1 to 64 of letters, digits, dot, underscore, hyphen",
}


def told(found: Sequence[Mapping[str, Any]]) -> str:
    """What pydantic says of one value, as errors with their input: several where it may be of several kinds."""
    kinds = list(dict.fromkeys(_SHORT[one["type"]] for one in found if one["type"] in _KINDS))
    words = f"must be {' or '.join(kinds)}" if len(kinds) > 1 else one_told(found[0])
    if found[0]["type"] == "string_type" and found[0]["loc"][-1:] == ("expression",):
        words = "must be an expression, such as item.name, or a constant, {value: …}"
    empty = found[0]["type"] not in ("missing", "extra_forbidden") and found[0].get("input") is None
    return f"is empty: it {words}" if empty and words.startswith("must") else words


def one_told(error: Mapping[str, Any]) -> str:
    """What one error says."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        return _PATTERNS.get(pattern) or rule_of(pattern)
    if kind == "model_type" and context.get("class_name") in _BARE:
        return "must be {}, as it has no options"
    if kind in _EMPTY and context.get("min_length") == 1:
        return "must not be empty"
    if kind in _WORDS:
        return _WORDS[kind].format(**context)
    return str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be", 1)
