"""What moved a score, in words."""

from __future__ import annotations

from typing import Any

import pytest

from risk_svc.insight.courses import Cause, Course, Move, Moved, Reason
from risk_svc.insight.scores import Movement
from risk_svc.web.board import movement_words

HOUR = 3600.0
ENDED = Move(20 * HOUR, 45.0, -16.5, [Moved("incidents", -16.5, Reason(Cause.INCIDENT_ENDED, "storm", "e-1"))])
RISEN = Move(
    8 * HOUR,
    61.5,
    21.5,
    [
        Moved("lateness", 12.0, Reason(Cause.STEP_MISSED, "departed", "e-2")),
        Moved("silence", 9.5, Reason(Cause.TIME)),
    ],
)
COURSE = Course(6 * HOUR, 40.0, 5.0, True, {"incidents": -16.5, "lateness": 12.0, "silence": 9.5}, [RISEN, ENDED])


def movement(**changes: Any) -> Movement:
    found = Movement("c1", "open", 45.0, 20 * HOUR, COURSE, None, None, None)
    return found._replace(**changes)


def test_the_last_day_says_the_change_and_what_each_component_added() -> None:
    assert movement_words.summary(movement()) == [
        "Over the last day: +5.0, from 40 to 45 (incidents −16.5, lateness +12.0, silence +9.5)."
    ]


def test_since_the_customer_was_told_is_said_beside_it() -> None:
    told = COURSE._replace(before=61.5, change=-16.5, parts={"incidents": -16.5}, moves=[ENDED])
    lines = movement_words.summary(movement(told="warning", told_at=12.5 * HOUR, since_told=told))
    assert lines[1] == (
        "Since the customer was told last (Warning, Thu 1 Jan 12:30 UTC): −16.5, from 61 to 45 (incidents −16.5)."
    )


def test_what_is_not_known_is_said() -> None:
    assert movement_words.summary(None) == movement_words.summary(movement(since=None)) == [movement_words.NOTHING]
    assert movement_words.moves(None) == movement_words.moves(movement(since=None)) == []
    part = movement_words.summary(movement(since=COURSE._replace(whole=False)))[0]
    assert part.startswith("Since Thu 1 Jan 06:00 UTC, as far as it is known: +5.0")
    still = Course(6 * HOUR, 40.0, 0.0, True, {}, [])
    assert movement_words.summary(movement(since=still)) == ["Over the last day: nothing moved it, it is 40."]


def test_what_came_and_went_is_not_said_as_no_points_at_all() -> None:
    back = COURSE._replace(change=0.0, parts={"incidents": 0.04, "lateness": -0.04})
    assert movement_words.summary(movement(since=back)) == [
        "Over the last day: what moved it has passed again, it is 40."
    ]


def test_moves_come_newest_first_each_with_what_did_it() -> None:
    assert movement_words.moves(movement()) == [
        "Thu 1 Jan 20:00 UTC: −16.5 to 45; incidents −16.5: an incident ended: storm",
        "Thu 1 Jan 08:00 UTC: +21.5 to 61; lateness +12.0: step departed was missed; silence +9.5: time passed",
    ]


@pytest.mark.parametrize("cause", [*Cause])
def test_every_cause_has_words_with_its_name(cause: Cause) -> None:
    named = movement_words.cause(Moved("lateness", 1.0, Reason(cause, "all_clear")))
    unnamed = movement_words.cause(Moved("lateness", 1.0, Reason(cause)))
    assert "{" not in named + unnamed
    assert "_" not in named + unnamed
    assert ("all clear" in named) == ("unnamed" in unnamed) == ("{}" in movement_words.CAUSES[cause])
