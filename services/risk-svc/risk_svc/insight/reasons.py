"""Why the company moved its dates, by team, counted by pages: what staff wrote, where several wrote the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from risk_svc.insight.sheets import NO_NAME, Ended

LEAST: Final = 5
"""Reasons that were given less often are not named: they may be about one customer."""
NAMED: Final = 3
MOST: Final = 20_000
"""Different reasons that are counted; of more the rarer half is forgotten."""


class Reasons:
    """Counts of reasons by team, in small letters and without the spaces around them."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, page: Sequence[Ended]) -> None:
        """Count those of a page."""
        said = ((one.department or NO_NAME, reason.strip().lower()) for one in page for reason in one.reasons)
        self._counts.update(pair for pair in said if pair[1])
        if len(self._counts) > self._most:
            self._counts = Counter(dict(self._counts.most_common(self._most // 2)))

    def of(self, team: str) -> list[dict[str, Any]]:
        """The most frequent reasons of a team."""
        found = sorted((-n, reason) for (name, reason), n in self._counts.items() if name == team and n >= LEAST)
        return [{"reason": reason, "n": -n} for n, reason in found[:NAMED]]
