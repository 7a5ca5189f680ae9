"""How those who promise, deliver or are promised stand: kept and broken, gathered by pages, as sheets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from risk_svc.insight.measures.figure import LEAST
from risk_svc.insight.measures.reputation import Outcomes, Record, joined, ranked, records
from risk_svc.insight.sheets import NO_NAME, Ended, Row, due_body

DAY: Final = 86_400.0
PERSON: Final = "person"
BY: Final[dict[str, Callable[[Ended], str]]] = {
    "team": lambda one: one.department or NO_NAME,
    "deliverer": lambda one: one.deliverer or NO_NAME,
    "customer": lambda one: one.customer_id,
    PERSON: lambda one: one.owner or NO_NAME,
}
"""Whose standing there is: an account's is ours with it."""


class Standings:
    """Records of kept and broken promises by whose they are, at the moment `now` (epoch seconds)."""

    def __init__(self, now: float, *, persons: bool) -> None:
        self._now = now
        self._found: dict[str, dict[str, Record]] = {by: {} for by in BY if persons or by != PERSON}

    def add(self, page: Sequence[Ended]) -> None:
        """Count the promises of a page; what ended in the future of `now` counts as ended now.

        What is open and overdue is not kept, now and as long as it is open: it is not forgotten with time.
        """
        page = [one for one in page if not one.open or one.overdue]
        kept = np.array([one.kept for one in page], np.float64)
        age = np.array([(self._now - one.ended) / DAY for one in page], np.float64)
        late = np.array([one.open for one in page], np.bool_)
        for by, before in self._found.items():
            names = [BY[by](one) for one in page]
            self._found[by] = joined([before, records(Outcomes(names, kept, age, late))])

    def sheets(self) -> dict[str, list[Row]]:
        """A sheet for each of BY, best lower end first; that of persons is empty unless they are shown."""
        found: dict[str, list[Row]] = {f"standing:{PERSON}": []}
        return found | {f"standing:{by}": self._rows(by) for by in self._found}

    def _rows(self, by: str) -> list[Row]:
        named = {name: one for name, one in self._found[by].items() if name != NO_NAME}
        return [
            Row(
                one.maker,
                one.share.low or 0.0,
                {
                    "name": one.maker,
                    "standing": due_body(one.share),
                    "too_little_history": one.share.n < LEAST,
                },
                one.maker if by == "customer" else None,
            )
            for one in ranked(named)
        ]
