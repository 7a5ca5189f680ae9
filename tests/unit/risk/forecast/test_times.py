"""Times that hold whatever the domain: late ones that come many leads after the date, and many that never come."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from msgspec.structs import replace

from risk_svc.forecast.context import Context
from risk_svc.forecast.engine import Engine
from risk_svc.forecast.layout import WIDTH
from risk_svc.forecast.memory import Memory
from risk_svc.forecast.survival import INSIDE
from risk_svc.forecast.view import PromiseSnapshot, View
from tests.support.views import plain_view

HOUR = 3600.0


def view(name: str = "p", made: float = 0.0, kind: str = "visit", completed: float | None = None) -> View:
    """A promise of one hour without milestones."""
    return plain_view(name, made, HOUR, kind=kind, completed=completed)


def coverage(median: float, never: float, promises: int = 1500) -> tuple[float, float]:
    """How many of the last third's completed promises came by P80 and P90, told when they were made.

    Two of five are late, by hours of this median, and a share never comes.
    """
    draw, engine = random.Random(4), Engine(by_clock=True)
    seen: list[tuple[float, str, View]] = []
    for number in range(promises):
        made, name = number * HOUR / 2, f"p{number}"
        late = draw.random() < 0.4
        took = HOUR * (1 + median * math.exp(draw.gauss(0, 1)) if late else draw.uniform(0.3, 1))
        seen.append((made, "made", view(name, made)))
        if not (late and draw.random() < never / 0.4):
            seen.append((made + took, "done", view(name, made, completed=made + took)))
    hits, told = [], {}
    for at, what, one in sorted(seen, key=lambda item: item[:2]):
        engine.see(PromiseSnapshot(at, one))
        if what == "made":
            said = engine.forecast(one.promise_id, at, "made")
            told[one.promise_id] = said.q80, said.q90
        elif one.made > promises * HOUR / 3 and one.completed is not None:
            hits.append([(one.completed - one.made) / HOUR <= by for by in told[one.promise_id]])
    p80, p90 = np.mean(hits, axis=0)
    return float(p80), float(p90)


@pytest.mark.parametrize(("median", "never"), [(5.0, 0.04), (0.2, 0.25)])
def test_intervals_hold_for_late_ones_many_leads_late_and_where_many_never_come(median: float, never: float) -> None:
    p80, p90 = coverage(median, never)
    assert p80 == pytest.approx(0.8, abs=0.05)
    assert p90 == pytest.approx(0.9, abs=0.05)


def test_what_is_open_counts_as_not_come_so_far() -> None:
    engine = Engine(by_clock=True)
    for number in range(1000):
        engine.see(PromiseSnapshot(0.0, view(f"p{number}")))
    for number in range(0, 1000, 2):
        engine.see(PromiseSnapshot(1.5 * HOUR, view(f"p{number}", completed=1.5 * HOUR)))
    for hour in range(2, 6):
        engine.see(PromiseSnapshot(hour * HOUR, view(f"later {hour}", hour * HOUR)))
    engine.close(6 * HOUR)
    group = np.array([engine.model.groups["visit", "made"]])
    unit = engine.model.context.unit("visit")
    never = engine.model.reference.never(group, np.array([-1.0]), np.arcsinh(np.array([3 * HOUR]) / unit))
    assert never[0] == pytest.approx(0.5, abs=0.1)


def test_a_promise_is_watched_as_long_as_late_ones_of_its_type_take() -> None:
    for late, open_after in ((0.2, False), (30.0, True)):
        engine = Engine(by_clock=True)
        made = [view(f"p{number}", number * HOUR) for number in range(100)]
        seen = [(one.made, one) for one in made]
        ends = [one.deadline + late * HOUR for one in made]
        seen += [(end, replace(one, completed=end)) for one, end in zip(made[:99], ends[:99], strict=True)]
        for at, one in sorted(seen, key=lambda item: item[0]):
            engine.see(PromiseSnapshot(at, one))
        engine.advance(200 * HOUR)
        assert ("p99" in engine.open) == open_after
        # However long it took, what never came is let go, and teaches only until then.
        engine.advance(9999 * HOUR)
        assert not engine.open
        memory = engine.learner.memory
        left = memory.until[: memory.size][np.isinf(memory.done[: memory.size])]
        assert len(left) > 0
        assert np.all(left < 9999 * HOUR)


def test_the_horizon_is_where_late_ones_of_the_type_came() -> None:
    context = Context()
    assert context.horizon("visit") == pytest.approx(math.asinh(4) + math.log(2), abs=0.11)
    for number in range(400):
        for kind, late in (("quick", 0.05), ("slow", 40.0)):
            context.made(view(f"{kind}{number}", kind=kind))
            done = HOUR * (1 + late * (1 + number % 10 / 10) if number % 2 else 0.9)
            context.completed(view(f"{kind}{number}", kind=kind, completed=done), done)
    hours = {kind: context.unit(kind) * math.sinh(context.horizon(kind)) / HOUR for kind in ("quick", "slow")}
    assert 0.1 < hours["quick"] < 0.5
    assert hours["slow"] > 76
    assert context.horizon("slow") <= INSIDE


def test_a_few_that_come_ages_late_do_not_make_the_yardstick_coarse_for_all() -> None:
    context = Context()
    for number in range(300):
        one = view(f"p{number}")
        context.made(one)
        done = one.deadline + (1000 if number % 30 == 29 else 0.5) * HOUR
        context.completed(replace(one, completed=done), done)
    assert 0.4 * HOUR < context.unit("visit") < 1.2 * HOUR


def test_an_old_moment_whose_end_is_unknown_was_watched_until_it_left_the_newest() -> None:
    memory = Memory(room=10, sample=10)
    for n in range(20):
        memory.add(np.zeros(WIDTH, np.float16), float(n), 0.0, 1.0, 1.0, 2.0, 0)
        memory.late[n % 10] = 1
    assert memory.until[10:20].tolist() == [float(n) for n in range(9, 19)]


def test_what_is_ages_overdue_teaches_only_when_it_comes() -> None:
    engine = Engine(by_clock=True)
    one = replace(view(), order=["left", "done"])
    engine.see(PromiseSnapshot(0.0, one))
    engine.close(2 * HOUR)
    memory, context = engine.learner.memory, engine.model.context
    moments = memory.count
    left = replace(one, reached={"left": 7 * HOUR}, last=0, last_at=7 * HOUR)
    engine.see(PromiseSnapshot(7 * HOUR, left))
    assert memory.count == moments
    assert not engine.lessons
    engine.see(PromiseSnapshot(8 * HOUR, replace(left, completed=8 * HOUR)))
    engine.close(9 * HOUR)
    assert memory.done[:moments].tolist() == [8 * HOUR] * moments
    assert sum(context.tails["visit"]) == 1
    assert context.spread["visit"] == [5 * HOUR, 1.0]
    assert not context.durations.table
