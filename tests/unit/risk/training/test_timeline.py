"""The course of learning: what was known when, in business time, whatever order it came in; and when time may close."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.forecast.engine import Engine
from risk_svc.forecast.serialization import ForeignFormatError, model_bytes
from risk_svc.forecast.view import Entry, Incident, IncidentSnapshot, PromiseSnapshot
from risk_svc.training.pacing import BoundaryPacing
from risk_svc.training.timeline import Timeline
from tests.support.risk import MADE, MADE_S, Story, entries, flights

HOUR = 3600.0


class Recorder(Engine):
    """An engine that notes what it is shown, and learns nothing."""

    def __init__(self) -> None:
        super().__init__(by_clock=True)
        self.shown: list[tuple[float, str, float]] = []

    def see(self, entry: Entry) -> None:
        name = entry.incident_id if isinstance(entry, IncidentSnapshot) else entry.view.promise_id
        self.shown.append((entry.at, name, self.boundary))
        self.boundary = max(self.boundary, entry.at // self.step * self.step)

    def close(self, boundary: float) -> bool:
        self.boundary = boundary
        return False


def told(name: str, at: float) -> PromiseSnapshot:
    """A picture of a promise, of which only the name and the time matter here."""
    [made] = entries([Story(name).made()])
    assert isinstance(made, PromiseSnapshot)
    made.view.promise_id = name
    return PromiseSnapshot(at, made.view)


def struck(name: str, at: float) -> IncidentSnapshot:
    return IncidentSnapshot(at, name, Incident("snow", at, {}, {}))


def shown(course: Timeline) -> list[tuple[float, str]]:
    assert isinstance(course.engine, Recorder)
    return [(at, name) for at, name, _ in course.engine.shown]


def test_what_came_in_any_order_is_shown_in_business_time_and_incidents_first() -> None:
    course = Timeline(Recorder())
    assert course.upcoming == math.inf
    assert course.take([told("b", 20.0), told("a", 20.0), struck("i", 20.0), told("c", 10.0)]) == 10.0
    assert (course.waiting, course.upcoming) == (4, HOUR)
    assert course.close(HOUR) == 1
    assert shown(course) == [(10.0, "c"), (20.0, "i"), (20.0, "a"), (20.0, "b")]
    assert course.waiting == 0


def test_nothing_is_shown_before_its_boundary_and_what_falls_on_one_belongs_to_the_next() -> None:
    course = Timeline(Recorder())
    course.take([told("a", 10.0), told("b", HOUR), told("c", HOUR + 1)])
    assert course.close(HOUR - 1) == 0
    course.close(HOUR)
    assert shown(course) == [(10.0, "a")]
    course.close(2 * HOUR)
    assert shown(course)[1:] == [(HOUR, "b"), (HOUR + 1, "c")]


def test_boundaries_close_one_after_the_other_and_a_piece_ends_when_it_is_enough() -> None:
    course = Timeline(Recorder())
    course.take([told("a", 10.0)])
    assert course.close(5 * HOUR, lambda: True) == 1
    assert course.engine.boundary == HOUR
    assert course.close(5 * HOUR) == 4
    assert course.upcoming == 6 * HOUR


def test_a_picture_of_an_earlier_time_replaces_the_later_ones_of_its_promise_only() -> None:
    course = Timeline(Recorder())
    course.take([told("a", 10.0), told("a", 30.0), told("b", 30.0)])
    course.take([told("a", 20.0), told("a", 40.0)])
    course.close(HOUR)
    assert shown(course) == [(10.0, "a"), (20.0, "a"), (30.0, "b"), (40.0, "a")]


def test_of_two_pictures_of_one_time_the_last_is_shown_as_it_holds_what_the_first_says() -> None:
    course = Timeline(Recorder())
    first, second = told("a", 10.0), told("a", 10.0)
    second.gone = True
    course.take([first, second])
    course.close(HOUR)
    assert shown(course) == [(10.0, "a")]


def test_of_late_pictures_of_a_promise_only_the_last_is_shown_and_all_are_counted() -> None:
    course = Timeline(Recorder())
    course.take([told("a", 10.0)])
    course.close(2 * HOUR)
    course.take([told("a", 20.0), told("b", 25.0), told("a", 30.0), told("a", 2 * HOUR + 5)])
    assert course.late == 3
    course.close(3 * HOUR)
    assert shown(course)[1:] == [(25.0, "b"), (30.0, "a"), (2 * HOUR + 5, "a")]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), max_size=30), st.randoms())
@settings(max_examples=60, deadline=None)
def test_whatever_comes_what_is_shown_is_in_order_and_the_last_word_of_each_promise_is_shown(
    said: list[tuple[str, int]], rng: random.Random
) -> None:
    course, newest = Timeline(Recorder()), {}
    boundary = 0.0
    for name, minutes in said:
        course.take([told(name, minutes * 600.0)])
        newest[name] = minutes * 600.0
        if rng.random() < 0.2 and course.upcoming < math.inf:
            boundary = course.upcoming
            course.close(boundary)
    course.close(1e6)
    assert isinstance(course.engine, Recorder)
    late_or_in_order = [max(at, before) for at, _, before in course.engine.shown]
    assert late_or_in_order == sorted(late_or_in_order)
    last = {name: at for at, name, _ in course.engine.shown}
    assert last == newest
    assert course.waiting == 0


def learnt(pieces: Iterable[Sequence[Entry]], until: float, restart_after: int | None = None) -> bytes:
    """The model after all pieces, closed up to each one's end; put away and taken up again on the way if asked to."""
    course = Timeline()
    for number, piece in enumerate(pieces):
        course.take(piece)
        course.close(piece[-1].at - 12 * HOUR)
        if number == restart_after:
            course, *place = Timeline.from_bytes(course.to_bytes(7, 9))
            assert place == [7, 9]
    course.close(until)
    return model_bytes(course.engine.model)


