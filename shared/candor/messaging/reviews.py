"""Reviews by the clock: one that raises is searched for like a message, and set aside so that the others go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import structlog

from candor.messaging import metrics
from candor.store.review_aside import ReviewAside

log = structlog.get_logger("candor.consumer")


class Reviews:
    """Chooses what a handler reviews on a tick. After a failure only half of what failed is chosen, until one is left.

    What is set aside is reviewed again after its next event, when a person asks for it, and by whoever loads its
    partition after a restart. `used` tells whether the handler reviews anything at all.
    """

    def __init__(self) -> None:
        self.aside: dict[str, ReviewAside] = {}
        self.used = False
        self._again: dict[str, int] = {}
        self._suspects: set[str] = set()
        self._chosen: dict[str, int] = {}

    @property
    def searching(self) -> bool:
        """Whether the next tick should come at once, because a culprit is being searched for."""
        return bool(self._suspects)

    def choose(self, due: Mapping[str, int]) -> list[str]:
        """Return those of the promises that are `due`, by partition, to review in this transaction."""
        self.used = True
        well = [name for name in due if name not in self.aside]
        suspected = [name for name in well if name in self._suspects]
        if not suspected:
            # None, or no longer due: an event has changed them, or another process has them.
            self._suspects.clear()
        chosen = suspected[: (len(suspected) + 1) // 2] if suspected else well
        self._chosen = {name: due[name] for name in chosen}
        return chosen

    def passed(self) -> None:
        """Note that what was chosen has been reviewed and saved."""
        self._suspects.difference_update(self._chosen)
        self._chosen = {}
        self._measure()

    def failed(self, why: str, trail: Sequence[str]) -> None:
        """Note that the transaction failed."""
        if len(self._chosen) == 1:
            [(name, partition)] = self._chosen.items()
            self.set_aside(name, partition, why, trail)
            self._suspects.clear()
        elif self._chosen:
            self._suspects = set(self._chosen)
        self._chosen = {}

    def leave_out(self, name: str, partition: int, why: str) -> None:
        """Review a promise no more until its next event, and list it for people."""
        self.used = True
        self.aside[name] = ReviewAside(partition, why)
        self._measure()

    def set_aside(self, name: str, partition: int, why: str, trail: Sequence[str]) -> None:
        """Review one of those chosen no more until its next event."""
        self.leave_out(name, partition, why)
        log.error(
            "review by the clock set aside",
            promise=name,
            error=why,
            trail=trail,
            consequence="time alone no longer changes its score or messages, until its next event or a restart",
            do="candor stuck list",
        )

    def again(self, names: Iterable[str]) -> None:
        """Events have come for these: review them again when they are due."""
        if self.aside:
            for name in names:
                self.aside.pop(name, None)

    def retry(self, names: Iterable[str]) -> None:
        """Review these of the promises set aside again, at once: a person has asked for it."""
        for name in names:
            if left := self.aside.pop(name, None):
                self._again[name] = left.partition
                log.info("review by the clock tried again, as a person asked", promise=name)
        self._measure()

    def due_again(self) -> dict[str, int]:
        """Return the promises that people wanted reviewed since the last call, by partition."""
        again, self._again = self._again, {}
        return again

    def lost(self, partition: int) -> None:
        """Forget what is in a partition that another process has now."""
        self.aside = {name: left for name, left in self.aside.items() if left.partition != partition}

    def _measure(self) -> None:
        metrics.REVIEWS_SET_ASIDE.set(len(self.aside))
