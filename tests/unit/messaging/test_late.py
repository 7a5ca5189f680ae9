"""How many events of a batch took effect late."""

from __future__ import annotations

import pytest

from candor.messaging.telemetry import LATE_SECONDS, late
from tests.unit.messaging.records import FetchedRecord

NOW = 1_000_000.0


def batch(*ages: float) -> list[FetchedRecord]:
    """Records that Kafka has had for so many seconds, oldest first."""
    return [FetchedRecord(place, None, None, (), int((NOW - age) * 1000)) for place, age in enumerate(ages)]


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ((), 0),
        ((1, 0), 0),
        ((LATE_SECONDS,), 0),
        ((LATE_SECONDS + 0.001,), 1),
        ((3600, 60, 11, 9, 0), 3),
        ((60, 60, 60), 3),
    ],
)
def test_what_kafka_had_for_longer_than_ten_seconds_is_late(ages: tuple[float, ...], expected: int) -> None:
    assert late(batch(*ages), NOW) == expected
