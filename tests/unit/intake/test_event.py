"""Events as senders write them, and what is kept of those that cannot be used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.intake.event import known_name, neutral, plain_type
from candor.intake.intake import plain
from candor.web.http.problems import Problem
from tests.support.clocks import NOON

KNOWN = ("promise.made", "contact.set")
BODY: dict[str, Any] = {"type": "promise.made", "timestamp": "2013-03-08T12:00:00Z", "data": {"a": 1}}


@pytest.mark.parametrize("text", ["promise.made", "candor.promise.made", "promise.made.v1", "candor.promise.made.v1"])
def test_a_type_has_one_plain_name(text: str) -> None:
    assert plain_type(text, KNOWN) == "promise.made"


@pytest.mark.parametrize(
    "text", ["", "promise", "made.promise", "candor.candor.promise.made", "promise.made.vv1", "x" * 999]
)
def test_an_unknown_type_lists_the_known_ones(text: str) -> None:
    with pytest.raises(Problem) as problem:
        plain_type(text, KNOWN)
    assert (problem.value.code, problem.value.detail) == ("unknown_type", "known here: contact.set, promise.made")


@pytest.mark.parametrize("version", ["0", "2", "9999"])
def test_another_version_lists_the_supported_one(version: str) -> None:
    with pytest.raises(Problem) as problem:
        plain_type(f"candor.promise.made.v{version}", KNOWN)
    assert problem.value.code == "unsupported_version"
    assert problem.value.extensions == {"supported": ["candor.promise.made.v1"]}


def test_a_type_of_another_version_keeps_its_name_in_what_is_listed() -> None:
    assert known_name("candor.promise.made.v2", KNOWN) == "promise.made"
    assert known_name("candor.promise.lost.v1", KNOWN) == ""


@given(st.text())
def test_any_text_as_a_type_is_known_or_a_problem(text: str) -> None:
    try:
        assert plain_type(text, KNOWN) in KNOWN
    except Problem as problem:
        assert problem.code in ("unknown_type", "unsupported_version")


def test_a_neutral_body_is_an_event_and_what_else_it_says_is_ignored() -> None:
    event = neutral(BODY | {"tenant": 7}, KNOWN, NOON)
    assert event == ("promise.made", NOON, {"a": 1})


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"timestamp": "2013-03-08T12:05:01Z"}, "/timestamp"),
        ({"timestamp": "2013-03-08T12:00:00"}, "/timestamp"),
        ({"timestamp": 1362744000}, "/timestamp"),
        ({"data": []}, "/data"),
        ({"data": None}, "/data"),
        ({"type": 1}, "/type"),
    ],
)
def test_what_is_wrong_with_a_neutral_body_is_named(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Problem) as problem:
        neutral(BODY | changes, KNOWN, NOON)
    assert [error.pointer for error in problem.value.errors] == [pointer]


def test_clocks_may_differ_by_five_minutes() -> None:
    said = {"timestamp": (NOON + timedelta(minutes=5)).isoformat()}
    assert neutral(BODY | said, KNOWN, NOON).time == NOON + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("detail", "kept"),
    [
        ("/data/anna@example.com: is not a field", "… is not a field"),
        ("mail anna@example.com or bob@example.org now", "mail … or … now"),
        ("x" * 400, "x" * 300),
    ],
)
def test_no_address_stays_in_what_is_kept(detail: str, kept: str) -> None:
    assert plain(detail) == kept
