"""YAML with line numbers: what is read, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.intake.mapped import located
from candor.intake.mapped.located import DEEPEST, MOST_BYTES, LocatedError

TEXT = b"""\
# a comment
a:
  b: 1
  c:
    - x
    - {d: yes, e: 2026-11-30}
f: >-
  folded
  text
"""


def test_every_value_has_its_line() -> None:
    found = located.read(TEXT)
    assert found.value == {"a": {"b": 1, "c": ["x", {"d": True, "e": "2026-11-30"}]}, "f": "folded text"}
    assert found.line(("a",)) == 2
    assert found.line(("a", "c", 1, "e")) == 6
    assert found.line(("f",)) == 7


def test_what_stands_nowhere_has_the_line_of_what_is_around_it() -> None:
    found = located.read(TEXT)
    assert found.line(("a", "c", "some-union", 0)) == 5
    assert found.line(("a", "missing")) == 2
    assert found.line(()) == 2
    assert located.read(b"").line(("x",)) == 1


def test_keys_are_the_text_that_stands_there() -> None:
    assert located.read(b"{on: 1, no: 2, 690970001: 3, 1.0: 4}").value == {"on": 1, "no": 2, "690970001": 3, "1.0": 4}


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert located.read(b"\xef\xbb\xbfa: 1").value == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"a: 1\nb: [\nc: 3\n", 4, "no YAML: did not find"),
        (b"a: 1\na: 2", 2, "'a' stands here twice"),
        (b"a: &x 1\nb: *x", 2, "aliases"),
        (b"a:\n  <<: {b: 1}", 2, "a key is a plain text"),
        (b"a: 1\n? [b]\n: 2", 2, "a key is a plain text"),
        (b"a: !!python/object/apply:os.system ['true']", 1, "the tag"),
        (b"a: !mine 3", 1, "the tag '!mine'"),
        (b"a: 1\n---\nb: 2", 2, "another document"),
        (b"\xff\xfe", 1, "not UTF-8"),
        (b"[" * 400 + b"]" * 400, 1, "nested deeper"),
        (b"a: " + b"x" * MOST_BYTES, 1, "larger than"),
        (b"a:\n\t- b", 2, "no YAML"),
    ],
)
def test_what_is_not_read_says_where_and_why(raw: bytes, line: int, words: str) -> None:
    with pytest.raises(LocatedError, match=words) as error:
        located.read(raw)
    assert error.value.line == line
    assert str(error.value).startswith(f"line {line}: ")


def test_what_is_nested_as_deep_as_it_may_be_is_read() -> None:
    assert located.read(b"[" * DEEPEST + b"1" + b"]" * DEEPEST)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    try:
        located.read(raw)
    except LocatedError as error:
        assert error.line >= 1
