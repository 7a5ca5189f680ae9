"""How partitions are shared out among members."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from candor.store.lease import share

NAMES = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


@given(st.integers(1, 64), NAMES)
def test_every_partition_has_one_place_and_shares_are_even(partitions: int, names: list[str]) -> None:
    shares = [share(partitions, names, name) for name in names]
    assert sum(shares) == partitions
    assert max(shares) - min(shares) <= 1


@given(st.integers(1, 64), NAMES)
def test_the_order_in_which_members_are_listed_is_no_matter(partitions: int, names: list[str]) -> None:
    assert [share(partitions, names, name) for name in names] == [
        share(partitions, [*reversed(names)], name) for name in names
    ]


def test_who_is_no_member_gets_nothing() -> None:
    assert share(4, ["a", "b"], "c") == 0
    assert share(4, [], "c") == 0
