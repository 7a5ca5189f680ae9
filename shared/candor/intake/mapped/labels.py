"""What an incident's labels say that it affects, by rules of the configuration; labels that no rule knew are counted.

All rules that fit make a place each: an alert of a service in a region hits both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from candor.intake.mapped.ids import as_id
from candor.web.http.hidden import bare

MOST_LABELS: Final = 32
"""Labels of an incident that are looked at."""
LONGEST_NAME, LONGEST_VALUE = 128, 256
MOST_PLACES: Final = 64
MOST_STARS: Final = 2
MOST_UNKNOWN: Final = 2_000
"""Labels that are counted until the counts are taken; others wait for the next time they come."""
_part: Final = re.compile(r"\{(value|[12])\}")
Label = tuple[str, str]


class LabelRule(BaseModel):
    """Which label, with which value, means which place."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    label: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    value: Annotated[str | None, Field(max_length=LONGEST_VALUE, description="Exactly this value.")] = None
    pattern: Annotated[
        str | None, Field(max_length=LONGEST_VALUE, description="Values of this form: * stands for any signs.")
    ] = None
    kind: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
    id: Annotated[
        str, Field(min_length=1, max_length=200, description="{value}, or {1} for what the first * stands for.")
    ] = "{value}"

    @model_validator(mode="after")
    def _fits(self) -> LabelRule:
        if self.value is not None and self.pattern is not None:
            raise ValueError("give a value or a pattern")
        stars = (self.pattern or "").count("*")
        if stars > MOST_STARS:
            raise ValueError(f"a pattern has at most {MOST_STARS} stars")
        if any(part != "value" and int(part) > stars for part in _part.findall(self.id)):
            raise ValueError("the id names a star that the pattern has not")
        return self

    def place(self, value: str) -> dict[str, str] | None:
        """The place that a value of the label means; None if it fits not."""
        value = bare(value)
        if self.value is not None and value != bare(self.value):
            return None
        found = _matcher(self.pattern).fullmatch(value) if self.pattern is not None else None
        if self.pattern is not None and found is None:
            return None
        parts = {"value": value} | {str(n): text for n, text in enumerate(found.groups() if found else (), 1)}
        name = as_id(_part.sub(lambda part: parts[part[1]], self.id))
        return {"kind": self.kind, "id": name} if name else None


def labels_of(found: Any) -> dict[str, str]:
    """Labels as a sender writes them: an object of texts and numbers, or a list of `{label, value}`."""
    pairs: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(found, Mapping):
        pairs = iter(found.items())
    elif isinstance(found, list):
        pairs = ((one.get("label"), one.get("value")) for one in found if isinstance(one, Mapping))
    kept: dict[str, str] = {}
    for name, value in pairs:
        text = value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
        if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and 0 < len(text) <= LONGEST_VALUE:
            kept[name] = text
        if len(kept) == MOST_LABELS:
            break
    return kept


def places(labels: Mapping[str, str], rules: Sequence[LabelRule]) -> list[dict[str, str]]:
    """The places that labels mean, in the order of the rules, each once."""
    found = [place for rule in rules if rule.label in labels and (place := rule.place(labels[rule.label]))]
    return [place for number, place in enumerate(found) if place not in found[:number]][:MOST_PLACES]


class Unknown(NamedTuple):
    """A label of incidents that no rule knew: who sent it, and how often since it was taken last."""

    source: str
    label: str
    value: str
    seen: int


class UnknownLabels:
    """Counts labels from any thread, at most MOST_UNKNOWN different ones until they are taken."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: dict[tuple[str, str, str], int] = {}

    def add(self, source: str, labels: Mapping[str, str], times: int = 1) -> None:
        """Count each of the labels, but for those that no reader could see."""
        with self._lock:
            for name, value in labels.items():
                key = (source, name, value)
                if key in self._seen or (len(self._seen) < MOST_UNKNOWN and (name + value).isprintable()):
                    self._seen[key] = self._seen.get(key, 0) + times

    def take(self) -> list[Unknown]:
        """What was counted since the last time."""
        with self._lock:
            seen, self._seen = self._seen, {}
        return [Unknown(*key, count) for key, count in seen.items()]


@lru_cache(maxsize=1_024)
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile("(.*)".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
