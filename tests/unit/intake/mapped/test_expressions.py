"""Expressions: what they select, what they may not be, and that nothing can be multiplied by them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.intake.mapped.expressions import LONGEST, SPREADS, ExpressionError, compiled, evaluate, holds

BODY = {"a": {"b": [1, 2], "c": "Von Süd nach Nord"}, "zero": 0, "none": None, "empty": [], "text": "x,y"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.b[1]", 2),
        ("a.b[-1]", 2),
        ("a.b[5]", None),
        ("nothing.at.all", None),
        ("not_null(none, text)", "x,y"),
        ("lower(a.c)", "von süd nach nord"),
        ("slug(a.c)", "von-sud-nach-nord-151dcb7ecf31"),
        ("slug('!!!')", None),
        ("split(text, ',')", ["x", "y"]),
        ("split(text, '')", ["x,y"]),
        ("part(text, ',', `1`)", "y"),
        ("part(text, ',', `-1`)", "y"),
        ("part(text, ',', `2`)", None),
        ("{kind: 'site', id: text}", {"kind": "site", "id": "x,y"}),
        ("field(a, 'c')", "Von Süd nach Nord"),
        ("field(a, text)", None),
        ("field(none, 'c')", None),
        ("field(a, none)", None),
        ("entries(a)[?key == 'c'].value", ["Von Süd nach Nord"]),
        ("entries(none)", []),
        ("spread([a], &b)[].{one: one, c: of.c}", [{"one": n, "c": "Von Süd nach Nord"} for n in (1, 2)]),
        ("spread([a, @], &nothing)", []),
        ("spread([a], &c)", []),
    ],
)
def test_an_expression_selects(text: str, found: Any) -> None:
    assert evaluate(text, BODY) == found


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("zero", True),
        ("none", False),
        ("empty", False),
        ("text == 'x,y'", True),
        ("!text", False),
        ("!(a.b)", False),
        ("!contains(text, 'z')", True),
        ("a", True),
    ],
)
def test_holding_is_what_jmespath_calls_true(text: str, true: bool) -> None:
    assert holds(text, BODY) is true


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.", "no JMESPath expression"),
        ("a b", "no JMESPath expression"),
        ("", "no JMESPath expression"),
        ("system('true')", "there is no function 'system'"),
        ("a | eval(@)", "there is no function 'eval'"),
        ("!a.b", r"write !\(a.b\)"),
        ("x && !a.b[0]", r"write !\(a.b\)"),
        ("x" * (LONGEST + 1), "at most 2,000 characters"),
        (" | ".join(["[@, @]"] * 40), "could make 1,000 values of one"),
        ("(" * 900 + "a" + ")" * 900, "nested too deep|no JMESPath"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        compiled(text)


def test_what_does_not_fit_is_an_error_in_one_line() -> None:
    for text in ("lower(zero)", "sum(a)", "sort_by(a.b, &x)", "join(',', a.b)", "max_by(a.b, &@.c)"):
        with pytest.raises(ExpressionError) as error:
            evaluate(text, BODY)
        assert "\n" not in str(error.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
expressions = st.sampled_from(
    [
        "a[*].b",
        "a[?b > `1`].c",
        "sort(a)",
        "sort_by(a, &b)",
        "max(a)",
        "sum(a)",
        "avg(a)",
        "keys(@)",
        "values(a)[0]",
        "join('-', a)",
        "part(a, b, c)",
        "split(a, b)",
        "a[::-1]",
        "a[::0]",
        "merge(a, b)",
        "to_number(a)",
        "map(&b, a)",
        "reverse(a)",
        "contains(a, b)",
        "length(a) > length(b)",
        "abs(a)",
        "ceil(a)",
    ]
)


@given(expressions, json_values)
def test_no_value_makes_an_expression_fail_otherwise(text: str, value: Any) -> None:
    try:
        evaluate(text, value)
    except ExpressionError as error:
        assert str(error)


def test_a_list_within_an_object_is_spread_up_to_a_limit() -> None:
    assert len(evaluate("spread([@], &many)", {"many": list(range(SPREADS))})) == SPREADS
    with pytest.raises(ExpressionError, match="spread takes at most 200 entries of one list, here are 201"):
        evaluate("spread([@], &many)", {"many": list(range(SPREADS + 1))})


def test_a_digest_stands_for_what_a_value_says_and_not_for_how_it_was_written() -> None:
    one, same, other = ({"labels": labels} for labels in ({"a": 1, "b": "x"}, {"b": "x", "a": 1.0}, {"a": 1, "b": "y"}))
    assert evaluate("digest(labels)", one) == evaluate("digest(labels)", same)
    assert evaluate("digest(labels)", one) != evaluate("digest(labels)", other)
    assert len(evaluate("digest(labels)", one)) == 32
    assert evaluate("digest(nothing)", one) is None


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("join(':', [id, at])", r"join\(\) takes texts, and nothing is there"),
        ("starts_with(type, 'x')", r"starts_with\(\) takes a text, and nothing is there"),
        ("lower(number)", r"lower\(\) takes a text, and a number is there"),
        ("keys(list)", r"keys\(\) takes an object, and a list is there"),
    ],
)
def test_what_does_not_fit_is_said_in_plain_words(expression: str, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        evaluate(expression, {"id": "x", "number": 3, "list": []})
