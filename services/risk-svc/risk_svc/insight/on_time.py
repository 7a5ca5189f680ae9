"""Punctuality of groups as sheets: promises that have ended or are open, counted by pages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from risk_svc.insight.measures.punctuality import Settled, Steps, Tally, joined, punctuality, tallies
from risk_svc.insight.sheets import NO_NAME, Ended, Row, due_body

GROUPS: Final[dict[str, Callable[[Ended], str]]] = {
    "team": lambda one: one.department or NO_NAME,
    "kind": lambda one: one.kind,
    "customer": lambda one: one.customer_id,
    "all": lambda _: "all",
    "month": lambda one: f"{datetime.fromtimestamp(one.first, UTC):%Y-%m}",
}
"""What punctuality is of; a month is that of the first promised date."""


def counted(ended: Sequence[Ended], by: str) -> dict[str, Tally]:
    """The counts of each group; those of several pages of promises add up."""
    names = [GROUPS[by](one) for one in ended]

    def column(values: Iterable[float | None]) -> Any:
        return np.array([np.nan if value is None else value for value in values], np.float64)

    settled = Settled(
        names,
        column(one.requested for one in ended),
        column(one.first for one in ended),
        column(one.latest for one in ended),
        column(one.tolerance for one in ended),
        column(one.done for one in ended),
        column(0.0 if one.open else None if one.missing is None else 1.0 - one.missing for one in ended),
        np.array([one.ours for one in ended], np.int64),
        np.array([one.agreed for one in ended], np.int64),
        column(one.ended if one.open else None for one in ended),
    )
    steps = [
        (name, planned, reached, one.open)
        for name, one in zip(names, ended, strict=True)
        for planned, reached in zip(one.planned, one.reached, strict=True)
        # Of an open promise, those that have come due.
        if not one.open or planned < one.ended
    ]
    of, planned, reached, still = ([*column] for column in (zip(*steps, strict=True) if steps else [()] * 4))
    return tallies(settled, Steps(of, column(planned), column(reached), np.array(still, np.bool_)))


def added(found: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """The counts of several pages together."""
    total: dict[str, Tally] = {}
    for page in found:
        for name, one in page.items():
            total[name] = joined([total[name], one]) if name in total else one
    return total


def punctual(tallied: Mapping[str, Tally], by: str) -> list[Row]:
    """Kept three ways, in full, plan complete and resets of each group: most promises first, months newest first."""
    return [
        Row(
            name,
            float(name.replace("-", "")) if by == "month" else float(tally.n),
            {"name": name, "promises": tally.n, "open": tally.open}
            | {what: due_body(one) for what, one in punctuality(tally)._asdict().items()},
            name if by == "customer" else None,
        )
        for name, tally in tallied.items()
        # Of a group whose open promises are all in time there is nothing to say yet.
        if any(tally)
    ]
