"""Whether a process is alive and ready for requests, and what is wrong if it is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from candor.ops import metrics

Check = Callable[[], Awaitable[None]]
CHECK_SECONDS = 2.0
FRESH_SECONDS = 0.5
log = structlog.get_logger("candor.health")


class Health:
    """Readiness of one process. `checks` raise if their dependency is away; they run at most twice a second.

    A check that is not `needed` never makes the process unready: its finding is `degraded`, shown and logged.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)
        self._optional: set[str] = set()
        self._lock = asyncio.Lock()
        self._asked = -FRESH_SECONDS
        self._found: dict[str, str] = {}
        self.check_seconds = CHECK_SECONDS
        self.started = False
        self.not_started = ""
        self.draining = False
        self.dead: dict[str, str] = {}

    def add(self, name: str, check: Check, *, needed: bool = True) -> None:
        """Add a check for a part that exists only once the app has started."""
        self._checks[name] = check
        if not needed:
            self._optional.add(name)

    async def problems(self) -> dict[str, str]:
        """Return what is wrong, by name; empty means ready."""
        wrong = dict(self.dead)
        if self.draining:
            wrong["process"] = "stopping"
        elif not self.started:
            wrong["process"] = "starting"
        else:
            found = await self._dependencies()
            wrong |= {name: reason for name, reason in found.items() if name not in self._optional}
        metrics.READY.set(0 if wrong else 1)
        return wrong

    @property
    def degraded(self) -> dict[str, str]:
        """What the last check found wrong with parts that the process can do without for a while, by name."""
        return {name: reason for name, reason in self._found.items() if name in self._optional}

    async def _dependencies(self) -> dict[str, str]:
        async with self._lock:
            if time.monotonic() - self._asked >= FRESH_SECONDS:
                answers = await asyncio.gather(*(self._ask(name) for name in self._checks))
                found = {name: reason for name, reason in answers if reason}
                for name, reason in answers:
                    metrics.CHECK_FAILED.labels(name).set(bool(reason))
                if found != self._found:
                    log.warning("readiness changed", wrong=told(found), before=told(self._found))
                self._found = found
                self._asked = time.monotonic()
            return self._found

    async def _ask(self, name: str) -> tuple[str, str]:
        try:
            async with asyncio.timeout(self.check_seconds):
                await self._checks[name]()
        except TimeoutError:
            return name, f"no answer within {self.check_seconds:g} s"
        except Exception as error:
            return name, f"{type(error).__name__}: {error}"[:200]
        return name, ""


def told(problems: Mapping[str, str]) -> list[str]:
    """What is wrong, for a log: as texts, because a log keeps back values by their names, such as `channel email`."""
    return [f"{name}: {reason}" for name, reason in problems.items()]
