"""A promise whose review by the clock fails is left out, and told; its next event has it reviewed again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import GapScored
from candor.store.db import Database
from risk_svc.domain.scoring import score_open
from risk_svc.forecasting.live import PublishedModel
from risk_svc.worker import scoring
from risk_svc.worker.handlers import RiskHandler
from tests.support.clocks import ManualClock
from tests.support.risk import DUE, Desk, M, Story, erased, taught_body


def break_scoring(monkeypatch: pytest.MonkeyPatch, broken: set[str]) -> set[str]:
    """From now on these promises cannot be scored, for as long as they are in the set."""
    score = score_open

    def picky(state: Any, *arguments: Any) -> None:
        if state.promise_id in broken:
            raise AttributeError("no forecast")
        score(state, *arguments)

    monkeypatch.setattr(scoring, "score_open", picky)
    return broken


async def test_the_others_are_reviewed_and_it_comes_back_with_its_next_event(
    risk_database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(risk_database, RiskHandler(PublishedModel(), clock, system=clock))
    await desk.load()
    story = Story("p3", "c3")
    await desk.take(story.made(), *(Story(f"p{n}", f"c{n}").made() for n in range(8) if n != 3))
    broken = break_scoring(monkeypatch, {"p3"})
    clock.set(DUE + 60 * M)
    reviewed = {item.envelope.subject for item in await desk.take(tick=True)}
    assert reviewed == {f"p{n}" for n in range(8)} - {"p3"}
    assert desk.handler.reviews.aside.keys() == {"p3"}
    broken.clear()
    clock.set(DUE + 90 * M)
    assert "p3" not in {item.envelope.subject for item in await desk.take(tick=True)}
    await desk.take(story.milestone("departed", 60))
    assert not desk.handler.reviews.aside
    clock.set(DUE + timedelta(days=1))
    assert "p3" in {item.envelope.subject for item in await desk.take(tick=True)}


async def test_a_person_has_it_tried_again_and_an_erased_one_is_forgotten(
    risk_database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(risk_database, RiskHandler(PublishedModel(), clock, system=clock))
    await desk.load()
    await desk.take(*(Story(f"p{n}", f"c{n}").made() for n in range(4)))
    broken = break_scoring(monkeypatch, {"p1", "p2", "p3"})
    clock.set(DUE + 60 * M)
    await desk.take(tick=True)
    assert desk.handler.reviews.aside.keys() == broken
    broken.remove("p3")
    desk.handler.reviews.retry(["p3", "p2"])
    assert {item.envelope.subject for item in await desk.take(tick=True)} == {"p3"}
    assert desk.handler.reviews.aside.keys() == {"p1", "p2"}
    await desk.take(erased("c1", at=clock.now()))
    await desk.take(tick=True)
    assert desk.handler.reviews.aside.keys() == {"p2"}


async def test_those_that_are_not_chosen_stay_due(risk_database: Database, clock: ManualClock) -> None:
    """While a culprit is searched for, a tick reviews half of what is suspected."""
    desk = Desk(risk_database, RiskHandler(PublishedModel(), clock, system=clock))
    await desk.load()
    await desk.take(*(Story(f"p{n}", f"c{n}").made() for n in range(8)))
    clock.set(DUE + 60 * M)
    reviews = desk.handler.reviews
    reviews.choose({f"p{n}": 0 for n in range(4)})
    reviews.failed("the transaction took too long", [])
    sizes: list[int] = []
    while not sizes or sum(sizes) < 8:
        sizes.append(len(await desk.take(tick=True)))
        reviews.passed()
    assert sizes == [2, 1, 1, 4]


async def test_a_promise_of_before_an_import_is_reviewed_as_soon_as_the_import_has_taught(
    risk_database: Database, clock: ManualClock
) -> None:
    published = PublishedModel()
    desk = Desk(risk_database, RiskHandler(published, clock, system=clock))
    await desk.load()
    [first] = [item.data for item in await desk.take(Story().made())]
    assert isinstance(first, GapScored)
    assert first.forecast is not None
    assert first.forecast.n == 0
    assert await desk.take(tick=True) == []
    published.take(taught_body(100))
    [again] = [item.data for item in await desk.take(tick=True)]
    assert isinstance(again, GapScored)
    assert again.forecast is not None
    assert again.forecast.n >= 20
    assert await desk.take(tick=True) == []
