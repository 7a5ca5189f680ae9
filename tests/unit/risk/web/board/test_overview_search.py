"""What the search of the overview narrows its list to."""

from __future__ import annotations

import pytest

from risk_svc.store.queries import GapFilter
from risk_svc.web.board.pages.overview import SEARCHED, searched

OPEN = GapFilter(standing="open")


@pytest.mark.parametrize(
    ("by", "text", "expected"),
    [
        ("id", "PR-1", OPEN._replace(search="PR-1")),
        ("owner", "ada", OPEN._replace(owner="ada")),
        ("place", "LEJ", OPEN._replace(place="site:LEJ")),
        ("place", "crew:7", OPEN._replace(place="crew:7")),
    ],
)
def test_each_way_to_search_is_a_filter_of_its_own(by: str, text: str, expected: GapFilter) -> None:
    assert by in SEARCHED
    assert searched(OPEN, by, text) == expected
