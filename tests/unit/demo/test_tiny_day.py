"""The made-up day that end-to-end tests replay."""

from candor.replay.stream import as_json
from tests.support.tiny_day import FOGGY, tiny_day


def test_the_same_seed_gives_the_same_day() -> None:
    assert [as_json(event) for event in tiny_day(7).live] == [as_json(event) for event in tiny_day(7).live]
    assert [as_json(event) for event in tiny_day(7).live] != [as_json(event) for event in tiny_day(8).live]


def test_every_way_to_end_is_there() -> None:
    day = tiny_day()
    truths = list(day.truths.values())
    assert len(truths) == 30
    assert sum(truth.cancelled for truth in truths) == 1
    assert sum(truth.completed_at is None for truth in truths) == 2
    foggy = [truth for truth in truths if truth.promise_id.endswith(FOGGY)]
    assert sum(truth.late for truth in foggy) > len(foggy) * 0.8
    clear = [truth for truth in truths if not truth.promise_id.endswith(FOGGY)]
    assert sum(truth.late for truth in clear) < len(clear) / 2
    assert sum(event.type == "incident.reported" for event in day.live) == 2
    assert 0 < day.history_rate < 0.5
