"""The gap: bounded, monotone in every component, fully attributed."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from candor.calendar import Calendar, parse_business_hours
from candor.contracts import Component
from risk_svc.domain.component import Part
from risk_svc.domain.components import COMPONENTS
from risk_svc.domain.components.incidents import joined
from risk_svc.domain.components.lateness import lateness_of
from risk_svc.domain.components.scope import missing_share
from risk_svc.domain.components.silence import Silence, silence
from risk_svc.domain.gap import BAND_NAMES, GapDefinition, band, gap, roll_up

ALL = list(Component)
unit = st.floats(0, 1)
weights = st.fixed_dictionaries({component.value: st.floats(0, 0.95) for component in ALL})
values_of_all = st.tuples(*(unit for _ in ALL))


def parts(values: tuple[float, ...]) -> list[Part]:
    return [Part(component, x) for component, x in zip(ALL, values, strict=True)]


@given(values_of_all, weights)
def test_it_is_bounded(values: tuple[float, ...], weighed: dict[str, float]) -> None:
    assert 0.0 <= gap(parts(values), weighed).score < 100.0


@given(values_of_all, weights, st.integers(0, len(ALL) - 1), unit)
def test_it_grows_with_every_component(
    values: tuple[float, ...], weighed: dict[str, float], which: int, more: float
) -> None:
    raised = tuple(max(x, more) if place == which else x for place, x in enumerate(values))
    assert gap(parts(raised), weighed).score >= gap(parts(values), weighed).score - 1e-9


@example((1.0, *(0.0 for _ in ALL[2:]), 5e-324), dict.fromkeys(ALL, 0.0) | {ALL[0].value: 0.875, ALL[-1].value: 0.75})
@given(values_of_all, weights)
def test_contributions_sum_to_one_or_there_are_none(values: tuple[float, ...], weighed: dict[str, float]) -> None:
    found = gap(parts(values), weighed)
    if found.score == 0.0:
        assert found.parts == ()
        return
    assert math.fsum(share for _, share in found.parts) == pytest.approx(1.0, abs=1e-9)
    assert all(share > 0 for _, share in found.parts)


@given(values_of_all, weights)
def test_it_is_the_formula_of_the_definitions(values: tuple[float, ...], weighed: dict[str, float]) -> None:
    left = [1 - weighed[component] * x for component, x in zip(ALL, values, strict=True)]
    found = gap(parts(values), weighed)
    assert found.score == pytest.approx(100 * (1 - math.prod(left)), abs=1e-6)
    logs = dict(zip(ALL, map(math.log, left), strict=True))
    for part, share in found.parts if found.score > 0.01 else ():
        assert share == pytest.approx(logs[Component(part.component)] / math.fsum(logs.values()), abs=1e-6)


@given(st.floats(allow_nan=False))
def test_a_component_out_of_bounds_is_brought_to_the_nearest(x: float) -> None:
    found = gap([Part(Component.LATENESS, x)], GapDefinition().weights)
    assert found.score == pytest.approx(90 * min(1.0, max(0.0, x)), abs=1e-6)


def test_default_weights_are_those_of_the_definitions() -> None:
    definitions = {"lateness": 0.9, "scope": 0.9, "incidents": 0.6, "silence": 0.5, "unbacked": 0.3}
    assert definitions.items() <= GapDefinition().weights.items()
    assert Silence().silence_hours == 8.0


@pytest.mark.parametrize("bad", [{"lateness": 0.96}, {"scope": -0.1}, {"scope": math.nan}])
def test_weights_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        GapDefinition(weights=bad)


@pytest.mark.parametrize("hours", [0, -1, math.nan])
def test_silence_lasts_longer_than_nothing(hours: float) -> None:
    with pytest.raises(ValueError, match="silence_hours must be above 0"):
        Silence(hours)


def test_a_weight_of_nothing_known_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="no component latenes; there are lateness, scope, incidents, silence, unb"):
        GapDefinition(weights={"latenes": 0.5})


def test_two_components_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two components have one name"):
        GapDefinition((*COMPONENTS, Silence()))


def test_every_component_of_the_contract_is_found_in_its_order() -> None:
    assert [component.name for component in COMPONENTS] == ALL


@given(st.lists(st.tuples(unit, unit), max_size=6))
def test_incidents_join_without_passing_one(pairs: list[tuple[float, float]]) -> None:
    found = joined(pairs)
    assert 0.0 <= found <= 1.0
    for severity, overlap in pairs:
        assert found >= severity * overlap - 1e-9


def test_scope_is_what_was_not_delivered() -> None:
    assert missing_share([]) == 0.0
    assert missing_share([(2.0, 1.0), (1.0, 0.0)]) == pytest.approx(1 / 3)
    assert missing_share([(1.0, 1.5)]) == 0.0


@pytest.mark.parametrize(("hours", "expected"), [(0, 0.0), (4, 0.5), (8, 1.0), (30, 1.0), (-1, 0.0)])
def test_silence_grows_to_one_over_its_hours(hours: float, expected: float) -> None:
    assert silence(1000.0, 1000.0 + hours * 3600, 8.0) == pytest.approx(expected)


OFFICE = Calendar(parse_business_hours("mon-fri 09:00-17:00"), "Europe/Berlin")
FRIDAY = datetime(2026, 11, 20, 16, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(1, 1 / 8), (12, 1 / 8), (65, 1 / 8), (66, 2 / 8), (72, 1.0), (100, 1.0), (0, 0.0), (-5, 0.0)],
)
def test_nobody_is_silent_while_the_office_is_closed(hours: float, expected: float) -> None:
    assert silence(FRIDAY, FRIDAY + hours * 3600, 8.0, OFFICE) == pytest.approx(expected)


@given(st.floats(0, 2e9), st.floats(0, 1e6), st.floats(0.1, 100))
def test_business_silence_never_exceeds_that_of_the_clock(since: float, gone: float, hours: float) -> None:
    assert silence(since, since + gone, hours, Calendar()) == silence(since, since + gone, hours)
    assert 0.0 <= silence(since, since + gone, hours, OFFICE) <= silence(since, since + gone, hours) + 1e-6


def test_silence_is_nothing_without_doubt() -> None:
    assert silence(None, 5000.0, 8.0) == 0.0


@pytest.mark.parametrize(("late", "expected"), [(-60, 0.0), (0, 0.0), (1800, 0.5), (9999, 1.0)])
def test_real_lateness_is_measured_on_the_classes_own_scale(late: float, expected: float) -> None:
    assert lateness_of(1000.0 + late, 1000.0, 3600.0) == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 1e6)), min_size=1, max_size=20))
def test_a_roll_up_lies_between_mean_and_worst(pairs: list[tuple[float, float]]) -> None:
    total = sum(value for _, value in pairs)
    mean = sum(score * value for score, value in pairs) / total
    worst = max(score for score, _ in pairs)
    assert mean - 1e-6 <= roll_up(pairs) <= worst + 1e-6


def test_a_roll_up_of_nothing_is_nothing() -> None:
    assert roll_up([]) == 0.0
    assert roll_up([(50.0, 0.0), (80.0, 1.0)]) == 80.0


def test_promises_of_no_value_are_not_without_a_gap() -> None:
    assert roll_up([(30.0, 0.0), (40.0, -3.0)]) == pytest.approx(1250**0.5)


@given(st.floats(0, 100))
def test_every_score_has_its_band(score: float) -> None:
    assert band(score) in BAND_NAMES


@pytest.mark.parametrize(
    ("score", "name"), [(0.99, "none"), (1, "low"), (24.9, "low"), (25, "medium"), (50, "high"), (75, "severe")]
)
def test_bands_begin_where_they_say(score: float, name: str) -> None:
    assert band(score) == name


def test_a_component_that_gives_no_number_is_an_error_and_not_a_smaller_gap() -> None:
    with pytest.raises(ValueError, match="component scope gave NaN"):
        gap([Part(Component.LATENESS, 0.5), Part(Component.SCOPE, math.nan)], GapDefinition().weights)
