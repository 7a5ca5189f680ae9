"""Quantities in one unit of their kind, so that 2 weeks and 10 days can be compared (definitions.md: distortion)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

COUNT: Final = "pieces"
"""What a number without a unit counts."""
KINDS: Final[Mapping[str, Mapping[str, float]]] = {
    COUNT: {
        **{"": 1, "piece": 1, "pc": 1, "item": 1, "unit": 1, "pair": 2, "dozen": 12, "gross": 144},
        **{"hundred": 100, "thousand": 1000},
    },
    "days": {
        **{"second": 1 / 86_400, "sec": 1 / 86_400, "minute": 1 / 1440, "min": 1 / 1440, "hour": 1 / 24, "hr": 1 / 24},
        **{"h": 1 / 24, "day": 1, "d": 1, "week": 7, "wk": 7, "fortnight": 14, "month": 365.25 / 12, "year": 365.25},
    },
    "kg": {"mg": 1e-6, "g": 1e-3, "gram": 1e-3, "kg": 1, "kilo": 1, "kilogram": 1, "t": 1000, "tonne": 1000},
    "m": {"mm": 1e-3, "cm": 0.01, "m": 1, "metre": 1, "meter": 1, "km": 1000, "kilometre": 1000, "kilometer": 1000},
    "m²": {"cm²": 1e-4, "cm2": 1e-4, "m²": 1, "m2": 1, "sqm": 1, "ha": 10_000, "hectare": 10_000},
    "l": {"ml": 1e-3, "cl": 0.01, "l": 1, "litre": 1, "liter": 1, "hl": 100, "m³": 1000, "m3": 1000},
    "%": {"%": 1, "percent": 1, "per cent": 1},
}
"""By kind of quantity, named by its unit, how many of that unit each one is. A month and a year are average ones."""
_UNITS: Final = {unit: (kind, many) for kind, units in KINDS.items() for unit, many in units.items()}


class Amount(NamedTuple):
    """A quantity in the unit of its kind; of a unit that is not known, the kind is that unit."""

    kind: str
    value: float


def amount(quantity: float, unit: str | None) -> Amount:
    """The quantity in the unit of its kind; capitals, a full stop and a plural s make no difference."""
    name = (unit or "").strip().rstrip(".").casefold()
    for spelt in (name, name.removesuffix("s"), name.removesuffix("es")):
        if spelt in _UNITS:
            kind, many = _UNITS[spelt]
            return Amount(kind, quantity * many)
    return Amount(name.removesuffix("s"), quantity)
