"""A letter that staff changed: their words are judged, ours are not judged twice, and what was told stays told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.domain.editing import Edit, lint_edit
from notify_svc.domain.lint import Rule

NEWS = "Your delivery will be late."
RANGE = "We expect it between 14:00 and 16:00."
NEXT = "You hear from us by 12:00."
LETTER = f"Hello Pat,\n\n{NEWS}\n\n{RANGE}\n\n{NEXT}\n"
STATED = ("14:00", "16:00", "12:00")


def rules(text: str, subject: str = "Late", **changes: object) -> list[Rule]:
    edit = Edit(before=LETTER, headed="Late", subject=subject, text=text, language="en", stated=STATED, **changes)  # type: ignore[arg-type]
    return [one.rule for one in lint_edit(edit)]


def test_what_stands_as_it_stood_is_not_judged() -> None:
    assert rules(LETTER) == []
    assert rules(LETTER.replace("Hello", "Dear")) == []


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("It comes as soon as possible.", Rule.VAGUE_TIME),
        ("It will definitely come.", Rule.CERTAINTY),
        ("You failed to open the gate.", Rule.BLAME),
        ("The chance is 12 in 100.", Rule.CONTRADICTION),
    ],
)
def test_words_of_staff_are_judged_as_such(words: str, rule: Rule) -> None:
    assert rules(f"{LETTER}\n{words}\n") == [rule]
    assert rules(LETTER, subject=words) == [rule]


@pytest.mark.parametrize("lost", STATED)
def test_what_the_record_says_was_told_must_be_told(lost: str) -> None:
    assert rules(LETTER.replace(lost, "later today")).count(Rule.RANGE) == 1


def test_bad_news_stays_first() -> None:
    good = LETTER.replace(NEWS, "We hope that you are well.").replace(RANGE, f"{RANGE}\n\n{NEWS}")
    assert rules(good) == [Rule.BAD_NEWS_FIRST]
    assert Rule.BAD_NEWS_FIRST not in rules(LETTER.replace(NEWS, "We are sorry: it is late."))


def test_a_team_that_has_not_agreed_is_not_named_by_staff_either() -> None:
    assert rules(f"{LETTER}\nTeam Blue brings it.\n", unaccepted="Team Blue") == [Rule.UNACCEPTED_TEAM]
    assert rules(f"{LETTER}\nTeam Blue brings it.\n", unaccepted="Blu") == []


def test_it_fits_its_channel() -> None:
    assert rules(LETTER, longest=20) == [Rule.TOO_LONG]
    assert rules(LETTER, longest=len(LETTER)) == []


@given(st.lists(st.integers(0, 8), max_size=9))
def test_leaving_lines_out_never_brings_up_anything_but_what_is_lost(left_out: list[int]) -> None:
    lines = [line for number, line in enumerate(LETTER.splitlines()) if number not in left_out]
    assert set(rules("\n".join(lines))) <= {Rule.RANGE, Rule.BAD_NEWS_FIRST}
