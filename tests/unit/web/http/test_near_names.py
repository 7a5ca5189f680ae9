"""Names that may have been meant: near ones first, whatever their capitals, of few that are looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.near_names import LOOKED_AT, MOST, near, or_near

NAMES = st.text("abcxyz-", min_size=1, max_size=12)


def test_the_nearest_comes_first_and_what_is_far_is_not_named() -> None:
    known = ["export", "telemetry", "Telemetry-EU", "billing"]
    assert near("telemetri", known) == ["telemetry", "Telemetry-EU"]
    assert near("TELEMETRY", known)[0] == "telemetry"
    assert near("zzz", known) == []


@given(NAMES, st.lists(NAMES, max_size=20, unique_by=str.casefold))
def test_what_is_named_is_known_and_is_little(name: str, known: list[str]) -> None:
    found = near(name, known)
    assert len(found) <= MOST
    assert {*found} <= {*known}
    assert name not in known or found[0] == name


def test_of_very_many_only_so_many_are_looked_at() -> None:
    many = [f"other-{number}" for number in range(LOOKED_AT)]
    assert near("telemetry", [*many, "telemetry"]) == []


def test_the_detail_names_them_if_there_are_any() -> None:
    assert or_near("no such thing", ["a", "b"]) == "no such thing; near names: a, b"
    assert or_near("no such thing", []) == "no such thing"
