"""Honest words: each rule finds what it is for, and lets the honest version through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from candor.contracts import Statement
from notify_svc.domain.lint import Draft, Rule, Support, lint, lint_own, lint_words, names
from tests.unit.notify.facts import DUE, HIGH, LOW, minutes

TEXT = """We are probably going to be late with this: the move.

We promised: by Friday.
We now expect: between Mon 30 Nov, 12:00 and 14:00.

Next update by Mon 30 Nov, 15:00.
"""


def draft(text: str = TEXT, **changes: Any) -> Draft:
    honest = Draft(
        statement=Statement.WARNING,
        subject="Probably late: the move, now Mon 30 Nov, 12:00 to 14:00",
        text=text,
        what="the move",
        p_slip=0.8,
        p50=DUE + minutes(30),
        low=LOW,
        high=HIGH,
        low_text="Mon 30 Nov, 12:00",
        high_text="14:00",
        next_text="Mon 30 Nov, 15:00",
        support=(Support("promised", "ev-p"),),
    )
    return replace(honest, **changes)


def found(item: Draft) -> set[Rule]:
    return {finding.rule for finding in lint(item)}


def test_an_honest_letter_passes() -> None:
    assert lint(draft()) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"high": None},
        {"low": None},
        {"low": HIGH, "high": LOW},
        {"low": LOW, "high": LOW},
        {"p50": LOW + minutes(1)},
        {"p50": None},
        {"statement": Statement.CANCELLED},
        {"subject": "Probably late: now Mon 30 Nov, 12:00"},
        {"text": TEXT.replace(" and 14:00", "")},
        {"text": TEXT.replace("between Mon 30 Nov, 12:00 and 14:00", "Monday")},
    ],
)
def test_a_range_is_whole_and_not_before_p50(changes: dict[str, Any]) -> None:
    assert Rule.RANGE in found(draft(**changes))


@pytest.mark.parametrize("word", ["shortly", "soon", "as soon as possible", "ASAP", "in due course", "any minute"])
def test_vague_time_is_found(word: str) -> None:
    assert found(draft(f"{TEXT}We write {word}.")) == {Rule.VAGUE_TIME}


def test_a_word_that_only_contains_a_vague_one_is_not() -> None:
    assert found(draft(f"{TEXT}The monsoon came sooner.")) == set()


@pytest.mark.parametrize("word", ["certainly", "definitely", "guaranteed", "will be there", "rest assured"])
def test_certainty_above_the_forecast_is_found(word: str) -> None:
    assert Rule.CERTAINTY in found(draft(f"{TEXT}It is {word}."))


def test_certainty_that_the_forecast_has_is_allowed() -> None:
    assert found(draft(f"{TEXT}It will be late.", p_slip=0.99)) == set()


def test_probably_late_needs_a_forecast_that_says_so() -> None:
    assert found(draft(p_slip=0.4)) == {Rule.CERTAINTY}


@pytest.mark.parametrize("words", ["A mistake was made.", "Your order has been delayed.", "It was quickly handled."])
def test_a_passive_without_an_owner_is_found(words: str) -> None:
    assert Rule.PASSIVE in found(draft(TEXT + words))


@pytest.mark.parametrize("words", ["It was delayed by the carrier.", "It is cancelled.", "It is not done yet."])
def test_a_passive_with_an_owner_or_a_state_is_not(words: str) -> None:
    assert found(draft(TEXT + words)) == set()


def test_good_news_before_the_bad_is_found() -> None:
    assert found(draft("Thank you for your patience.\n\n" + TEXT)) == {Rule.BAD_NEWS_FIRST}


def test_a_name_with_bad_news_in_it_does_not_stand_for_the_news() -> None:
    text = TEXT.replace("We are probably going to be late with this: the move", "About: the late move")
    assert Rule.BAD_NEWS_FIRST in found(draft(text, what="the late move"))


@pytest.mark.parametrize(
    "words", ["It is the fault of the carrier.", "They failed to come.", "Because of you it waits."]
)
def test_blame_is_found(words: str) -> None:
    assert Rule.BLAME in found(draft(TEXT + words))


def test_an_open_matter_needs_the_time_of_the_next_update() -> None:
    without = TEXT.replace("Next update by Mon 30 Nov, 15:00.", "")
    assert found(draft(without)) == {Rule.NEXT_UPDATE}
    assert found(draft(without, next_text="")) == {Rule.NEXT_UPDATE}
    assert found(draft(without, closing=True)) == set()


def test_work_of_a_team_that_has_not_accepted_it_is_not_promised() -> None:
    theirs = ("Team North comes on Monday.",)
    assert found(draft(theirs=theirs, unaccepted="Team North")) == {Rule.UNACCEPTED_TEAM}
    assert found(draft(theirs=theirs)) == set()


def test_a_team_whose_name_is_a_word_is_not_seen_in_our_own_words() -> None:
    assert found(draft(unaccepted="it")) == set()
    assert names("it", "We give it back.")
    assert not names("it", "It waits with its owner.")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("It comes shortly.", Rule.VAGUE_TIME),
        ("The carrier is at fault.", Rule.BLAME),
        ("It is guaranteed.", Rule.CERTAINTY),
        ("There are 49 in 100.", Rule.CONTRADICTION),
    ],
)
def test_words_of_others_are_judged_by_themselves(words: str, rule: Rule) -> None:
    assert [finding.rule for finding in lint_words(words, "en")] == [rule]
    assert lint_words("The van broke down due to ice.", "en") == ()


def test_standing_words_of_a_company_name_no_cause_and_no_passive_either() -> None:
    assert [finding.rule for finding in lint_own("We wait because of snow.", "en")] == [Rule.CAUSE]
    assert [finding.rule for finding in lint_own("A crew was asked.", "en")] == [Rule.PASSIVE]
    assert lint_own("A second crew goes out the same day.", "en") == ()


def test_the_news_comes_first_after_the_greeting() -> None:
    assert found(draft(f"Hello,\n\n{TEXT}", greeting="Hello,")) == set()
    assert found(draft(f"Hello,\n\nThank you.\n\n{TEXT}", greeting="Hello,")) == {Rule.BAD_NEWS_FIRST}


def test_a_cause_needs_an_event_that_names_it() -> None:
    text = TEXT + "It waits because of snow."
    assert found(draft(text)) == {Rule.CAUSE}
    assert found(draft(text, cause=True)) == set()


def test_every_statement_needs_its_event() -> None:
    assert found(draft(support=())) == {Rule.UNSUPPORTED}
    assert found(draft(support=(Support("promised", ""),))) == {Rule.UNSUPPORTED}


def test_the_promises_own_words_are_not_judged_again() -> None:
    text = TEXT.replace("the move", "the soon guaranteed move")
    subject = "Probably late: the soon guaranteed move, now Mon 30 Nov, 12:00 to 14:00"
    assert found(draft(text, subject=subject, what="the soon guaranteed move")) == set()
