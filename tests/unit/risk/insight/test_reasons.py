"""Why dates were moved, by team: the most frequent reasons, and none that only few gave."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.reasons import LEAST, NAMED, Reasons
from risk_svc.insight.sheets import Ended


def moved(*reasons: str, team: str | None = "sales") -> Ended:
    return Ended("c1", team, None, None, "x", 0.0, None, 1.0, 1.0, 0.0, 1.0, None, len(reasons), 0, [], [], reasons)


@given(st.lists(st.lists(st.sampled_from(["parts", " Parts", "crew", "rain", ""])), max_size=40), st.integers(0, 40))
def test_pages_add_up_and_the_most_frequent_come_first(promises: list[list[str]], cut: int) -> None:
    rows = [moved(*reasons) for reasons in promises]
    paged, whole = Reasons(), Reasons()
    for page in (rows[:cut], rows[cut:]):
        paged.add(page)
    whole.add(rows)
    found = paged.of("sales")
    assert found == whole.of("sales")
    assert [one["n"] for one in found] == sorted((one["n"] for one in found), reverse=True)
    assert all(one["n"] >= LEAST and one["reason"] for one in found)
    said = [reason.strip().lower() for reasons in promises for reason in reasons]
    assert all(one["n"] == said.count(one["reason"]) for one in found)


def test_each_team_has_its_own_and_only_so_many() -> None:
    reasons = Reasons()
    reasons.add([moved("parts", team=None), *[moved("parts", "crew", "rain", "road")] * LEAST])
    assert [one["reason"] for one in reasons.of("sales")] == ["crew", "parts", "rain"]
    assert len(reasons.of("sales")) == NAMED
    assert reasons.of("") == []


def test_of_too_many_different_reasons_the_rare_are_forgotten() -> None:
    reasons = Reasons(most=10)
    reasons.add([moved("parts")] * 20)
    for number in range(100):
        reasons.add([moved(f"because of {number}")])
    reasons.add([moved("parts")])
    assert reasons.of("sales") == [{"reason": "parts", "n": 21}]
    assert len(reasons._counts) <= 11
