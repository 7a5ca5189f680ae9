"""Who was heard when, until somebody asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from candor.intake.heard import Heard
from candor.ops.metrics import REGISTRY
from tests.support.clocks import ManualClock

START = datetime(2026, 11, 30, 6, 0, 10, tzinfo=UTC)
WORDS = st.lists(st.tuples(st.sampled_from(["crm", "vans", "gate"]), st.integers(0, 200)), max_size=80)


def minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def last_heard(source: str) -> float | None:
    return REGISTRY.get_sample_value("candor_source_last_event_timestamp_seconds", {"source": source})


def test_of_a_minute_the_last_word_is_kept_and_what_was_taken_is_gone() -> None:
    clock = ManualClock(START)
    heard = Heard(clock)
    for seconds in (0, 20, 49, 51, 200):
        clock.set(START + timedelta(seconds=seconds))
        heard.note("crm")
    assert heard.taken() == {"crm": [START + timedelta(seconds=49), START + timedelta(seconds=51), clock.now()]}
    assert last_heard("crm") == clock.now().timestamp()
    assert heard.taken() == {}


@settings(print_blob=True)
@given(WORDS, st.integers(0, 80))
def test_what_is_put_back_is_as_if_nobody_had_asked(words: list[tuple[str, int]], cut: int) -> None:
    clock = ManualClock(START)
    asked, whole = Heard(clock), Heard(clock)
    for number, (source, seconds) in enumerate(sorted(words, key=lambda word: word[1])):
        clock.set(START + timedelta(seconds=seconds))
        whole.note(source)
        if number == cut:
            asked.put_back(asked.taken())
        asked.note(source)
    assert asked.taken() == whole.taken()


@settings(print_blob=True)
@given(WORDS)
def test_there_is_one_moment_a_minute_in_order(words: list[tuple[str, int]]) -> None:
    clock = ManualClock(START)
    heard = Heard(clock)
    for source, seconds in sorted(words, key=lambda word: word[1]):
        clock.set(START + timedelta(seconds=seconds))
        heard.note(source)
    for source, moments in heard.taken().items():
        assert moments == sorted(moments)
        minutes = [minute(at) for at in moments]
        assert len(set(minutes)) == len(minutes)
        said = [START + timedelta(seconds=seconds) for name, seconds in words if name == source]
        assert {minute(at) for at in said} == set(minutes)
        assert max(said) == moments[-1]
