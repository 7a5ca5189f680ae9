"""What a letter says of its range is what such ranges held; where none holds, it gives none and says why."""

from __future__ import annotations

from typing import Any

import pytest

from candor.contracts import NoRange, Statement
from notify_svc.compose.letter import Letter
from notify_svc.domain.facts import Gap, Reason
from tests.unit.notify.compose.test_letters import golden, letter
from tests.unit.notify.facts import gap, told

EIGHT = "How sure we are: in 8 of 10 cases like this, it is done by the later time."
MORE = "How sure we are: in at least 8 of 10 cases like this, it is done by the later time."


def said(*record: Any, **changes: Any) -> Letter:
    """A warning by a record of (completed, held, holds, no_range)."""
    made = letter(gap(0.86, record=record, **changes))
    assert made.findings == ()
    return made


def untimed(why: NoRange) -> Gap:
    return gap(0.86, p50=None, p80=None, record=(200, 0.55, None, why))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ((200, 0.75, 0.75), EIGHT),
        ((200, 0.85, 0.85), EIGHT),
        ((200, 0.86, 0.86), MORE),
        ((57, 0.6, 0.807), EIGHT),
    ],
)
def test_eight_of_ten_is_said_where_it_was_so(record: tuple[Any, ...], words: str) -> None:
    made = said(*record)
    assert words in made.text
    assert words in made.html


@pytest.mark.parametrize("record", [(), (19, None, None), (200, 0.6, 0.7)])
def test_and_nowhere_else(record: tuple[Any, ...]) -> None:
    made = said(*record)
    assert "We now expect: between" in made.text
    assert "of 10" not in made.text + made.html
    assert "We cannot say yet how well such times hold." in made.text


def test_a_range_that_was_widened_says_so_and_by_what() -> None:
    golden("warning_widened", said(200, 0.64, 0.805))


def test_no_range_is_given_where_none_holds_and_the_letter_says_why() -> None:
    golden("warning_without_range", letter(untimed(NoRange.DID_NOT_HOLD)))


@pytest.mark.parametrize("why", NoRange)
@pytest.mark.parametrize("statement", [Statement.WARNING, Statement.UPDATE])
def test_every_reason_reads_well_in_every_letter(why: NoRange, statement: Statement) -> None:
    earlier = told() if statement is Statement.UPDATE else None
    made = letter(untimed(why), statement, Reason.RANGE_LEFT, earlier=earlier)
    assert made.findings == ()
    words = {NoRange.DID_NOT_HOLD: "lately did not hold.", NoRange.TOO_FEW: "how well our times hold."}[why]
    assert words in made.text
    assert words in made.html
    assert "between" not in made.text.replace("We last said: between", "")
