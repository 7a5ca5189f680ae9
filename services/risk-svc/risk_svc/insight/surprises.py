"""Promises that ended much better or much worse than their customer was told last, gathered by pages. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from heapq import nlargest
from typing import Any, Final, Literal

import numpy as np

from candor.contracts import Statement
from risk_svc.insight.measures.contact import Ended as Outcomes
from risk_svc.insight.measures.contact import surprises
from risk_svc.insight.measures.figure import Floats, share
from risk_svc.insight.sheets import NO_NAME, Ended, Row, figure_body

MOST: Final = 10_000
"""Surprises that are listed, those that ended last."""
LEAD_SHARE: Final = 0.05
SHORTEST: Final = 3_600.0
"""H is at least this share of the lead time, and an hour, as in the gap."""
DAY: Final = 86_400.0
Verdict = Literal["better", "worse"]


class Surprises:
    """The surprises among promises that ended, and how many there are by department.

    `late` says by promise type the 90 % quantile of lateness among the late ones, in seconds.
    """

    def __init__(self, late: Mapping[str, float], most: int = MOST) -> None:
        self._late = late
        self._most = most
        self._rows: list[Row] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, page: Sequence[Ended]) -> None:
        """Take in the promises of a page of which it is known what their customer expected."""
        some = [one for one in page if one.expected_from is not None]
        sizes = surprises(self._outcomes(some))
        for one, size in zip(some, sizes.tolist(), strict=True):
            department = one.department or NO_NAME
            self._counts[department, "ended"] += 1
            if size:
                row = _row(one, size)
                self._rows.append(row)
                self._counts[department, row.body["verdict"]] += 1
                self._counts[department, "unannounced"] += not row.body["announced"]
        if len(self._rows) > 2 * self._most:
            self._rows = self._newest()

    def sheets(self) -> dict[str, list[Row]]:
        """`surprise`: the newest, and `surprise:department`: how many by department, most promises first."""
        departments = sorted({department for department, _ in self._counts})
        return {"surprise": self._newest(), "surprise:department": [self._department(name) for name in departments]}

    def _newest(self) -> list[Row]:
        return nlargest(self._most, self._rows, key=lambda row: (row.rank, row.name))

    def _department(self, name: str) -> Row:
        n = self._counts[name, "ended"]
        shares = {verdict: figure_body(share(self._counts[name, verdict], n)) for verdict in ("better", "worse")}
        counts = {f"{verdict}_n": self._counts[name, verdict] for verdict in ("better", "worse")}
        unannounced = self._counts[name, "unannounced"]
        return Row(name, float(n), {"name": name, "promises": n, **counts, **shares, "unannounced": unannounced})

    def _outcomes(self, some: Sequence[Ended]) -> Outcomes:
        return Outcomes(
            _column(one.expected_from for one in some),
            _column(one.expected_until for one in some),
            _column(one.done for one in some),
            np.array([self._scale(one) for one in some], np.float64),
            np.array([one.told_before == Statement.CANCELLED for one in some], np.bool_),
            _column(one.missing or 0.0 for one in some),
        )

    def _scale(self, one: Ended) -> float:
        """H of the lateness of a promise: definitions.md, gap of a promise."""
        return max(self._late.get(one.kind, 0.0), LEAD_SHARE * (one.held - one.made), SHORTEST)


def _row(one: Ended, size: float) -> Row:
    body: dict[str, Any] = {
        "promise_id": one.promise_id,
        "customer_id": one.customer_id,
        "department": one.department,
        "kind": one.kind,
        "verdict": "better" if size > 0 else "worse",
        "size": round(size, 4),
        "days": _days(one),
        "missing": round(one.missing or 0.0, 4),
        "announced": one.told_before is not None,
        "told_before": one.told_before,
        "expected_from": _moment(one.expected_from),
        "expected_until": _moment(one.expected_until),
        "completed_at": _moment(one.done),
        "ended_at": _moment(one.ended),
    }
    return Row(one.promise_id, one.ended, body, one.customer_id)


def _days(one: Ended) -> float | None:
    """How many days early (above 0) or late it came; None if it never did."""
    if one.done is None or one.expected_from is None:
        return None
    late = max(0.0, one.done - (one.done if one.expected_until is None else one.expected_until))
    return round((max(0.0, one.expected_from - one.done) - late) / DAY, 4)


def _moment(seconds: float | None) -> str | None:
    known = seconds is not None and np.isfinite(seconds)
    return datetime.fromtimestamp(seconds or 0.0, UTC).isoformat() if known else None


def _column(values: Any) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)
