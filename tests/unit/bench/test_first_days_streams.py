"""The first promises of recorded streams."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from bench.first_days import cases, figures
from bench.first_days_streams import openings, streams
from tests.support.stream import iso, stream


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one stream, in which an incident begins with every hundredth hour."""
    events, _ = stream(240)
    incidents = [
        {"type": "incident.opened", "time": iso(hour), "data": {"incident": str(hour)}} for hour in (1, 99, 399)
    ]
    folder = tmp_path / "parcels"
    folder.mkdir()
    with gzip.open(folder / "events.jsonl.gz", "wt") as file:
        for event in sorted([*events, *incidents], key=lambda one: one["time"]):
            file.write(json.dumps(event) + "\n")
    return tmp_path


def test_each_start_has_the_promises_made_from_then_on_with_all_that_became_of_them(data: Path) -> None:
    found = list(openings(data / "parcels", starts=3, promises=60))

    made = [[event["promise_id"] for event in one if event["type"] == "promise.made"] for one in found]
    assert made == [[f"p{number}" for number in range(first, first + 60)] for first in (0, 90, 180)]
    whole, _ = stream(240)
    for own, events in zip(made, found, strict=True):
        assert [one for one in events if "promise_id" in one] == [one for one in whole if one["promise_id"] in own]


def test_what_is_about_no_promise_comes_along_while_they_last(data: Path) -> None:
    found = list(openings(data / "parcels", starts=3, promises=60))

    assert [[one["data"]["incident"] for one in events if "promise_id" not in one] for events in found] == [
        ["1", "99"],
        [],
        ["399"],
    ]


def test_a_short_stream_is_one_start(data: Path) -> None:
    (only,) = openings(data / "parcels", promises=1_000)

    assert {"Brier, 1+ known", "Brier, 20+ known", "Brier, 100+ known"} <= figures(cases(only))["engine"].keys()


def test_a_folder_without_streams_is_told(data: Path) -> None:
    assert [one.name for one in streams(data)] == ["parcels"]
    with pytest.raises(FileNotFoundError, match="a stream is a folder of its own"):
        streams(data / "parcels")
