"""Customers: how to reach them, what is at stake, and when they renew."""

from __future__ import annotations

import heapq
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from candor.replay.stream import StreamEvent
from candor_demo.fieldservice.naming import Naming
from candor_demo.fieldservice.params import Params

DOMAIN = "example.com"


class Customers:
    """The customers met so far; each is said when first met, and again when they renew."""

    def __init__(self, params: Params, naming: Naming, seed: int) -> None:
        self._params = params
        self._naming = naming
        self._seed = seed
        self._met = np.zeros(params.customers, np.bool_)
        self._renewals: list[tuple[date, int, int]] = []

    def meet(self, number: int, at: datetime) -> Iterator[StreamEvent]:
        """Their contact and account, the first time that they are met."""
        if self._met[number]:
            return
        self._met[number] = True
        name = self._naming.of("C", number)
        contact = {"customer_id": name, "email": f"{name}@{DOMAIN}", "name": f"Customer {number}"}
        yield self._naming.event("contact.set", name, at, contact | {"language": "en", "zone": self._params.zone})
        random = np.random.default_rng([self._seed, 5, number])
        exposure = round(self._params.accounts.exposure * float(np.exp(random.normal(0, 0.8))), 2)
        ahead = int(random.integers(1, 30 * self._params.accounts.renewal_months + 1))
        renews = at.astimezone(ZoneInfo(self._params.zone)).date() + timedelta(days=ahead)
        heapq.heappush(self._renewals, (renews, number, 0))
        yield self._account(number, at, renews, 0, exposure)

    def renewed(self, day: date) -> Iterator[StreamEvent]:
        """Accounts that renew up to this day, each from its own midnight on until the next renewal."""
        while self._renewals and self._renewals[0][0] <= day:
            at, number, times = heapq.heappop(self._renewals)
            later = months_after(at, self._params.accounts.renewal_months)
            heapq.heappush(self._renewals, (later, number, times + 1))
            random = np.random.default_rng([self._seed, 6, number, times])
            exposure = round(self._params.accounts.exposure * float(np.exp(random.normal(0, 0.8))), 2)
            begins = datetime.combine(at, time(), ZoneInfo(self._params.zone)).astimezone(UTC)
            yield self._account(number, begins, later, times + 1, exposure)

    def _account(self, number: int, at: datetime, renews: date, times: int, exposure: float) -> StreamEvent:
        name = self._naming.of("C", number)
        said: dict[str, Any] = {"customer_id": name, "renews_on": renews.isoformat()}
        said |= {"exposure": exposure, "currency": self._params.accounts.currency}
        return self._naming.event("account.set", name, at, said, f".{times}")


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
