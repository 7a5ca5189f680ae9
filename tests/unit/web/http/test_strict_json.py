"""JSON that two readers could understand differently is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.problems import Problem
from candor.web.http.strict_json import DEEPEST, dumps, loads, loads_object

MALFORMED = {
    "empty": b"",
    "blank": b" \n",
    "truncated": b'{"a": 1',
    "truncated in a string": b'{"a": "b',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": -Infinity}',
    "key twice": b'{"a": 1, "a": 2}',
    "key twice, compact": b'{"a":1,"a":2}',
    "key twice, same value": b'{"a":1,"a":1}',
    "key twice, one escaped": b'{"a":1,"\\u0061":1}',
    "key twice, deep down": b'{"x":[{"y":{"a":1,"b":2,"a":1}}]}',
    "33 arrays": b"[" * 33 + b"]" * 33,
    "33 objects": b'{"a":' * 32 + b"{}" + b"}" * 32,
    "100,000 levels": b"[" * 100_000,
    "100,000 levels, closed": b"[" * 100_000 + b"]" * 100_000,
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "byte order mark alone": b"\xef\xbb\xbf",
    "byte order mark within": b'{"a": \xef\xbb\xbf1}',
    "two byte order marks": b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "overlong": b'{"a": "\xc0\xaf"}',
    "invalid UTF-8 in a key": b'{"\xff": 1}',
    "lone high surrogate": b'{"a": "\\ud800"}',
    "lone high surrogate, then text": b'{"a": "\\ud800 and more"}',
    "lone low surrogate": b'{"a": "\\udc00"}',
    "surrogates in the wrong order": b'{"a": "\\udc00\\ud800"}',
    "raw surrogate": b'{"a": "\xed\xa0\x80"}',
    "surrogate in a key": b'{"\\ud800": 1}',
    "overflow": b'{"a": 1e999}',
    "negative overflow": b'{"a": -1e999}',
    "overflow written out": b'{"a": ' + b"1" * 400 + b".0}",
    "integer of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "trailing text": b'{"a": 1} x',
    "two documents": b'{"a": 1}{"a": 1}',
    "trailing comma": b'{"a": 1,}',
    "comment": b'{"a": 1 /* one */}',
    "single quotes": b"{'a': 1}",
    "leading zero": b'{"a": 01}',
    "plus": b'{"a": +1}',
    "bare line break in text": b'{"a": "b\nc"}',
    "bare NUL": b'{"a": "\x00"}',
    "vertical tab": b'\x0b{"a": 1}',
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_plain_json_is_malformed(raw: bytes) -> None:
    with pytest.raises(Problem) as caught:
        loads_object(raw)
    assert (caught.value.status, caught.value.code) == (400, "malformed_json")


def test_a_byte_order_mark_is_named_as_the_reason() -> None:
    with pytest.raises(Problem, match="byte order mark"):
        loads('{"a": "é"}'.encode("utf-8-sig"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named_as_the_reason(encoding: str) -> None:
    with pytest.raises(Problem, match="not UTF-8"):
        loads('{"a": 1}'.encode(encoding))


@pytest.mark.parametrize("raw", [b"[]", b"[{}]", b'"text"', b"1", b"true", b"null"])
def test_a_request_body_is_an_object(raw: bytes) -> None:
    with pytest.raises(Problem, match="object"):
        loads_object(raw)


def test_thirty_two_levels_are_read() -> None:
    assert loads(b"[" * DEEPEST + b"]" * DEEPEST)
    assert loads(b'{"a":' * (DEEPEST - 1) + b"{}" + b"}" * (DEEPEST - 1))


def test_many_values_side_by_side_are_not_depth() -> None:
    assert len(loads(b'{"a":[' + b",".join([b"[{}]"] * 500) + b"]}")["a"]) == 500


def test_pairs_of_surrogates_are_one_character() -> None:
    assert loads(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_key_may_come_again_in_another_object() -> None:
    assert loads(b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}') == {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}


def test_the_reason_never_repeats_the_content() -> None:
    with pytest.raises(Problem) as caught:
        loads(b'{"password": "hunter2", x}')
    assert "hunter2" not in caught.value.detail


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"))
values = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values)
def test_whatever_is_written_is_read_back(value: Any) -> None:
    assert loads(dumps(value)) == value
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, indent=1, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,0123456789.eE+-\\u nulltrfas', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_malformed(raw: bytes) -> None:
    try:
        value = loads(raw)
    except Problem as problem:
        assert problem.code == "malformed_json"
    else:
        # Whatever is accepted, the standard library understands in the same way.
        assert json.loads(raw) == value


members = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "\\u0061", "é", "\\u00e9"]), scalars), max_size=5)


@given(members, st.booleans())
def test_a_key_twice_is_always_found(pairs: list[tuple[str, Any]], compact: bool) -> None:
    joint = "," if compact else ", "
    raw = "{" + joint.join(f'"{key}":{json.dumps(value)}' for key, value in pairs) + "}"
    keys = [json.loads(f'"{key}"') for key, _ in pairs]
    if len(set(keys)) == len(keys):
        assert list(loads(raw.encode())) == keys
    else:
        with pytest.raises(Problem, match="twice"):
            loads(raw.encode())
