"""Standings gathered by pages: by whom they are, ranked by their lower end, persons only where they are shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.sheets import Ended
from risk_svc.insight.standings import Standings
from tests.support.insight_rows import DAY, ended

NOW = 1000 * DAY
promises = st.builds(
    ended,
    customer_id=st.sampled_from(["c1", "c2"]),
    department=st.sampled_from([None, "sales", "service"]),
    owner=st.sampled_from([None, "kim"]),
    deliverer=st.sampled_from([None, "crew-7"]),
    kept=st.booleans(),
    ended=st.floats(0, NOW),
)


def of(*pages: list[Ended], persons: bool = False) -> dict[str, list[tuple[str, float, int, bool]]]:
    found = Standings(NOW, persons=persons)
    for page in pages:
        found.add(page)
    return {
        sheet: [
            (
                row.name,
                row.body["standing"]["value"],
                row.body["standing"]["n"],
                row.body["too_little_history"],
            )
            for row in rows
        ]
        for sheet, rows in found.sheets().items()
    }


def test_a_case_by_hand() -> None:
    new = [ended(department="sales", kept=True, ended=NOW) for _ in range(20)]
    old = [ended(department="crew", kept=at > 0, ended=NOW - 180 * DAY, customer_id="c2") for at in range(4)]
    found = of(new, old)
    # 21/22, and kept 3 and broken 1 counting half: 2.5/4.
    assert found["standing:team"] == [("sales", 0.9545, 20, False), ("crew", 0.625, 4, True)]
    assert [name for name, *_ in found["standing:customer"]] == ["c1", "c2"]
    assert found["standing:deliverer"] == []


def test_what_is_open_and_overdue_is_not_kept_however_long_ago_it_was_due() -> None:
    kept = [ended(department="sales", kept=True, ended=NOW) for _ in range(2)]
    still = [
        ended(department="sales", open=True, ended=NOW, held=NOW - 900 * DAY, kept=False),
        ended(department="sales", open=True, ended=NOW, held=NOW - DAY, tolerance=DAY, kept=False),
        ended(department="sales", open=True, ended=NOW, held=NOW + DAY, kept=False),
    ]
    # Kept 2 of 3: the second is within its tolerance, the third in time; (2 + 1) / (3 + 2).
    assert of(kept, still)["standing:team"] == [("sales", 0.6, 3, True)]
    found = Standings(NOW, persons=False)
    found.add([*kept, *still])
    [row] = found.sheets()["standing:team"]
    assert row.body["standing"]["open"] == 1


def test_persons_have_a_standing_only_where_they_are_shown() -> None:
    page = [ended(owner="kim", kept=True, ended=NOW)]
    assert of(page)["standing:person"] == []
    assert of(page, persons=True)["standing:person"] == [("kim", 0.6667, 1, True)]


def test_a_customers_row_is_theirs_to_forget_and_a_teams_is_nobodys() -> None:
    found = Standings(NOW, persons=False)
    found.add([ended(department="sales", kept=True, ended=NOW)])
    sheets = found.sheets()
    assert [row.customer_id for row in sheets["standing:customer"]] == ["c1"]
    assert [row.customer_id for row in sheets["standing:team"]] == [None]


@given(st.lists(promises, max_size=30), st.integers(0, 30))
def test_pages_add_up_and_ranks_are_the_lower_ends(some: list[Ended], cut: int) -> None:
    whole, parts = of(some, persons=True), of(some[:cut], some[cut:], persons=True)
    assert {sheet: sorted(rows) for sheet, rows in whole.items()} == {
        sheet: sorted(rows) for sheet, rows in parts.items()
    }
    found = Standings(NOW, persons=True)
    found.add(some)
    for rows in found.sheets().values():
        assert [row.rank for row in rows] == sorted((row.rank for row in rows), reverse=True)
        assert all(abs(row.rank - row.body["standing"]["low"]) < 1e-4 for row in rows)
