"""What each side believes, as rows of a sheet: in order, beside the share kept, and nothing of fewer than five."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.beliefs import DAY, SIDES, TREND_DAYS, Answer, compared
from risk_svc.insight.matter_rows import RATED
from risk_svc.insight.measures.figure import share
from risk_svc.insight.measures.perception import FEWEST

KEPT = share(60, 100)
NOW = 400 * DAY


def answers(side: str, *ratings: int, question: str = "well", at: float = NOW, people: int = 1) -> list[Answer]:
    return [(side, question, rating, people, at) for rating in ratings]


def test_a_gap_that_is_there_is_a_disparity_beside_the_share_kept() -> None:
    found = compared(
        [*answers("leadership", *[5] * 16, *[4] * 4), *answers("customers", *[1] * 60, *[2] * 38, 5, 5)], KEPT
    )
    cells = {row.name: row.body for row in found["perception"]}
    assert [*cells] == ["well:customers", "well:leadership"]
    assert (cells["well:leadership"]["top"]["value"], cells["well:leadership"]["top"]["n"]) == (0.8, 20)
    assert (cells["well:customers"]["top"]["value"], cells["well:customers"]["rating"]["value"]) == (0.02, 1.46)
    assert all(body["kept"]["value"] == 0.6 for body in cells.values())
    [pair] = found["perception:pairs"]
    assert (pair.body["verdict"], pair.body["top"]["value"]) == ("disparity", -0.78)
    # Mean ratings of 4.8 and 1.46 with nothing crossing: (4.8 - 1.46) / 4.
    assert (pair.body["distance"]["value"], pair.rank) == (0.835, 0.835)


def test_two_sides_that_say_the_same_are_alike() -> None:
    same = [3] * 100 + [4] * 100
    found = compared([*answers("staff", *same), *answers("customers", *same)], KEPT)
    assert [row.body["verdict"] for row in found["perception:pairs"]] == ["similarity"]


def test_a_group_sheet_counts_its_people() -> None:
    found = compared(answers("staff", 5, people=12), KEPT)
    assert found["perception"][0].body["top"]["n"] == 12


def test_what_grew_since_is_said() -> None:
    before = NOW - (TREND_DAYS + 1) * DAY
    found = compared([*answers("staff", *[2] * 40, at=before), *answers("staff", *[5] * 40)], KEPT)
    [row] = found["perception"]
    assert (row.body["trend"]["value"], row.body["trend"]["n"]) == (1.0, 80)
    assert compared(answers("staff", *[5] * 40), KEPT)["perception"][0].body["trend"] is None


def test_without_answers_there_are_no_rows() -> None:
    assert compared([], KEPT) == {"perception": [], "perception:pairs": []}


@given(
    st.lists(
        st.tuples(st.sampled_from(SIDES), st.sampled_from(RATED), st.integers(1, 5), st.integers(1, 3), st.just(NOW))
    )
)
def test_of_fewer_than_five_nothing_is_said_and_order_does_not_matter(drawn: list[Answer]) -> None:
    found = compared(drawn, KEPT)
    for row in found["perception"]:
        people = sum(one[3] for one in drawn if one[:2] == (row.body["side"], row.body["question"]))
        assert row.body["suppressed"] is (people < FEWEST)
        figures = [row.body[name] for name in ("top", "rating")]
        if people < FEWEST:
            assert figures == [{"value": None, "low": None, "high": None, "n": 0}] * 2
        else:
            assert all(figure["n"] == people for figure in figures)
    assert found == compared(drawn[::-1], KEPT)
    ranks = [row.rank for row in sorted(found["perception"], key=lambda row: -row.rank)]
    assert len({*ranks}) == len(ranks)
