"""The golden examples: one record of every event as sent to Kafka, fed to every consumer in a contract test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import NamedTuple

from candor.contracts.envelope import Record
from candor.contracts.topics import CARDS


class Example(NamedTuple):
    """A file of `examples/`: its name, the topic card it is sent on, and the record."""

    name: str
    topic: str
    record: Record


def examples() -> Iterator[Example]:
    """Yield every golden example, in name order."""
    folder = files("candor.contracts") / "examples"
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if path.name.endswith(".json"):
            raw = json.loads(path.read_text(encoding="utf-8"))
            headers = [(name, value.encode()) for name, value in raw["headers"].items()]
            value = json.dumps(raw["value"], separators=(",", ":"), ensure_ascii=False).encode()
            yield Example(path.name.removesuffix(".json"), raw["topic"], Record(raw["key"].encode(), value, headers))


def examples_for(consumer: str) -> list[Example]:
    """Return the examples of every topic whose events `consumer` (a process) handles, by the topic cards."""
    topics = {card.name for card in CARDS if card.handled and consumer in card.readers}
    return [example for example in examples() if example.topic in topics]
