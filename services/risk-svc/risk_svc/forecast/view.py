"""What is known of one open promise, in the form that features are computed from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

MAX_LABELS: Final = 24
"""Maximum labels of one promise that are used, in the order in which their names first appear."""
MAX_TEXT: Final = 64
FAR: Final = 1e30
FORLORN_LEADS: Final = 5.0
MIN_SLIP_S: Final = 60.0
SLIP_SHARE: Final = 0.01
"""A plan counts as slipped a minute or a hundredth of the lead time after it passed, whichever is longer."""
LEADS: Final = {0.25: "left75", 0.5: "left50", 0.75: "left25"}
"""Elapsed shares of the lead time at which a promise is looked at even if nothing happens."""
DUE: Final = "due"
"""The moment at which a promise becomes overdue."""


class Incident(msgspec.Struct, array_like=True):
    """An incident: whom it affects (by a common place or common labels), its category and measures."""

    category: str
    since: float
    labels: dict[str, str]
    measures: dict[str, float]
    places: list[str] = []


class View(msgspec.Struct, array_like=True, kw_only=True):
    """One promise as known at a moment. Times are in epoch seconds; it is kept if completed before `deadline`.

    `order` lists the milestones, `plans` their newest plans, `reached` when they were reached. `last` is the index of
    the furthest one reached (−1: none), `last_at` when the newest was reached; `stages` holds (index, entered at). A
    view is never changed, only replaced, because lessons keep it.
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

    def forlorn(self, at: float) -> bool:
        """Whether it is so long overdue that it says nothing of others any more, but when the latest come."""
        return at - self.deadline > FORLORN_LEADS * self.lead

    def next_step(self) -> str | None:
        """The first unreached milestone after the furthest one reached."""
        return next((name for name in self.order[self.last + 1 :] if name not in self.reached), None)

    def touched(self, incidents: Iterable[Incident]) -> list[Incident]:
        """The incidents that affect the promise."""
        found, own = [], dict(self.texts)
        for one in incidents:
            if one.places:
                if any(place in self.places for place in one.places):
                    found.append(one)
            elif one.labels.items() <= own.items():
                found.append(one)
        return found

    def slips(self) -> list[tuple[float, str]]:
        """(when, milestone) of every plan, except the last milestone's, that passes before it is reached."""
        margin = max(MIN_SLIP_S, SLIP_SHARE * self.lead)
        found = []
        for name in self.order[:-1]:
            plan, reached = self.plans.get(name), self.reached.get(name)
            if plan is not None and (reached is None or reached > plan + margin):
                found.append((plan + margin, name))
        return sorted(found)

    def looks(self) -> list[tuple[float, str]]:
        """(when, what) of the moments until the deadline at which it is looked at even if nothing happens."""
        return looks(self.made, self.deadline)

    def newest(self, now: float) -> tuple[float, str]:
        """The time and name of the newest moment of its life by `now`: `made`, `left50`, `at:<milestone>`, `due` …"""
        known = [(self.made, 0, "made"), (self.deadline, 1, DUE), *((at, 1, what) for at, what in self.looks())]
        known += [(at, 2, f"slip:{name}") for at, name in self.slips()]
        known += [(at, 3, f"at:{name}") for name, at in self.reached.items()]
        at, _, what = max((one for one in known if one[0] <= now), default=known[0])
        return at, what


def looks(made: float, deadline: float) -> list[tuple[float, str]]:
    """(when, what) of the moments of LEADS between `made` and `deadline`, to the second."""
    return [(float(int(made + share * (deadline - made))), what) for share, what in LEADS.items()]


def reach(view: View, name: str, at: float) -> None:
    """Notes in a view under construction that a milestone was reached; an unplanned one does not change the stage."""
    view.reached[name] = at
    view.last_at = at
    if name in view.order:
        view.last = max(view.last, view.order.index(name))
    view.stages.append((view.last, at))


def unreached(view: View) -> View:
    """The promise as it was made: nothing reached."""
    return msgspec.structs.replace(
        view, last_at=view.made, last=-1, reached={}, slipped=[], stages=[(-1, view.made)], completed=None
    )


class PromiseSnapshot(msgspec.Struct, array_like=True, tag="seen"):
    """What is known of one promise from business time `at` on.

    `gone`: it was withdrawn and leaves without an answer. `late`: it is decided to be late (cancelled or by a verdict)
    and is no longer forecast.
    """

    at: float
    view: View
    gone: bool = False
    late: bool = False


class IncidentSnapshot(msgspec.Struct, array_like=True, tag="struck"):
    """The snapshot of an incident from business time `at` on; None once it is over."""

    at: float
    incident_id: str
    incident: Incident | None


Entry = PromiseSnapshot | IncidentSnapshot


def labels(data: dict[str, object], skip: frozenset[str]) -> tuple[list[tuple[str, str]], list[tuple[str, float]]]:
    """A promise's labels as texts and numbers; flags become texts, other values and non-finite numbers are dropped."""
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
