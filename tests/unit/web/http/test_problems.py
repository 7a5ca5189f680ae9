"""The answer to everything that is not a success."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.codes import CODES, code_of
from candor.web.http.problems import FieldError, Problem, pointer


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_a_word_with_a_status_and_a_title(code: str) -> None:
    kind = CODES[code]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert 400 <= kind.status < 600
    assert kind.title
    assert not kind.title.endswith(".")


@pytest.mark.parametrize("code", CODES)
def test_a_problem_is_told_as_the_rfc_has_it(code: str) -> None:
    document = msgspec.json.decode(Problem(code, "why").body())
    assert document == {
        "type": f"/problems/{code}",
        "title": CODES[code].title,
        "status": CODES[code].status,
        "code": code,
        "detail": "why",
    }


def test_errors_point_at_the_body_or_name_a_parameter() -> None:
    problem = Problem("invalid_field", errors=[FieldError("bad", pointer="/a"), FieldError("worse", parameter="limit")])
    errors = msgspec.json.decode(problem.body())["errors"]
    assert errors == [{"detail": "bad", "pointer": "/a"}, {"detail": "worse", "parameter": "limit"}]


def test_an_unregistered_code_cannot_be_raised() -> None:
    with pytest.raises(KeyError):
        Problem("made_up")


def test_busy_answers_say_when_to_come_back() -> None:
    response = Problem.unavailable(retry_after=7).response()
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert response.headers["content-type"] == "application/problem+json"


def test_a_librarys_status_becomes_a_general_code() -> None:
    assert {status: code_of(status) for status in (404, 405, 418, 503, 599)} == {
        404: "not_found",
        405: "method_not_allowed",
        418: "bad_request",
        503: "overloaded",
        599: "internal",
    }


@given(st.lists(st.text() | st.integers(0, 99), min_size=1))
def test_a_pointer_is_read_back_as_its_path(path: list[str | int]) -> None:
    parts = pointer(path).split("/")[1:]
    assert [part.replace("~1", "/").replace("~0", "~") for part in parts] == [str(part) for part in path]