def test_a_course_that_is_put_away_and_taken_up_again_learns_the_same() -> None:
    found = sorted(entries(flights(80)), key=lambda one: one.at)
    pieces = [found[start : start + 60] for start in range(0, len(found), 60)]
    whole = learnt(pieces, MADE_S)
    assert learnt(pieces, MADE_S, restart_after=1) == whole
    assert learnt(pieces, MADE_S, restart_after=3) == whole


def test_history_in_pieces_teaches_what_it_teaches_in_one() -> None:
    found = entries(flights(40))
    shuffled = sorted(found, key=lambda one: one.at)
    assert learnt([found], MADE_S) == learnt([shuffled], MADE_S)


def test_what_another_release_stored_is_refused() -> None:
    raw = Timeline().to_bytes(1, 2)
    with pytest.raises((ForeignFormatError, ValueError)):
        Timeline.from_bytes(raw[:-20] + bytes(20))


def passed(hours: int) -> float:
    return (MADE + timedelta(hours=hours)).timestamp()


def test_while_the_past_comes_in_only_what_lies_before_it_is_closed() -> None:
    pace = BoundaryPacing(2.0, 60.0, 0.0)
    pace.heard(0.0, passed(-5))
    assert pace.limit(1.0, passed(-6), passed(0)) == passed(-5)
    assert pace.limit(1.0, passed(-4), passed(0)) == -math.inf
    assert pace.limit(2.0, passed(-4), passed(0)) == passed(0)


def test_a_boundary_that_the_clock_has_not_passed_waits() -> None:
    pace = BoundaryPacing(2.0, 60.0, 0.0)
    assert pace.limit(100.0, passed(1), passed(0)) < passed(1)
    assert pace.limit(1000.0, math.inf, passed(0)) <= passed(0)


def test_a_straggler_cannot_hold_up_the_present_for_ever() -> None:
    pace = BoundaryPacing(2.0, 60.0, 0.0)
    closed: list[int] = []
    for second in range(0, 190):
        pace.heard(float(second), passed(-9))
        if pace.limit(float(second), passed(-8) + HOUR * len(closed), passed(0)) >= passed(-8) + HOUR * len(closed):
            closed.append(second)
    assert closed == [60, 120, 180]


def test_time_in_which_nothing_was_due_does_not_count_against_a_straggler() -> None:
    pace = BoundaryPacing(2.0, 60.0, 0.0)
    assert pace.limit(500.0, passed(1), passed(0)) < passed(1)
    pace.heard(500.0, passed(0))
    assert pace.limit(501.0, passed(1), passed(1)) == -math.inf
