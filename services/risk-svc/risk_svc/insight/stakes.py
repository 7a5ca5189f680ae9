"""What is at stake with each account: renewal, exposure, leeway; and currencies that are counted apart. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np

from risk_svc.insight.measures.figure import Figure, Floats
from risk_svc.insight.measures.value_at_risk import leeway

DAY: Final = 86_400.0
MOST_APART: Final = 20
"""Currencies that are counted apart, the most frequent ones."""


class Stake(NamedTuple):
    """What is known of an account: when it renews (epoch seconds), and the most that can be lost, in its currency."""

    renews_at: float | None = None
    exposure: float | None = None
    currency: str | None = None


class Stakes(NamedTuple):
    """All accounts by customer at the moment `now` (epoch seconds), and how long past repairs took, in days.

    A repair: from the date that a customer held until a promise was complete that missed it.
    """

    by_customer: Mapping[str, Stake] = {}
    now: float = 0.0
    repairs: Floats = np.zeros(0)

    def renewals(self, customers: Iterable[str]) -> Floats:
        """Days until the renewal of each customer's account, below 0 after it; NaN where none is known."""
        return np.array([self._days(name) for name in customers], np.float64)

    def exposures(self, customers: Sequence[str], rates: Mapping[str, float]) -> dict[int, float]:
        """By place among `customers`, the exposure in the figures' currency; without a rate there is no cap."""
        found = {}
        for place, name in enumerate(customers):
            stake = self.by_customer.get(name, NOTHING)
            rate = rates.get(stake.currency or "")
            if stake.exposure is not None and rate is not None:
                found[place] = stake.exposure * rate
        return found

    def said(self, customer: str) -> dict[str, Any]:
        """What an account's row says of it."""
        stake, days = self.by_customer.get(customer, NOTHING), self._days(customer)
        renews = None if stake.renews_at is None else datetime.fromtimestamp(stake.renews_at, UTC).date().isoformat()
        return {
            "renews_on": renews,
            "renewal_in_days": None if np.isnan(days) else round(days, 1),
            "leeway_days": _figure(leeway(days if days >= 0 else np.nan, self.repairs)),
            "exposure": stake.exposure,
            "exposure_currency": stake.currency,
        }

    def _days(self, customer: str) -> float:
        renews = self.by_customer.get(customer, NOTHING).renews_at
        return np.nan if renews is None else (renews - self.now) / DAY


NOTHING: Final = Stake()


def apart(currencies: Iterable[str | None], base: str, rates: Mapping[str, float]) -> list[str]:
    """The currencies of promises that are counted apart from the figures' own: those without a rate."""
    found = Counter(one for one in currencies if one and one != base and one not in rates)
    return sorted(found, key=lambda one: (-found[one], one))[:MOST_APART]


def _figure(one: Figure) -> dict[str, Any]:
    parts = {"value": one.value, "low": one.low, "high": one.high}
    return {name: None if value is None else round(value, 1) for name, value in parts.items()} | {"n": one.n}
