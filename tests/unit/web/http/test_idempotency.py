"""The same request twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.store.receipts import Answer
from candor.web.http.idempotency import Identity, decide, parse_key, sha256
from candor.web.http.problems import Problem

ANSWER = Answer(201, b'{"promise_id":"p-1"}')


def test_no_header_is_no_key() -> None:
    assert parse_key(None) is None


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('  "a"  ', "a"),
        ('"a b"', "a b"),
        (r'"a\"b\\c"', 'a"b\\c'),
        ('"a,b;c"', "a,b;c"),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_key_is_a_quoted_string_or_a_bare_token(header: str, key: str) -> None:
    assert parse_key(header) == key


@pytest.mark.parametrize(
    "header",
    ["", " ", '""', '"', '"a', 'a"', '"a"b', '"a", "b"', "a b", "a,b", "a;q=1", r'"\a"', "é", '"é"', "x" * 256],
)
def test_anything_else_is_refused(header: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_key(header)
    assert (caught.value.status, caught.value.code) == (400, "bad_idempotency_key")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255))
def test_every_printable_key_survives_quoting(key: str) -> None:
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_key(f'"{quoted}"') == key


@given(st.text(max_size=20))
def test_any_header_is_a_key_or_a_400(header: str) -> None:
    try:
        key = parse_key(header)
    except Problem as problem:
        assert problem.status == 400
    else:
        assert key


@pytest.mark.parametrize("identity", Identity)
def test_what_is_new_is_done(identity: Identity) -> None:
    assert decide(identity, sha256(b"a"), None) is None


@pytest.mark.parametrize("identity", Identity)
def test_the_same_body_gets_the_same_answer(identity: Identity) -> None:
    assert decide(identity, sha256(b"a"), (sha256(b"a"), ANSWER)) == ANSWER


@pytest.mark.parametrize(
    ("identity", "status", "code"),
    [(Identity.KEY, 422, "idempotency_key_reused"), (Identity.EVENT, 409, "event_id_reused")],
)
def test_another_body_under_the_same_name_is_a_conflict(identity: Identity, status: int, code: str) -> None:
    with pytest.raises(Problem) as caught:
        decide(identity, sha256(b"b"), (sha256(b"a"), ANSWER))
    assert (caught.value.status, caught.value.code) == (status, code)


@pytest.mark.parametrize("identity", Identity)
def test_what_was_erased_is_not_done_again(identity: Identity) -> None:
    with pytest.raises(Problem) as caught:
        decide(identity, sha256(b"a"), (b"", Answer(201, b"")))
    assert caught.value.code == "erased"


def test_white_space_makes_another_body() -> None:
    assert sha256(b'{"a":1}') != sha256(b'{"a": 1}')
