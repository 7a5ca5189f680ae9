"""What similar promises say: read once a version, against their kind; and which moments teach at all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.forecast.context import Context
from risk_svc.forecast.engine import Engine
from risk_svc.forecast.similar import SimilarPromises
from risk_svc.forecast.view import PromiseSnapshot, View

HOUR, DAY = 3600.0, 86400.0
few = settings(max_examples=30, deadline=None)


def view(maker: str, made: float = 0.0, name: str = "p") -> View:
    steps, texts = ["shipped", "delivered"], [("maker", maker)]
    return View(
        promise_id=name,
        kind="parcel",
        made=made,
        deadline=made + DAY,
        order=steps,
        plans={},
        texts=texts,
        numbers=[],
        last_at=made,
        stages=[(-1, made)],
    )


@dataclass
class World:
    """Promises of two makers: those of `b` are late."""

    context: Context = field(default_factory=Context)
    n: int = 0

    def days(self, count: int) -> None:
        for _ in range(count):
            for maker in "ab":
                one = view(maker, self.n * DAY)
                self.context.made(one)
                self.context.due(one, maker == "b")
            self.n += 1
        self.context.at = self.n * DAY


def test_a_label_says_how_its_promises_did_against_their_kind() -> None:
    world = World()
    world.days(40)
    likes = SimilarPromises(world.context)
    good, bad, new = (likes.label(view(maker), ("maker", maker)).numbers for maker in "abc")
    assert good["maker|slow"] < -0.5 < 0.5 < bad["maker|slow"]
    assert [new[f"maker|{speed}"] for speed in ("slow", "mid", "fast")] == [0.0] * 3
    assert good["maker|n"] == pytest.approx(bad["maker|n"])
    assert new["maker|n"] == 0
    assert likes.kind(view("a")).numbers["late rate|slow"] == pytest.approx(0, abs=0.3)


def test_it_reads_once_a_version() -> None:
    world = World()
    world.days(5)
    likes = SimilarPromises(world.context)
    before = likes.label(view("b"), ("maker", "b"))
    world.days(30)
    assert likes.label(view("b"), ("maker", "b")) is before
    likes.forget()
    after = likes.label(view("b"), ("maker", "b"))
    assert after.numbers["maker|n"] > before.numbers["maker|n"]
    assert after == SimilarPromises(world.context).label(view("b"), ("maker", "b"))


@few
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60), st.floats(0, 1e8))
def test_whatever_was_seen_every_number_is_finite(seen: list[tuple[str, bool]], later: float) -> None:
    context = Context()
    for number, (maker, late) in enumerate(seen):
        one = view(maker, number * HOUR)
        context.made(one)
        context.due(one, late)
    context.at = later
    likes = SimilarPromises(context)
    for maker in "abcd":
        said = likes.label(view(maker), ("maker", maker))
        assert np.all(np.isfinite([*said.numbers.values(), said.effect]))


def test_labels_without_end_cost_no_memory() -> None:
    likes = SimilarPromises(Context())
    for number in range(45_000):
        likes.label(view(f"m{number}"), ("maker", f"m{number}"))
    assert len(likes._labels) <= 20_000


def test_moments_measured_by_a_guess_teach_nothing_once_the_yardstick_is_known() -> None:
    engine = Engine(by_clock=True)
    for number in range(60):
        made = number * HOUR
        engine.see(PromiseSnapshot(made, view("a", made, f"p{number}")))
        if number >= 30:
            done = view("a", made - 20 * HOUR, f"p{number - 20}")
            done.completed = made
            engine.see(PromiseSnapshot(made, done))
    engine.close(70 * HOUR)
    memory, learner = engine.learner.memory, engine.learner
    spots = np.arange(memory.size)
    kept = learner._alike(spots)
    now = engine.model.units()[memory.group[kept]]
    assert 0 < len(kept) < len(spots)
    assert np.all((memory.unit[kept] <= 1.5 * now) & (memory.unit[kept] >= now / 1.5))
    assert np.all(memory.done[kept] >= memory.at[kept])
