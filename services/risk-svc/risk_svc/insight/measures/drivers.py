"""What the component of a gap that a plan is to close did afterwards (definitions.md: plans).

Times are in epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from risk_svc.insight.measures.figure import Figure, Unit, mean, share

AFTER: Final = 7 * 86_400.0
"""How long after a plan ended its driver is looked at, unless the promise ends before. Assumed."""
NOTICEABLE: Final = 0.1
"""A driver below this is not there, and a fall of less is none. Assumed."""
FEWEST: Final = 5
"""Of fewer plans nothing is stated but their number."""
LASTING: Final = ("lateness", "scope")
"""Components that say of an ended promise what came of it; the others end with it."""
OPEN: Final = "open"
GIVEN_UP: Final = ("withdrawn",)
"""Endings after which no component says anything."""


class Outcome(StrEnum):
    """What the driver of a plan that has ended did."""

    FELL = "fell"
    DID_NOT_FALL = "did_not_fall"
    AWAITED = "awaited"
    NOT_THERE = "not_there"
    UNKNOWN = "unknown"


class Score(NamedTuple):
    """A published gap: where its promise stands, x of each component in [0, 1], and its version, which only grows."""

    promise_id: str
    at: float
    version: int
    standing: str
    parts: dict[str, float]


class Seen(NamedTuple):
    """A component as one published gap has it."""

    version: int
    at: float
    x: float


class Driver(NamedTuple):
    """A component followed for a plan opened `at`: as it was then, and newest until the time that counts.

    `over`: the promise has ended.
    """

    component: str
    at: float
    before: Seen | None = None
    after: Seen | None = None
    over: bool = False


class Tried(NamedTuple):
    """A plan that was done: what its driver did, by how much it fell, and what one like it did without a plan.

    `beside` is None where there was none like it.
    """

    driver: str
    action: str
    outcome: Outcome
    fall: float | None = None
    beside: Outcome | None = None


class ActionRecord(NamedTuple):
    """What was tried for a driver: `plans` done, of which `awaited` are still to be looked at.

    `fell`: the share whose driver fell; `fall`: by how much on average; `beside`: the share that fell by itself.
    """

    driver: str
    action: str
    plans: int
    awaited: int
    fell: Figure
    fall: Figure
    beside: Figure


def see(driver: Driver, score: Score, until: float | None) -> Driver:
    """The driver after one more score, in whatever order they come; `until`: what is later does not count."""
    ended = score.standing != OPEN
    driver = driver._replace(over=driver.over or ended)
    if score.standing in GIVEN_UP or (ended and driver.component not in LASTING):
        return driver
    seen = Seen(score.version, score.at, score.parts.get(driver.component, 0.0))
    if seen.at <= driver.at:
        driver = driver._replace(before=_newest(driver.before, seen))
    if until is None or seen.at <= until:
        driver = driver._replace(after=_newest(driver.after, seen))
    return driver


def until(ended: float | None) -> float | None:
    """The time up to which scores count, of a plan that ended then; None while it is open."""
    return None if ended is None else ended + AFTER


def fall(driver: Driver) -> float | None:
    """By how much of its scale the driver fell, below 0 if it rose; None if it is not known."""
    if driver.before is None or driver.after is None:
        return None
    return round(driver.before.x - driver.after.x, 4)


def outcome(driver: Driver, ended: float | None, now: float) -> Outcome | None:
    """What the driver of a plan did that ended then, as far as it is known now; None while the plan is open."""
    limit, fell = until(ended), fall(driver)
    if limit is None:
        return None
    if driver.before is None or driver.after is None or fell is None or driver.after.at > limit:
        return Outcome.UNKNOWN
    if round(driver.before.x, 4) < NOTICEABLE:
        return Outcome.NOT_THERE
    if now < limit and not driver.over:
        return Outcome.AWAITED
    return Outcome.FELL if fell >= NOTICEABLE else Outcome.DID_NOT_FALL


def records(tried: Iterable[Tried]) -> list[ActionRecord]:
    """The record of each driver and action, best lower end of `fell` first, those with too little history last.

    A share has Wilson's interval, a mean fall Student's; from 5 plans on.
    """
    by: dict[tuple[str, str], list[Tried]] = {}
    for one in tried:
        by.setdefault((one.driver, one.action), []).append(one)
    return sorted((_record(*key, plans) for key, plans in by.items()), key=rank)


def rank(one: ActionRecord) -> tuple[float, int, str, str]:
    """The place of an action in the list."""
    return (1.0 if one.fell.low is None else -one.fell.low), -one.fell.n, one.driver, one.action


def _record(driver: str, action: str, plans: list[Tried]) -> ActionRecord:
    known = [one for one in plans if one.outcome in _KNOWN]
    falls = np.array([one.fall for one in known if one.fall is not None], np.float64)
    others = [one.beside for one in known if one.beside in _KNOWN]
    return ActionRecord(
        driver,
        action,
        len(plans),
        sum(one.outcome is Outcome.AWAITED for one in plans),
        share(sum(one.outcome is Outcome.FELL for one in known), len(known), FEWEST),
        mean(falls, Unit.PART, least=FEWEST),
        share(others.count(Outcome.FELL), len(others), FEWEST),
    )


def _newest(known: Seen | None, seen: Seen) -> Seen:
    return seen if known is None or seen.version > known.version else known


_KNOWN: Final = (Outcome.FELL, Outcome.DID_NOT_FALL)
