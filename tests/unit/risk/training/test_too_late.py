"""History from before all that can be learnt anew: it is counted, and the count is true: none of it teaches."""

from __future__ import annotations

import msgspec
import pytest

from risk_svc.forecast.view import Entry, IncidentSnapshot
from risk_svc.training.timeline import Timeline
from tests.support.risk import MADE_S, Story, entries, flights

HOUR = 3600.0
LATER = MADE_S + 400 * 86400.0


def known_by(course: Timeline) -> int:
    return sum(n for (_, stage), n in course.engine.model.context.answered.items() if stage == -1)


def past(count: int) -> list[Entry]:
    return entries(flights(count))


def used() -> Timeline:
    """A course that has learnt of two promises, and gone on to the present: what a first small import leaves."""
    course = Timeline()
    course.take(entries([Story(f"first{n}", "c").made() for n in range(2)]))
    course.close(LATER)
    course.base = LATER
    return course


def test_history_in_its_order_teaches_and_none_is_too_late() -> None:
    course = Timeline()
    course.take(past(30))
    course.close(LATER)
    assert (course.too_late, known_by(course)) == (0, 30)


def test_a_second_import_teaches_nothing_and_every_promise_of_it_is_counted_once() -> None:
    course = used()
    before = known_by(course)
    for entry in past(30):
        course.take([entry])
    assert course.too_late == 30
    course.close(LATER + 2 * HOUR)
    assert known_by(course) == before


def test_what_can_be_learnt_anew_is_not_counted() -> None:
    course = used()
    course.base = MADE_S - 400 * 86400.0
    course.take(past(30))
    assert (course.late > 0, course.too_late) == (True, 0)


def test_what_is_late_and_still_open_teaches_and_is_not_counted() -> None:
    course = Timeline()
    course.take(past(2))
    course.close(MADE_S + 2 * HOUR)
    course.base = course.engine.boundary
    [made] = entries([Story("open", "c").made()])
    course.take([made])
    assert course.late >= 1
    assert course.too_late == 0
    course.close(LATER)
    assert known_by(course) == 3


def test_late_word_of_a_promise_that_is_learnt_of_is_not_counted() -> None:
    course = Timeline()
    story = Story("slow", "c")
    course.take(entries([story.made()]))
    course.close(MADE_S + 90 * HOUR)
    course.base = course.engine.boundary
    course.take(entries([story.milestone("departed", 5)]))
    course.take([IncidentSnapshot(MADE_S, "i", None)])
    assert course.too_late == 0


@pytest.mark.parametrize("ahead", [False, True])
def test_the_count_outlives_a_restart(ahead: bool) -> None:
    course = used()
    course.take(past(5))
    if not ahead:
        course.close(LATER + 2 * HOUR)
    again, *_ = Timeline.from_bytes(course.to_bytes(1, 1))
    assert again.too_late == 5


def test_an_old_checkpoint_has_none() -> None:
    raw = msgspec.msgpack.decode(used().to_bytes(1, 1))
    again, *_ = Timeline.from_bytes(msgspec.msgpack.encode(raw[:4]))
    assert again.too_late == 0
