"""Request rates: a token bucket per caller."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from candor.web.http.problems import Problem

MAX_CALLERS = 10_000


class Rates:
    """At most `per_second` requests per second and caller on average, with bursts of two seconds' worth; 0: no cap."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self.burst = max(1.0, 2 * per_second)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Take one token. Raises Problem 429 with Retry-After if none is left."""
        if not self.per_second:
            return
        now = self._clock()
        tokens, since = self._buckets.pop(caller, (self.burst, now))
        tokens = min(self.burst, tokens + (now - since) * self.per_second)
        refused = tokens < 1
        self._buckets[caller] = (tokens if refused else tokens - 1, now)
        # The caller unseen for longest has a full bucket again long before ten thousand others have called.
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        if refused:
            wait = math.ceil((1 - tokens) / self.per_second)
            raise Problem(
                "rate_limited", f"at most {self.per_second:g} requests a second", headers={"Retry-After": str(wait)}
            )
