"""How many forecasts are explained in one turn of an incident's round."""

from __future__ import annotations

import pytest

from risk_svc.worker.scoring import MAX_EXPLAINED, explained_of_a_round


@pytest.mark.parametrize(
    ("touched", "explained"), [(1, 10), (100, 10), (500, 20), (1_000, 40), (50_000, MAX_EXPLAINED)]
)
def test_a_share_of_a_long_turn_and_a_few_of_a_short_one(touched: int, explained: int) -> None:
    assert explained_of_a_round(touched) == explained
