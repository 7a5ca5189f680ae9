"""How old facts are follows from what each stage said, and when the next stage had read that far."""

from __future__ import annotations

from math import inf

import pytest

from candor.contracts import PROCESSES, ProcessAlive
from notify_svc.domain.freshness import KEPT, Freshness

ALL = tuple(PROCESSES)


def says(freshness: Freshness, process: str, at: float, **parts: float) -> None:
    """A process says of partitions 0 and 3 up to when its parts' work is done."""
    service, _, role = process.partition(" ")
    reached = {part: {0: until, 3: until} for part, until in parts.items()}
    freshness.heard(ProcessAlive("one", service, role, reached=reached), at)


def all_well(freshness: Freshness, first: int, last: int, *, but: str = "") -> None:
    """Each second every process says that its work was done half a second ago."""
    for second in range(first, last):
        for process in ("promise-svc", "delivery-svc", "risk-svc worker"):
            if process != but:
                parts = {"relay": second - 0.5} | ({} if process == "promise-svc" else {"consumer": second - 0.5})
                says(freshness, process, second, **parts)


def test_facts_are_some_seconds_old_while_all_is_well() -> None:
    freshness = Freshness(ALL, 60)
    all_well(freshness, 0, 100)
    assert 99.0 - freshness.as_of(3, 99.0) < 10


@pytest.mark.parametrize("process", ["promise-svc", "delivery-svc", "risk-svc worker"])
def test_facts_grow_old_when_any_stage_says_no_more(process: str) -> None:
    freshness = Freshness(ALL, 60)
    all_well(freshness, 0, 50)
    all_well(freshness, 50, 100, but=process)
    assert 99.0 - freshness.as_of(3, 99.0) > 49


def test_a_word_counts_once_the_next_stage_has_read_beyond_it() -> None:
    freshness = Freshness(("promise-svc", "risk-svc worker"), 60)
    says(freshness, "promise-svc", 10, relay=10)
    says(freshness, "promise-svc", 20, relay=19)
    says(freshness, "risk-svc worker", 21, consumer=15, relay=21)
    assert freshness.as_of(3, 20) == -inf
    says(freshness, "risk-svc worker", 30, consumer=29, relay=29)
    # By 30 all scored by 29 was sent; the last word on scoring until then was about what Kafka had by 15.
    assert freshness.as_of(3, 30) == 10


def test_incidents_of_the_first_partition_are_facts_of_all() -> None:
    freshness = Freshness(("delivery-svc",), 60)
    for at, reported in ((10.0, 5.0), (20.0, 5.0), (30.0, 29.0)):
        reached = {"relay": {0: reported, 3: at}, "consumer": {3: at}}
        freshness.heard(ProcessAlive("one", "delivery-svc", reached=reached), at)
        freshness.heard(ProcessAlive("two", "promise-svc", reached={"relay": {3: at}}), at)
    assert freshness.as_of(3, 25.0) == -inf
    assert freshness.as_of(3, 30.0) == 20.0


def test_what_another_instance_says_less_of_takes_nothing_back() -> None:
    freshness = Freshness(("promise-svc",), 60)
    says(freshness, "promise-svc", 10, relay=10)
    says(freshness, "promise-svc", 12, relay=4)
    assert freshness.as_of(3, 12) == 10


def test_without_anybody_upstream_only_the_own_reading_counts() -> None:
    freshness = Freshness(("notify-svc",), 60)
    all_well(freshness, 0, 10)
    assert freshness.as_of(3, 1234.0) == 1234.0
    assert freshness.ages(10) == {}


def test_the_age_of_each_process_is_told_also_of_one_never_heard() -> None:
    freshness = Freshness(ALL, 60)
    all_well(freshness, 0, 10, but="delivery-svc")
    assert freshness.ages(20.0) == {"delivery-svc": inf, "promise-svc": 11.5, "risk-svc worker": 11.5}


@pytest.mark.parametrize("window", [10, 60, 3600])
def test_words_are_kept_for_the_oldest_age_that_counts_as_fresh_and_not_without_end(window: int) -> None:
    freshness = Freshness(("promise-svc",), window)
    for second in range(3 * window):
        says(freshness, "promise-svc", second, relay=second)
    oldest = 2 * window
    assert 0 <= oldest - freshness.as_of(3, oldest) <= 1 + window / 60
    assert len(freshness._said["promise-svc", "relay", 3].at) <= KEPT
