"""Parameters of simulated companies: any that are valid, drawn from their own JSON Schema, and small ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from candor.web.http.currencies import CURRENCIES
from candor.web.http.fields import zones
from candor_demo.fieldservice.params import Params

NAMES = st.sampled_from(["a", "b", "c", "north", "x.y", "1"])
SCHEMA = Params.model_json_schema()
LEAST_OF = {
    "weeks": 3,
    "promises_per_week": 40,
    "per_week": 12,
    "people": 15,
    "customers": 30,
}
"""The most of what makes a stream long; its range beyond that is tried by tests of its own."""


def _value(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _object(SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[-1]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if name == "zone":
        return st.sampled_from(sorted(zones()))
    if name == "currency":
        return st.sampled_from(sorted(CURRENCIES))
    if name == "ending":
        return st.sampled_from([None, "today", "2010-01-01", "2026-03-01"])
    match schema.get("type"):
        case "number":
            low, high = schema["minimum"], min(schema["maximum"], LEAST_OF.get(name, schema["maximum"]))
            return st.one_of(st.sampled_from([low, high]), st.floats(low, high))
        case "integer":
            return st.integers(schema["minimum"], min(schema["maximum"], LEAST_OF.get(name, schema["maximum"])))
        case "array":
            least, most = schema.get("minItems", 0), min(schema.get("maxItems", 6), 6)
            own = _value(schema["items"])
            unique = schema["items"].get("type") == "string"
            return st.lists(own, min_size=least, max_size=most, unique=unique)
        case "object":
            keys = schema.get("propertyNames", {}).get("enum")
            values = schema.get("additionalProperties") or next(iter(schema["patternProperties"].values()))
            keyed = st.sampled_from(keys) if keys else NAMES
            least = schema.get("minProperties", 0)
            return st.dictionaries(keyed, _value(values), min_size=least, max_size=4)
        case "string" if schema.get("format") == "date":
            return st.dates(date(2000, 1, 1), date(2100, 1, 1))
        case "string":
            return NAMES
    raise AssertionError(f"{name}: no values for {schema}")


def _object(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    drawn = {name: _value(one, name) for name, one in schema["properties"].items()}
    needed = {name: drawn.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(needed, optional=drawn)


@st.composite
def _valid(draw: st.DrawFn) -> Params:
    given = draw(_object(SCHEMA))
    said = given.get("statements")
    if said:
        hops = said.get("hops", ["engineering", "product", "success", "sales", "customer"])
        drift = list(said.get("drift", {}).values())
        said["drift"] = dict(zip(hops[1:-1], drift, strict=False))
    for name, most in (("weeks", 3), ("promises_per_week", 40)):
        given[name] = min(given.get(name, most), most)
    try:
        return Params.model_validate(given)
    except ValidationError:
        # What contradicts itself, such as shares that are all 0, is what other tests are about.
        return Params(weeks=1)


companies = _valid()
"""Any parameters, of a few weeks."""


def small(**changes: Any) -> Params:
    """A few weeks of the default company, some of it changed."""
    return Params.model_validate({"weeks": 4, "promises_per_week": 30, **changes})
