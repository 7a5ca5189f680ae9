"""Request rates: a token bucket per caller, which all processes of a service share through their database.

A request asks its process's own memory only. What was taken is reported a few times a second, for all callers with one
statement, and the answer, what is left of each bucket for everybody, replaces what this process believed (`sharing`).
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from candor.web import metrics
from candor.web.http.problems import Problem

MAX_CALLERS: Final = 10_000
BURST_SECONDS: Final = 2
"""A bucket holds what its rate gives in this time; a retry after a pause finds it full again."""


@dataclass(slots=True)
class Bucket:
    """One caller's tokens as this process knows them, at a time of its clock.

    `spent`: taken and not yet reported; `asked`: whether the caller came since the last report, refused or not.
    """

    tokens: float
    since: float
    spent: float = 0.0
    asked: bool = True


class Standing:
    """What a caller has left under one policy; written as the fields RateLimit and RateLimit-Policy."""

    __slots__ = ("left", "rates", "wait")

    def __init__(self, rates: Rates, tokens: float) -> None:
        self.rates = rates
        self.left = max(0, math.floor(tokens))
        self.wait = max(1, math.ceil((rates.burst - tokens) / rates.per_second)) if rates.per_second else 0

    def headers(self) -> dict[str, str]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers."""
        name, quota = self.rates.name, math.floor(self.rates.burst)
        return {
            "RateLimit-Policy": f'"{name}";q={quota};w={math.ceil(quota / self.rates.per_second)}',
            "RateLimit": f'"{name}";r={self.left};t={self.wait}',
        }


class Rates:
    """At most `per_second` requests per second and caller on average, with bursts of BURST_SECONDS' worth; 0: no cap.

    Under the policy BYTES a token is a byte of a body. `name` is the policy's in answers and metrics. Callers are told
    apart by any text. What a caller took is reported to the other processes once it is `reported_from` tokens: where
    there are very many callers, those who send little cost the database nothing.
    """

    def __init__(
        self,
        name: str,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        reported_from: float = 0.0,
    ) -> None:
        self.name = name
        self.per_second = per_second
        self.burst = max(1.0, BURST_SECONDS * per_second)
        self.clock = clock
        self._reported_from = min(reported_from, self.burst / 10)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._refused = metrics.RATE_LIMITED.labels(name)

    def take(self, caller: str) -> Standing | None:
        """Take one token; None without a cap. Raises Problem 429 with Retry-After if none is left."""
        if not self.per_second:
            return None
        bucket = self._bucket(caller)
        if bucket.tokens < 1:
            raise self._problem(bucket)
        bucket.tokens -= 1
        bucket.spent += 1
        return Standing(self, bucket.tokens)

    def spent(self, caller: str) -> Problem | None:
        """Return the Problem 429 if `caller` has no token left; takes none, and keeps no name not seen before."""
        if not self.per_second or caller not in self._buckets:
            return None
        bucket = self._bucket(caller)
        return self._problem(bucket) if bucket.tokens < 1 else None

    def charge(self, caller: str, tokens: float = 1) -> None:
        """Take `tokens` for what was done already, at most one bucket below zero."""
        if self.per_second:
            bucket = self._bucket(caller)
            tokens = min(tokens, bucket.tokens + self.burst)
            bucket.tokens -= tokens
            bucket.spent += tokens

    def unreported(self) -> dict[str, float]:
        """Return what was taken, by caller who came since the last call."""
        found: dict[str, float] = {}
        # Those who came last are at the end.
        for caller, bucket in reversed(self._buckets.items()):
            if not bucket.asked:
                break
            bucket.asked = False
            if bucket.spent >= self._reported_from:
                found[caller] = bucket.spent
                bucket.spent = 0.0
        return found

    def settle(self, left: Iterable[tuple[str, float]], asked: float) -> None:
        """Take over what is `left` for everybody, as the database answered a question of time `asked`."""
        for caller, tokens in left:
            bucket = self._buckets.get(caller)
            if bucket is not None:
                # What was taken since the question is not in the answer.
                bucket.tokens, bucket.since = tokens - bucket.spent, asked

    def _bucket(self, caller: str) -> Bucket:
        now = self.clock()
        bucket = self._buckets.pop(caller, None) or Bucket(self.burst, now)
        bucket.tokens = min(self.burst, bucket.tokens + max(0.0, now - bucket.since) * self.per_second)
        bucket.since, bucket.asked = now, True
        self._buckets[caller] = bucket
        # The caller unseen for longest has a full bucket again long before ten thousand others have called.
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        return bucket

    def _problem(self, bucket: Bucket) -> Problem:
        self._refused.inc()
        wait = str(max(1, math.ceil((1 - bucket.tokens) / self.per_second)))
        said = Standing(self, bucket.tokens).headers()
        who = _WHO.get(self.name, "from one caller")
        what = _WHAT.get(self.name, "requests")
        detail = f"at most {self.per_second:,.0f} {what} a second {who}: try again in {wait} s"
        return Problem(
            "customer_rate_limited" if self.name == CUSTOMER else "rate_limited",
            detail,
            headers={"Retry-After": wait, **said},
        )


BYTES: Final = "bytes"
"""The policy for bytes of bodies, counted by caller, or by address of those who proved nobody."""
ADDRESS: Final = "address"
"""The policy for requests in which nobody proved who they are, counted by client address."""
CUSTOMER: Final = "customer"
"""The policy for events about one customer, counted by sender and customer."""
CUSTOMERS_REPORTED_FROM: Final = 10.0
TOO_FAST: Final = 429
_WHO: Final = {
    ADDRESS: "without a key from one address",
    CUSTOMER: "about one customer, or about one promise, from one sender",
}
_WHAT: Final = {BYTES: "bytes of bodies", CUSTOMER: "events"}


def overload(refusal: Problem) -> Problem:
    """Return a 429 as 503, with its Retry-After, for a sender of webhooks.

    What is answered 4xx vendors do not send again, and some stop sending at all; for a while, 503 is ours.
    """
    return Problem("overloaded", refusal.detail, headers=refusal.headers) if refusal.status == TOO_FAST else refusal
