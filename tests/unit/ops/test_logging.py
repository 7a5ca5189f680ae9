"""Log lines: one event a line, the trace with it, nothing in them that should not be read."""

import json
import logging as stdlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from candor.escaping import shows
from candor.ops import logging, tracing


def line(event: str = "happened", **fields: Any) -> dict[str, Any]:
    text = logging.render("promise-svc", "info", {"event": event} | fields)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_says_when_who_what() -> None:
    found = line(count=3, ratio=0.5, ok=True, nothing=None)
    assert (found["service"], found["level"], found["event"]) == ("promise-svc", "info", "happened")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", found["time"])
    assert (found["count"], found["ratio"], found["ok"], found["nothing"]) == (3, 0.5, True, None)
    assert "trace_id" not in found


def test_the_trace_goes_with_it() -> None:
    with tracing.within("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
        assert line()["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("mail to bob@example.com failed", "mail to [address] failed"),
        ("<bob.o'neil+x@mail.example.co.uk>", "<[address]>"),
        ("postgresql://candor:hunter2@db:5432/x", "postgresql://candor:[redacted]@db:5432/x"),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwx", "Authorization: Bearer [redacted]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_[redacted]"),
        ("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,[redacted]"),
        ("key candor_abcdefghijklmnopqrstuvwxyz0123", "key candor_[redacted]"),
        ("candor_promise is a database, 12:30, a@b", "candor_promise is a database, 12:30, a@b"),
        ("postgresql:///db?user=u&password=hunter2 is away", "postgresql:///db?user=u&password=[redacted] is away"),
        ("host=db sslpassword='hun ter2' user=u", "host=db sslpassword=[redacted] user=u"),
        ("host=db PASSWORD = hunter2", "host=db PASSWORD = [redacted]"),
        ('sent {"client_secret": "hunter2", "a": 1}', 'sent {"client_secret": [redacted], "a": 1}'),
        ("postgres://u:p@ss@h", "postgres://u:[redacted]@h"),
        ("postgres://u:p/ss@h:5432/db", "postgres://u:[redacted]@h:5432/db"),
        ("GET /signin?token=abc.def HTTP/1.1", "GET /signin?token=[redacted] HTTP/1.1"),
        ("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln was", "token [redacted] was"),
        ("Authorization: Basic dTpodW50ZXIy", "Authorization: Basic [redacted]"),
        ("Bearer abcdefgh.ijklmnopq~rst", "Bearer [redacted]"),
        ("Basic authentication is not known", "Basic authentication is not known"),
        ("http://db:8101/v1/a@b", "http://db:8101/v1/a@b"),
        ("KAFKA_SASL_PASSWORD_FILE=/run/candor/password", "KAFKA_SASL_PASSWORD_FILE=/run/candor/password"),
    ],
)
def test_addresses_and_secrets_are_taken_out_wherever_they_are(value: str, written: str) -> None:
    assert line(value)["event"] == written
    assert line(detail=value)["detail"] == written
    assert line(details=[{"deep": value}])["details"] == [{"deep": written}]
    assert written in line(exc_info=RuntimeError(value))["exception"]


@pytest.mark.parametrize(
    "name", ["password", "api_key", "Authorization", "set-cookie", "session_secret", "email", "to_email"]
)
def test_fields_that_hold_secrets_are_never_written(name: str) -> None:
    assert line(**{name: "hunter2"})[name] == "[redacted]"
    assert line(headers={name: "hunter2"})["headers"] == {name: "[redacted]"}


@pytest.mark.parametrize("secret", ["postgres://u:hunter2@db", "password=hunter2", "Basic dTpodW50ZXIy"])
@pytest.mark.parametrize("limit", [logging.LONGEST_VALUE, logging.LONGEST_TRACEBACK])
def test_no_cut_goes_through_a_secret_and_leaves_half_of_it(secret: str, limit: int) -> None:
    for moved in range(-len(secret), len(secret)):
        many = limit + moved
        text = json.dumps([line(f"{'x' * many} {secret}"), line(exc_info=RuntimeError(secret + " " * many))])
        assert "hunter" not in text
        assert "podW50" not in text


@given(st.text())
def test_a_line_shows_only_what_a_terminal_shows(text: str) -> None:
    written = logging.render("promise-svc", "info", {"event": text, "value": text})
    assert all(map(shows, written))
    assert json.loads(written)["event"] == logging.clean(text)


@given(st.text())
def test_no_text_makes_a_second_line(text: str) -> None:
    found = line(text, value=text, nested={"x": [text]})
    assert found["service"] == "promise-svc"


@given(st.emails())
def test_no_address_gets_through(address: str) -> None:
    plain = address if re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", address) else "a@example.com"
    assert plain not in json.dumps(line(f"to {plain} now", value=plain))


def test_long_values_are_cut() -> None:
    assert len(json.dumps(line("x" * 100_000, value="y" * 100_000))) < 10_000


def test_things_without_a_json_form_are_written_as_text() -> None:
    assert line(kind=ValueError("no"), kinds={1, 2})["kind"] == "no"


class Loud:
    def __str__(self) -> str:
        return "bob@example.com"


def test_what_an_object_says_of_itself_is_cleaned_too() -> None:
    assert line(thing=Loud())["thing"] == "[address]"


@pytest.fixture
def configured() -> Iterator[None]:
    root = stdlib.getLogger()
    handlers, level = root.handlers[:], root.level
    logging.configure("promise-svc", "INFO")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("configured")
def test_both_kinds_of_loggers_write_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("candor.x").warning("ours", n=1)
    stdlib.getLogger("uvicorn.error").warning("theirs %s", "a\r\nb@example.com")
    ours, theirs = written(capsys)
    assert (ours["event"], ours["level"], ours["n"]) == ("ours", "warning", 1)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("theirs a\r\n[address]", "warning", "uvicorn.error")


@pytest.mark.usefixtures("configured")
def test_failures_carry_their_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("bob@example.com")
    except ValueError:
        structlog.get_logger("candor.x").exception("ours")
        stdlib.getLogger("x").exception("theirs")
    for found in written(capsys):
        assert found["level"] == "error"
        assert "ValueError: invalid literal for int() with base 10: '[address]'" in found["exception"]


@pytest.mark.usefixtures("configured")
def test_what_lies_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("candor.x").debug("quiet")
    stdlib.getLogger("x").debug("quiet")
    stdlib.getLogger("uvicorn.access").info("quiet")
    stdlib.getLogger("aiokafka.consumer").info("quiet")
    assert written(capsys) == []


@pytest.mark.usefixtures("configured")
def test_a_log_call_that_cannot_be_formatted_fails_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    raising, stdlib.raiseExceptions = stdlib.raiseExceptions, False
    try:
        stdlib.getLogger("x").warning("%d", "not a number")
    finally:
        stdlib.raiseExceptions = raising
    assert capsys.readouterr().out == ""
