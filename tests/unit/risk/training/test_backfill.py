"""What the learner alone would make of a backfill whose ends come later: why the worker keeps it back (ADR 0131)."""

from __future__ import annotations

import msgspec
import pytest

from candor.contracts import MIN_CASES
from risk_svc.forecast.context import DAY
from risk_svc.forecast.view import PromiseSnapshot
from risk_svc.training.timeline import Timeline
from tests.support.views import plain_view

MANY, LATE = 600, 0.3


def story(number: int, *, ended: bool) -> list[PromiseSnapshot]:
    """A promise of two days, of which three in ten come a day late."""
    view = plain_view(f"p{number}", number * DAY / 10, 2 * DAY, kind="install")
    done = view.made + (3 if number % 10 < LATE * 10 else 1) * DAY
    end = PromiseSnapshot(done, msgspec.structs.replace(view, completed=done))
    return [PromiseSnapshot(view.made, view), *([end] if ended else [])]


def share_late(ends: int) -> float:
    """The usual share late once all promises are known, and the ends of so many in a hundred of them."""
    course = Timeline(most=10 * MANY)
    entries = [one for number in range(MANY) for one in story(number, ended=number * 7919 % 100 < ends)]
    course.take(sorted(entries, key=lambda one: one.at))
    course.close(MANY * DAY / 10 + 10 * DAY)
    found = course.engine.model.context.observed("install", MIN_CASES)
    assert found is not None
    return found


def test_an_end_that_was_not_told_counts_as_late_until_it_comes() -> None:
    found = [share_late(ends) for ends in (0, 25, 50, 75, 100)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert found[-1] == pytest.approx(LATE, abs=0.01)
