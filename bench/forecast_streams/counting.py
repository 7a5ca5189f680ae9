"""An engine that also knows how much is open: as an experiment, beside the engine that is in use."""

from __future__ import annotations

import math
from typing import Final

from risk_svc.forecast.engine import STEP, Engine, WatchedPromise
from risk_svc.forecast.features import Features
from risk_svc.forecast.rates import MAX_KEYS
from risk_svc.forecast.view import View

DELIVERERS: Final = frozenset(
    ("provider", "site", "vehicle", "group", "district", "area", "provider_region", "provider_area")
)
"""Labels of the open streams that say who or what delivers: airline and aircraft, airport, office, seller, student."""
LIFE, FIRST = 15.0, 2.0
"""In usual leads: the half-life of what is usual, and for how long after its first promise it is unknown."""
Key = tuple[str, ...]


class OpenWork:
    """How many promises of each class are open, beside the usual number; times in epoch seconds, O(1) a change.

    The usual number is the mean over time, faded by a half-life. What changes at an instant counts after it: promises
    that are made at once see the same number. Beyond `most` classes the one that changed longest ago is forgotten.
    """

    def __init__(self, most: int = MAX_KEYS) -> None:
        self.table: dict[Key, list[float]] = {}
        """Number open, the number before the newest change, when that was, faded sum and weight, when it began."""
        self._most = most

    def change(self, key: Key, by: int, at: float, life: float) -> None:
        """Counts `by` more that are open from `at` on, at least none in all; `life` is the half-life in seconds."""
        held = self.table.pop(key, None)
        if held is None:
            if len(self.table) >= self._most:
                del self.table[next(iter(self.table))]
            held = [0.0, 0.0, at, 0.0, 0.0, at]
        number, _, last, total, weight, since = held
        if at > last:
            held[1:5] = number, at, *_faded(number, total, weight, 2.0 ** ((last - at) / life))
        held[0] = max(0.0, number + by)
        self.table[key] = [*held[:5], since]

    def pressure(self, key: Key, at: float, life: float, first: float, own: int) -> float:
        """ln((number open + 1) / (usual number + 1)) just before `at`, without `own` of them; 0 while unknown.

        It is unknown for `first` seconds after the class's first promise.
        """
        held = self.table.get(key)
        if held is None or at - held[5] < first:
            return 0.0
        number, before, last, total, weight, _ = held
        if at > last:
            before = number
            total, weight = _faded(number, total, weight, 2.0 ** ((last - at) / life))
        return math.log((max(0.0, before - own) + 1) / (total / weight + 1)) if weight else 0.0


def _faded(number: float, total: float, weight: float, fade: float) -> tuple[float, float]:
    """Sum and weight of a mean over time, after a while in which `number` were open."""
    return total * fade + number * (1 - fade), weight * fade + 1 - fade


class CountingEngine(Engine):
    """The engine, with a feature for the promise type and for each of a promise's labels in `named`."""

    def __init__(self, step: float = STEP, *, named: frozenset[str] = DELIVERERS) -> None:
        super().__init__(step)
        self.named, self.work = named, OpenWork()
        self.counted: dict[str, list[Key]] = {}
        """The classes of every promise that is counted as open."""

    def made(self, view: View) -> None:
        """Adds a promise."""
        self._counts(view, view.made)
        super().made(view)

    def update(self, held: WatchedPromise, view: View, at: float) -> None:
        """Takes in a newer snapshot: a completed promise is open no more, unless that is taken back."""
        if view.completed is not None:
            self._ends(view, at)
        elif held.view.completed is not None and not held.late:
            self._counts(view, at)
        super().update(held, view, at)

    def decided(self, held: WatchedPromise, at: float, *, late: bool) -> None:
        """What is cancelled is no work any more, unless that is taken back."""
        if late:
            self._ends(held.view, at)
        elif held.view.completed is None:
            self._counts(held.view, at)
        super().decided(held, at, late=late)

    def withdrawn(self, held: WatchedPromise, at: float) -> None:
        """A withdrawn promise is no work any more."""
        self._ends(held.view, at)
        super().withdrawn(held, at)

    def _drop(self, held: WatchedPromise, at: float) -> None:
        super()._drop(held, at)
        if held.view.promise_id not in self.open:
            self._ends(held.view, at)

    def _counts(self, view: View, at: float) -> None:
        if view.promise_id not in self.counted:
            labels = ((view.kind, name, value) for name, value in view.texts if name in self.named)
            self.counted[view.promise_id] = [(view.kind,), *labels]
            self._change(view, 1, at)

    def _ends(self, view: View, at: float) -> None:
        if view.promise_id in self.counted:
            self._change(view, -1, at)
            del self.counted[view.promise_id]

    def _change(self, view: View, by: int, at: float) -> None:
        life = LIFE * self.model.context.lead(view.kind)
        for key in self.counted[view.promise_id]:
            self.work.change(key, by, at, life)

    def _features(self, view: View, at: float, what: str) -> Features:
        found, lead = super()._features(view, at, what), self.model.context.lead(view.kind)
        for key in self.counted.get(view.promise_id, ()):
            name = key[1] if len(key) > 1 else "kind"
            own = int(view.made < at)
            found[f"{name}|open"] = self.work.pressure(key, at, LIFE * lead, FIRST * lead, own)
        return found
