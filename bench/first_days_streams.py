"""The first promises of recorded streams, at several starts: what an installation of that domain would see first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.forecast_streams.cases import lines

STARTS: Final = 7
PROMISES: Final = 4_000
"""Promises of a start; with the last of them some 3,000 are answered."""
Event = dict[str, Any]


def streams(data: Path) -> list[Path]:
    """The folders of streams below a folder, by name. Raises FileNotFoundError if there are none."""
    found = sorted(one.parent for one in data.glob("*/events.jsonl.gz"))
    if not found:
        raise FileNotFoundError(f"no folder in {data} holds events.jsonl.gz: a stream is a folder of its own")
    return found


def openings(folder: Path, starts: int = STARTS, promises: int = PROMISES) -> Iterator[list[Event]]:
    """The events of the promises made first after each of several moments, evenly spread over a stream.

    What is about no promise, such as an incident, comes along from the first of them to the last.
    """
    every = list(lines(folder / "events.jsonl.gz"))
    made = [event["promise_id"] for event in every if event["type"] == "promise.made"]
    step = max(0, len(made) - promises) // max(1, starts - 1)
    for start in range(starts if step else 1):
        own = set(made[start * step : start * step + promises])
        yield _about(every, own)


def _about(every: list[Event], own: set[str]) -> list[Event]:
    places = [place for place, event in enumerate(every) if event.get("promise_id") in own]
    between = every[places[0] : places[-1] + 1] if places else []
    return [event for event in between if event.get("promise_id") in own or "promise_id" not in event]
