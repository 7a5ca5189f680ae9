"""Who is greeted and who signs: a name that is one, and no sentence that was entered in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_svc.compose.words import languages
from notify_svc.domain.lint import Rule
from notify_svc.domain.naming import LONGEST, greeted, not_a_name


@pytest.mark.parametrize(
    "words",
    [
        "Call back ASAP",
        "guaranteed soon",
        "Guaranteed",
        "ASAP",
        "GUARANTEED SOON",
        "Soon",
        "we come Shortly",
        "Your FAULT",
    ],
)
def test_a_sentence_is_no_name_whatever_its_capitals(words: str) -> None:
    found = not_a_name(words, {"en"})
    assert found is not None and found.rule in (Rule.VAGUE_TIME, Rule.CERTAINTY, Rule.BLAME)
    assert greeted(words, {"en"}) == ""


@pytest.mark.parametrize("words", ["ASAP Movers", "Kim Soon", "Anna Gleich", "Soon and Sons", "Movers & Soon"])
def test_a_name_may_have_such_a_word(words: str) -> None:
    assert not_a_name(words, languages()) is None


@pytest.mark.parametrize(
    ("name", "greets"),
    [
        ("Pat", "Pat"),
        ("  Pat \n Lee ", "Pat Lee"),
        ("María-José O’Neil", "María-José O’Neil"),
        ("Dr. van der Berg", "Dr. van der Berg"),
        ("李小龍", "李小龍"),
        ("ジャン・リー", "ジャン・リー"),
        ("PAT LEE", "PAT LEE"),
        # What an address was made into, a role, a number, a mark-up: nobody's name for sure.
        *((guess, "") for guess in ("pat.lee", "pat@x.example", "info", "customer 17", "Lee, Pat", "<b>Pat</b>")),
        *((guess, "") for guess in ("Pat_Lee", "http://x", "", "…", "P" * (LONGEST + 1), "Pat: read this!", "4711")),
        (None, ""),
    ],
)
def test_only_what_is_a_name_for_sure_is_greeted(name: str | None, greets: str) -> None:
    assert greeted(name, languages()) == greets


@given(st.text(max_size=80))
def test_what_is_greeted_is_one_line_that_the_lint_takes(name: str) -> None:
    found = greeted(name, {"en"})
    assert "\n" not in found and len(found) <= LONGEST and not set(found) & set("<>@:/&%{}")
    assert not found or not_a_name(found, {"en"}) is None
