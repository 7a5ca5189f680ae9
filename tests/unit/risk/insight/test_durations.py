"""Durations of ended promises, gathered by pages: bias of them is that of all at once, and only so many are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.durations import Gathered, bias_sheets, verdict_of
from risk_svc.insight.measures.bias import Bias, Biases, Completed, biases, biases_of
from risk_svc.insight.measures.figure import Figure, Unit, too_little
from risk_svc.insight.sheets import Ended

DAY = 86_400.0
names = st.none() | st.sampled_from(["a", "b", "c"])


def ended(number: int = 0, *, took: float | None = 2 * DAY, **changes: Any) -> Ended:
    made = float(number)
    done = None if took is None else made + took
    one = Ended(
        "c1", "sales", "kim", "crew-7", "install", made, None, made + DAY, made + DAY, 0.0, done, None, 0, 0, [], []
    )
    return one._replace(**changes)


ends = st.builds(ended, took=st.none() | st.floats(60.0, 90 * DAY), department=names, owner=names, deliverer=names)


def at_once(promises: list[Ended]) -> Biases:
    done = [one for one in promises if one.done is not None]
    kind, team, deliverer = ([getattr(one, name) or "" for one in done] for name in ("kind", "department", "deliverer"))
    took = np.array([(one.done or 0.0) - one.made for one in done], np.float64)
    promised = np.array([one.first - one.made for one in done], np.float64)
    made = np.array([one.made / DAY for one in done], np.float64)
    return biases(Completed(kind, team, deliverer, promised, took, None, made))


@given(st.lists(ends, max_size=60), st.integers(0, 60))
def test_by_pages_it_is_what_it_is_at_once(promises: list[Ended], cut: int) -> None:
    gathered = Gathered()
    for page in (promises[:cut], promises[cut:]):
        gathered.add(page)
    found, expected = biases_of(gathered.by_team()), at_once(promises)
    assert (found.n, found.left_out) == (expected.n, expected.left_out)
    for some, others in ((found.makers, expected.makers), (found.deliverers, expected.deliverers)):
        assert [(one.name, one.drift.n) for one in some] == [(one.name, one.drift.n) for one in others]
        for one, other in zip(some, others, strict=True):
            assert one.drift.value == pytest.approx(other.drift.value)


def test_when_promises_were_made_is_known_in_days() -> None:
    gathered = Gathered()
    gathered.add([ended(0), ended(5 * 86_400), ended(6 * 86_400, took=None)])
    for found in (gathered.by_team(), gathered.by_person()):
        assert found.made is not None
        assert found.made.tolist() == [0.0, 5.0]


def test_open_promises_have_taken_so_long_so_far() -> None:
    gathered = Gathered()
    gathered.add([ended(took=None)])
    gathered.add([ended(took=None, open=True, ended=3 * DAY), ended(took=2 * DAY)])
    found = gathered.by_team()
    assert found.open is not None
    assert (found.actual.tolist(), found.open.tolist()) == ([3 * DAY, 2 * DAY], [True, False])
    [row] = bias_sheets(gathered, persons=False)["bias:team"]
    assert (row.body["drift"]["n"], row.body["drift"]["open"]) == (2, 1)


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 50))
def test_of_too_many_each_so_and_so_many_th_counts(pages: list[int], most: int) -> None:
    gathered, number = Gathered(most), 0
    for size in pages:
        gathered.add([ended(at, took=None if at % 5 == 4 else 60.0 + at) for at in range(number, number + size)])
        number += size
        assert len(gathered.by_team().actual) <= most
    done = [60.0 + at for at in range(number) if at % 5 != 4]
    kept = gathered.by_team().actual.tolist()
    steps = {at // max(1, place) for place, at in enumerate(map(done.index, kept)) if place}
    assert len(steps) <= 1
    assert len(kept) >= min(len(done), (most + 1) // 2)


def test_persons_are_makers_only_where_they_are_switched_on() -> None:
    gathered = Gathered()
    gathered.add([ended(number, owner=f"kim-{number % 2}") for number in range(60)])
    assert bias_sheets(gathered, persons=False)["bias:person"] == []
    found = bias_sheets(gathered, persons=True)
    assert {sheet: sorted(row.name for row in rows) for sheet, rows in found.items()} == {
        "bias:team": ["sales"],
        "bias:deliverer": ["crew-7"],
        "bias:person": ["kim-0", "kim-1"],
    }


def test_what_has_too_little_history_comes_after_all_that_is_stated() -> None:
    gathered = Gathered()
    gathered.add([ended(n, took=DAY * (0.01 + n % 2), department="sales") for n in range(40)])
    gathered.add([ended(n, department="new") for n in range(3)])
    rows = {row.name: row for row in bias_sheets(gathered, persons=False)["bias:team"]}
    assert rows["new"].rank < -1 < rows["sales"].rank
    assert rows["new"].body == {
        "name": "new",
        "drift": {"value": None, "low": None, "high": None, "n": 3, "open": 0},
        "verdict": "too_little_history",
    }


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.1, 0.3, "optimistic"), (-0.3, -0.1, "padded"), (-0.1, 0.2, "unclear")]
)
def test_a_direction_is_said_only_of_a_whole_interval(low: float, high: float, verdict: str) -> None:
    drift = Figure((low + high) / 2, low, high, 40, Unit.PART, 0.9)
    assert verdict_of(Bias("m", drift, drift.certain_sign != 0)) == verdict
    assert verdict_of(Bias("m", too_little(19, Unit.PART, 0.9), False)) == "too_little_history"
