"""Quantities in one unit of their kind, and those that have none in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures.units import COUNT, KINDS, amount

UNITS = sorted((kind, unit) for kind, units in KINDS.items() for unit in units)


@pytest.mark.parametrize(
    ("quantity", "unit", "kind", "value"),
    [
        (2, "weeks", "days", 14),
        (10, "Days", "days", 10),
        (36, "h", "days", 1.5),
        (3, "dozen", COUNT, 36),
        (36, "pcs.", COUNT, 36),
        (36, None, COUNT, 36),
        (36, " ", COUNT, 36),
        (1500, "g", "kg", 1.5),
        (2, "Tonnes", "kg", 2000),
        (250, "cm", "m", 2.5),
        (2, "m³", "l", 2000),
        (40, "percent", "%", 40),
        (5, "Licences", "licence", 5),
        (5, "licence", "licence", 5),
    ],
)
def test_a_case_by_hand(quantity: float, unit: str | None, kind: str, value: float) -> None:
    found = amount(quantity, unit)
    assert found.kind == kind
    assert found.value == pytest.approx(value)


@given(st.sampled_from(UNITS), st.floats(0, 1e6), st.sampled_from([str, str.upper, str.title]), st.booleans())
def test_how_a_unit_is_written_makes_no_difference(
    unit: tuple[str, str], quantity: float, written: object, stop: bool
) -> None:
    kind, name = unit
    spelt = written(name) + ("." if stop else "")  # type: ignore[operator]
    assert amount(quantity, f" {spelt} ") == amount(quantity, name)
    assert amount(quantity, name).kind == kind


@given(st.sampled_from(UNITS), st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_of_a_unit_is_more(unit: tuple[str, str], some: float, more: float) -> None:
    assert (amount(some, unit[1]).value <= amount(some + more, unit[1]).value) is True


def test_no_unit_is_of_two_kinds_and_each_kind_has_its_own() -> None:
    names = [unit for _, unit in UNITS]
    assert len(names) == len(set(names))
    assert all(amount(1, kind) == (kind, 1) for kind in KINDS)
