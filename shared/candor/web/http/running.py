"""How many requests of one caller run at once."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from candor.web import metrics
from candor.web.http.problems import Problem

RUNNING: Final = "running"
"""Where a request's state says as whose it is counted."""


class Running:
    """Counts requests in progress by caller and refuses one too many; callers are told apart by any text."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._running: Counter[str] = Counter()

    def count(self, state: dict[str, Any], caller: str) -> None:
        """Count the request with this state as `caller`'s, and no longer as whose it was. Raises as `enter` does."""
        before = state.get(RUNNING)
        if before != caller:
            self.enter(caller)
            self.end(state)
            state[RUNNING] = caller

    def end(self, state: dict[str, Any]) -> None:
        """Count the request with this state no longer."""
        if (caller := state.pop(RUNNING, None)) is not None:
            self.leave(caller)

    def enter(self, caller: str) -> None:
        """Count one more. Raises Problem 429 `too_many_running` if there are `most` already."""
        if self._running[caller] >= self.most:
            metrics.RATE_LIMITED.labels("running").inc()
            detail = f"at most {self.most} requests of one caller at once: wait for the answer to one of them"
            raise Problem("too_many_running", detail, headers={"Retry-After": "1"})
        self._running[caller] += 1

    def leave(self, caller: str) -> None:
        """Count one less."""
        self._running[caller] -= 1
        if self._running[caller] <= 0:
            del self._running[caller]
