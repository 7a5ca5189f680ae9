"""What time alone concludes waits while older events are still being read."""

import math

from risk_svc.worker.watermark import SETTLE_S, Watermark


def test_nothing_heard_for_long_leaves_nothing_to_wait_for() -> None:
    heard = Watermark(system=0)
    assert heard.oldest(0) == -math.inf, "just acquired"
    assert heard.oldest(2 * SETTLE_S) == math.inf


def test_the_oldest_of_the_last_seconds_counts() -> None:
    heard = Watermark()
    heard.note(100, 5_000)
    heard.note(101, 3_000)
    heard.note(102, 9_000)
    assert heard.oldest(103) == 3_000


def test_an_old_event_is_forgotten_once_only_newer_ones_come() -> None:
    heard = Watermark()
    heard.note(100, 3_000)
    for second in range(1, 60):
        heard.note(100 + second, 9_000)
        assert (heard.oldest(100 + second) == 3_000) is (second < 2 * SETTLE_S)
