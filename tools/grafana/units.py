"""Figures as Grafana says them, in the units that our panels have."""

from __future__ import annotations

from typing import Final

STEPS: Final = ((86_400, "day"), (3600, "h"), (60, "min"), (1, "s"), (0.001, "ms"))
LARGE: Final = ((1_000_000, "M"), (1000, "k"))
RATES: Final = {"cps": "/s", "reqps": "/s"}


def said(value: float, unit: str, scale: float, decimals: int | None = None) -> str:
    """Return a value in its unit; `scale` is the largest beside it, so that an axis has one unit."""
    if unit == "percentunit":
        return f"{value * 100:.{_places(scale * 100) if decimals is None else decimals}f} %"
    if unit == "s":
        if not scale:
            return "0 s"
        size, name = next((step for step in STEPS if abs(scale) >= step[0]), STEPS[-1])
        return f"{value / size:.{_places(scale / size) if decimals is None else decimals}f} {name}"
    size, name = next((step for step in LARGE if abs(scale) >= step[0] * 10), (1, ""))
    places = (_places(scale / size) if decimals is None else decimals) if value % size else 0
    return f"{value / size:.{places}f}{name}{RATES.get(unit, '')}"


def _places(scale: float) -> int:
    return 0 if abs(scale) >= 20 else 1 if abs(scale) >= 2 else 2
