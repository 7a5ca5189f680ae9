"""JMESPath expressions over a sender's JSON: they select and rearrange, and can neither loop, read files nor call out.

The language is JMESPath (https://jmespath.org) with eight functions more: `lower(text)`, `split(text, separator)`,
`part(text, separator, number)`, `slug(text)`, `field(object, name)`, `entries(object)`, `spread(list, &path)` and
`digest(value)`.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from math import prod
from typing import Any, Final, cast

import jmespath
from jmespath import functions
from jmespath.exceptions import (
    IncompleteExpressionError,
    JMESPathError,
    JMESPathTypeError,
    LexerError,
    ParseError,
)
from jmespath.parser import ParsedResult

from candor.intake.mapped.ids import as_slug
from candor.intake.source import canonical

LONGEST: Final = 2_000
GROWS: Final = 1_000
"""How many times as large as what it is given the result of an expression may be."""
SPREADS: Final = 200
"""How many entries of a list within an object `spread` takes: as many as one change of Salesforce's may name."""
_KINDS: Final = {
    **{"string": "a text", "number": "a number", "boolean": "true or false", "array": "a list", "object": "an object"},
    **{"null": "nothing", "array-string": "texts", "array-number": "numbers", "expref": "an expression"},
    **{"NoneType": "nothing", "str": "a text", "int": "a number", "float": "a number", "bool": "true or false"},
    **{"list": "a list", "dict": "an object"},
}
_CHAINS: Final = ("subexpression", "index_expression")


class ExpressionError(ValueError):
    """An expression that cannot be read, or that does not fit what it was given."""


class _Functions(functions.Functions):
    """The functions of JMESPath, and ours; what a name means is found by the base class through its signature."""

    @functions.signature({"types": ["string"]})
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @functions.signature({"types": ["string"]}, {"types": ["string"]})
    def _func_split(self, text: str, separator: str) -> list[str]:
        return text.split(separator) if separator else [text]

    @functions.signature({"types": ["string"]}, {"types": ["string"]}, {"types": ["number"]})
    def _func_part(self, text: str, separator: str, number: int) -> str | None:
        parts = self._func_split(text, separator)
        place = int(number)
        return parts[place] if -len(parts) <= place < len(parts) else None

    @functions.signature({"types": ["string"]})
    def _func_slug(self, text: str) -> str | None:
        return as_slug(text)

    @functions.signature({"types": ["object", "null"]}, {"types": ["string", "null"]})
    def _func_field(self, holder: dict[str, Any] | None, name: str | None) -> Any:
        return (holder or {}).get(name) if name is not None else None

    @functions.signature({"types": ["object", "null"]})
    def _func_entries(self, holder: dict[str, Any] | None) -> list[dict[str, Any]]:
        return [{"key": key, "value": value} for key, value in (holder or {}).items()]

    @functions.signature({"types": []})
    def _func_digest(self, value: Any) -> str | None:
        return None if value is None else sha256(canonical(value)).hexdigest()[:32]

    @functions.signature({"types": ["array"]}, {"types": ["expref"]})
    def _func_spread(self, holders: list[Any], path: Any) -> list[dict[str, Any]]:
        found = []
        for holder in holders:
            ones = path.visit(path.expression, holder)
            if isinstance(ones, list) and len(ones) > SPREADS:
                raise ExpressionError(f"spread takes at most {SPREADS} entries of one list, here are {len(ones):,}")
            found += [{"one": one, "of": holder} for one in ones] if isinstance(ones, list) else []
        return found


_OPTIONS: Final = jmespath.Options(custom_functions=_Functions())


@lru_cache(maxsize=4_096)
def compiled(text: str) -> ParsedResult:
    """The expression. Raises ExpressionError for one that cannot be read, is too long, or multiplies what it is given.

    Whether its functions exist is seen only when it is used; see `check`.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST:,} characters")
    try:
        found = jmespath.compile(text)
    except JMESPathError as error:
        raise ExpressionError(f"no JMESPath expression: {_unread(error, text)}") from None
    except RecursionError:
        raise ExpressionError("no JMESPath expression: nested too deep") from None
    _check(cast("dict[str, Any]", found.parsed))
    return found


def _unread(error: JMESPathError, text: str) -> str:
    if isinstance(error, IncompleteExpressionError):
        return "it ends too early"
    if isinstance(error, ParseError):
        said = f"{str(error.token_value)[:64]!r} cannot stand at character {error.lex_position + 1}"
        return f"{said}: a constant is {{value: …}}" if text[:1].isdigit() else said
    if isinstance(error, LexerError):
        return f"{str(error.lexer_value)[:64]!r} cannot stand at character {error.lexer_position + 1}"
    return _plainly(error)


def _check(node: dict[str, Any]) -> None:
    if _growth(node) > GROWS:
        raise ExpressionError(f"the expression could make {GROWS:,} values of one: use fewer lists in lists")
    for one in _nodes(node):
        if one["type"] in _CHAINS and one["children"][0]["type"] == "not_expression":
            raise ExpressionError("`!a.b` means (!a).b, which is nothing: write !(a.b)")
        if one["type"] == "function_expression" and one["value"] not in _Functions.FUNCTION_TABLE:
            known = ", ".join(sorted(_Functions.FUNCTION_TABLE))
            raise ExpressionError(f"there is no function {one['value'][:64]!r}, there are {known}")


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    found, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += [child for child in one["children"] if isinstance(child, dict)]
    return found


def _growth(node: dict[str, Any]) -> int:
    # Each pipe over `[@, @]` doubles what is there: forty of them would fill any memory.
    of_children = [_growth(child) for child in node["children"] if isinstance(child, dict)]
    if node["type"] in ("multi_select_list", "multi_select_dict"):
        return min(sum(of_children), GROWS + 1)
    return min(prod(of_children), GROWS + 1)


def evaluate(text: str, given: Any) -> Any:
    """What the expression selects of `given`, None if there is nothing. Raises ExpressionError if it does not fit."""
    try:
        return compiled(text).search(given, options=_OPTIONS)
    except ExpressionError:
        raise
    except JMESPathError as error:
        raise ExpressionError(_plainly(error)) from None
    except (ArithmeticError, TypeError, ValueError, RecursionError, AttributeError) as error:
        # The library assumes of some values what senders do not keep, as in sorting what cannot be compared.
        raise ExpressionError(f"{type(error).__name__} in {text[:80]!r}") from None


def holds(text: str, given: Any) -> bool:
    """Whether the expression selects something, as JMESPath understands it: neither false, null nor empty."""
    found = evaluate(text, given)
    return (found == 0 and not isinstance(found, bool)) or bool(found)


def _plainly(error: JMESPathError) -> str:
    if isinstance(error, JMESPathTypeError):
        given = "nothing" if error.current_value is None else f"{_KINDS.get(error.actual_type, 'something else')}"
        wanted = " or ".join(dict.fromkeys(_KINDS.get(kind, kind) for kind in error.expected_types))
        return f"{error.function_name}() takes {wanted}, and {given} is there"
    # Its messages draw an arrow below the expression on a second line.
    return str(error).splitlines()[0][:200]
