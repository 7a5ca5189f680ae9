"""What is known of one open promise, in the form that the features read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

MAX_LABELS: Final = 24
"""Labels of one promise that are looked at, in the order of their names' first appearance in it."""
MAX_TEXT: Final = 64
FAR: Final = 1e30
MIN_SLIP_S: Final = 60.0
SLIP_SHARE: Final = 0.01
"""A plan counts as slipped a minute, or a hundredth of the lead time, after it passed, whichever is longer."""
LEADS: Final = {0.25: "left75", 0.5: "left50", 0.75: "left25"}
"""Shares of the lead time gone by at which a promise is looked at though nothing happens."""
DUE: Final = "due"
"""The moment at which it becomes overdue."""


class Incident(msgspec.Struct, array_like=True):
    """An incident: whom it touches (by a place in common, or by labels in common), its category and measures."""

    category: str
    since: float
    labels: dict[str, str]
    measures: dict[str, float]
    places: list[str] = []


class View(msgspec.Struct, array_like=True, kw_only=True):
    """One promise as known at a moment. Times in epoch seconds; it is kept if completed before `deadline`.

    `order` are the milestones, `plans` their newest plans, `reached` when they were. `last` is the place of the
    furthest one reached (−1: none) and `last_at` when the newest one was; `stages` holds (place, entered at). A view
    is never changed, only replaced: lessons keep it.
    """

    promise_id: str
    kind: str
    made: float
    deadline: float
    order: list[str]
    plans: dict[str, float]
    texts: list[tuple[str, str]]
    numbers: list[tuple[str, float]]
    last_at: float
    last: int = -1
    reached: dict[str, float] = {}
    slipped: list[str] = []
    stages: list[tuple[int, float]] = []
    completed: float | None = None
    places: list[str] = []

    @property
    def lead(self) -> float:
        """Seconds from making the promise to its deadline, at least a minute."""
        return max(60.0, self.deadline - self.made)

    def next_step(self) -> str | None:
        """The first milestone after the furthest one that is not reached."""
        return next((name for name in self.order[self.last + 1 :] if name not in self.reached), None)

    def touched(self, incidents: Iterable[Incident]) -> list[Incident]:
        """Those incidents that touch the promise."""
        found, own = [], dict(self.texts)
        for one in incidents:
            if one.places:
                if any(place in self.places for place in one.places):
                    found.append(one)
            elif one.labels.items() <= own.items():
                found.append(one)
        return found

    def slips(self) -> list[tuple[float, str]]:
        """(when, milestone) of every plan but the last milestone's that passes, or passed, without it."""
        margin = max(MIN_SLIP_S, SLIP_SHARE * self.lead)
        found = []
        for name in self.order[:-1]:
            plan, reached = self.plans.get(name), self.reached.get(name)
            if plan is not None and (reached is None or reached > plan + margin):
                found.append((plan + margin, name))
        return sorted(found)

    def looks(self) -> list[tuple[float, str]]:
        """(when, what) of the moments at which it is looked at though nothing happens, until the deadline."""
        return looks(self.made, self.deadline)

    def newest(self, now: float) -> tuple[float, str]:
        """When the newest moment of its life by `now` was, and which: `made`, `left50`, `at:<milestone>`, `due` …"""
        known = [(self.made, 0, "made"), (self.deadline, 1, DUE), *((at, 1, what) for at, what in self.looks())]
        known += [(at, 2, f"slip:{name}") for at, name in self.slips()]
        known += [(at, 3, f"at:{name}") for name, at in self.reached.items()]
        at, _, what = max((one for one in known if one[0] <= now), default=known[0])
        return at, what


def looks(made: float, deadline: float) -> list[tuple[float, str]]:
    """(when, what) of the moments of LEADS in a life from `made` to `deadline`, to the second."""
    return [(float(int(made + share * (deadline - made))), what) for share, what in LEADS.items()]


def reach(view: View, name: str, at: float) -> None:
    """Notes in a view that is being made that a milestone was reached; one that was not planned moves no stage."""
    view.reached[name] = at
    view.last_at = at
    if name in view.order:
        view.last = max(view.last, view.order.index(name))
    view.stages.append((view.last, at))


class PromiseSnapshot(msgspec.Struct, array_like=True, tag="seen"):
    """What is known of one promise from business time `at` on.

    `gone`: withdrawn, it leaves without an answer. `late`: that is decided (it was cancelled, or by a verdict), and
    nobody asks any more.
    """

    at: float
    view: View
    gone: bool = False
    late: bool = False


class IncidentSnapshot(msgspec.Struct, array_like=True, tag="struck"):
    """The picture of an incident from business time `at` on; None once it is over."""

    at: float
    incident_id: str
    incident: Incident | None


Entry = PromiseSnapshot | IncidentSnapshot


def labels(data: dict[str, object], skip: frozenset[str]) -> tuple[list[tuple[str, str]], list[tuple[str, float]]]:
    """A promise's labels as texts and numbers; flags are texts, what is neither finite nor text is left out."""
    texts: list[tuple[str, str]] = []
    numbers: list[tuple[str, float]] = []
    for name, value in data.items():
        if name in skip or len(texts) + len(numbers) >= MAX_LABELS:
            continue
        if isinstance(value, bool):
            texts.append((name, "yes" if value else "no"))
        elif isinstance(value, str):
            texts.append((name, value[:MAX_TEXT]))
        elif isinstance(value, int | float) and abs(value) < FAR:
            numbers.append((name, float(value)))
    return texts, numbers
