"""A talkative library: its first line at once, then counts, and a word when it has fallen silent."""

from __future__ import annotations

import json
import logging as stdlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.ops.logging import _Handler
from candor.ops.repeats import EVERY, MAX_KINDS, Kind, Repeats, kind_of

AWAY = 'Unable connect to "%s:%s": %s'


class Seconds:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def library(seconds: Seconds) -> Iterator[stdlib.Logger]:
    """A logger of aiokafka's that writes as a process of ours does."""
    logger = stdlib.getLogger("aiokafka.test_repeats")
    handler = _Handler("risk-svc", Repeats(now=seconds))
    logger.addHandler(handler)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)
    if handler._timer is not None:
        handler._timer.cancel()


def tell(library: stdlib.Logger) -> None:
    """What the timer does once a minute."""
    handler = library.handlers[0]
    assert isinstance(handler, _Handler)
    if handler._timer is not None:
        handler._timer.cancel()
    handler.tell()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in capsys.readouterr().out.splitlines()]


def test_an_outage_is_seen_at_once_then_counted_and_its_end_is_said(
    library: stdlib.Logger, seconds: Seconds, capsys: pytest.CaptureFixture[str]
) -> None:
    library.error(AWAY, "127.0.0.1", 19092, "refused")
    [first] = written(capsys)
    assert (first["level"], first["event"]) == ("warning", 'Unable connect to "127.0.0.1:19092": refused')

    for _ in range(500):
        seconds.now += 0.1
        library.error(AWAY, "127.0.0.1", 19092, "timed out")
    assert written(capsys) == []
    seconds.now = EVERY
    tell(library)
    [counted] = written(capsys)
    assert (counted["level"], counted["lines"], counted["seconds"]) == ("warning", 500, 60)
    assert (counted["event"], counted["logger"]) == ('Unable connect to "127.0.0.1:19092": timed out', library.name)

    library.error(AWAY, "127.0.0.1", 19092, "refused")
    seconds.now = 2 * EVERY
    tell(library)
    assert [line["lines"] for line in written(capsys)] == [1]
    seconds.now = 3 * EVERY
    tell(library)
    [over] = written(capsys)
    assert (over["level"], over["lines"], over["seconds"]) == ("info", 502, 60)
    assert over["event"].startswith("has not come again for 60 s: Unable connect")

    library.error(AWAY, "127.0.0.1", 19092, "refused")
    assert [line["level"] for line in written(capsys)] == ["warning"]


def test_each_kind_of_trouble_is_seen_at_once(library: stdlib.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        library.error(AWAY, "127.0.0.1", 19092, "refused")
        library.warning("Heartbeat failed for group %s", "risk-svc")
        library.getChild("conn").error(AWAY, "127.0.0.1", 19092, "refused")
    assert len(written(capsys)) == 3


def test_what_a_library_tries_again_is_no_error_of_ours(
    library: stdlib.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    library.error("Group Coordinator Request failed: [Error 15]")
    library.critical("Failed fetch messages")
    assert [line["level"] for line in written(capsys)] == ["warning", "warning"]


def test_figures_in_the_words_make_no_new_kind() -> None:
    one, other = (kind_of("aiokafka", "warning", f"node {n} at 0x{n:x} is away") for n in (3, 4711))
    assert one == other == Kind("aiokafka", "warning", "node # at # is away")


def test_our_own_lines_are_all_written(seconds: Seconds, capsys: pytest.CaptureFixture[str]) -> None:
    handler = _Handler("risk-svc", Repeats(now=seconds))
    for name in ("candor.relay", "aiokafkaesque", "uvicorn.error"):
        for _ in range(3):
            handler.handle(stdlib.LogRecord(name, stdlib.WARNING, "", 0, "the same", (), None))
    assert len(written(capsys)) == 9


def test_what_was_held_back_is_told_at_the_end_of_the_process(
    library: stdlib.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(7):
        library.warning("away")
    library.handlers[0].close()
    first, last = written(capsys)
    assert "lines" not in first
    assert last["lines"] == 6


def test_held_back_lines_set_a_timer_that_nothing_waits_for(library: stdlib.Logger) -> None:
    def timers() -> list[bool]:
        handler = library.handlers[0]
        assert isinstance(handler, _Handler)
        return [handler._timer.daemon] if handler._timer else []

    library.warning("away")
    assert timers() == []
    library.warning("away")
    library.warning("away")
    assert timers() == [True]


def test_a_single_line_leaves_nothing_to_tell(seconds: Seconds) -> None:
    repeats = Repeats(now=seconds)
    assert repeats.admit(kind_of("aiokafka", "warning", "once"), "once")
    assert not repeats.waiting
    seconds.now = EVERY
    assert repeats.admit(kind_of("aiokafka", "warning", "once"), "once")
    seconds.now = 3 * EVERY
    assert repeats.due() == []


def test_kinds_without_end_fill_no_memory(seconds: Seconds) -> None:
    repeats = Repeats(now=seconds)
    for number in range(3 * MAX_KINDS):
        words = "".join(chr(97 + int(digit)) for digit in str(number))
        assert repeats.admit(kind_of("aiokafka", "warning", words), words)
    assert len(repeats._runs) == MAX_KINDS


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from("abc"), st.booleans()), max_size=60))
def test_every_line_is_either_written_or_counted(steps: list[tuple[float, str, bool]]) -> None:
    seconds = Seconds()
    repeats = Repeats(now=seconds)
    written = counted = 0
    for pause, words, timer in steps:
        seconds.now += pause
        written += repeats.admit(kind_of("aiokafka", "warning", words), words)
        if timer:
            counted += sum(told.lines for told in repeats.due() if not told.over)
    counted += sum(told.lines for told in repeats.due(all_of_it=True) if not told.over)
    assert written + counted == len(steps)
