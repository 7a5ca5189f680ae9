"""What the board says of what is still asked about a need: how many, which, and how many it does not name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from candor.web.http.listings import Total
from risk_svc.web.board.clarification_words import COMPLETE, SHOWN, lines

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def asked(question: str = "Which door?", department: str | None = None) -> dict[str, Any]:
    return {"question": question, "department": department, "at": AT}


def test_where_nothing_is_open_the_picture_is_complete() -> None:
    assert lines([], Total.of(0)) == [COMPLETE]
    assert COMPLETE not in lines([asked()], Total.of(1))


def test_each_is_named_with_when_and_by_whom() -> None:
    assert lines([asked(), asked("How many cups?", "sales")], Total.of(2)) == [
        "The customer has not answered 2 questions:",
        "Which door? (asked Mon 2 Mar 15:00 UTC)",
        "How many cups? (asked Mon 2 Mar 15:00 UTC by sales)",
    ]
    assert lines([asked()], Total.of(1))[0] == "The customer has not answered 1 question:"


@pytest.mark.parametrize(
    ("number", "first", "last"),
    [
        (Total.of(SHOWN), "10 questions:", "(asked"),
        (Total.of(SHOWN + 1), "11 questions:", "Asked later and not shown: 1."),
        (Total.of(3000, 2000), "more than 2,000 questions:", "Asked later and not shown: more than 1,990."),
    ],
)
def test_of_many_the_oldest_are_named_and_the_others_counted(number: Total, first: str, last: str) -> None:
    found = lines([asked(f"q{place}") for place in range(SHOWN + 3)], number)
    assert first in found[0] and last in found[-1]
    assert len([line for line in found if line.startswith("q")]) == SHOWN
