"""What is known of one open promise, in the form that the features read."""

from __future__ import annotations

from typing import Final

import msgspec

MOST_LABELS: Final = 24
"""Labels of one promise that are looked at, in the order of their names' first appearance in it."""
MOST_TEXT: Final = 64
FAR: Final = 1e30


class Incident(msgspec.Struct, array_like=True):
    """An open incident: the labels that it shares with the promises it touches, its category and measures."""

    category: str
    since: float
    labels: dict[str, str]
    measures: dict[str, float]


class View(msgspec.Struct, array_like=True):
    """One promise at a moment. Times in epoch seconds; `deadline` is the date held and its tolerance.

    `last` is the place of the furthest milestone reached (−1: none) and `last_at` when the newest one was; `stages`
    holds (place, entered at). `rows` are the serial numbers of its remembered moments.
    """

    promise_id: str
    kind: str
    made: float
    deadline: float
    order: list[str]
    plans: dict[str, float]
    texts: list[tuple[str, str]]
    numbers: list[tuple[str, float]]
    last_at: float
    last: int = -1
    reached: dict[str, float] = {}
    slipped: list[str] = []
    stages: list[tuple[int, float]] = []
    completed: float | None = None
    labelled: bool = False
    rows: list[int] = []

    @property
    def lead(self) -> float:
        return max(60.0, self.deadline - self.made)

    def next_step(self) -> str | None:
        """The first milestone after the furthest one that is not reached."""
        return next((name for name in self.order[self.last + 1 :] if name not in self.reached), None)


def labels(data: dict[str, object], skip: frozenset[str]) -> tuple[list[tuple[str, str]], list[tuple[str, float]]]:
    """A promise's labels as texts and numbers; flags are texts, what is neither finite nor text is left out."""
    texts: list[tuple[str, str]] = []
    numbers: list[tuple[str, float]] = []
    for name, value in data.items():
        if name in skip or len(texts) + len(numbers) >= MOST_LABELS:
            continue
        if isinstance(value, bool):
            texts.append((name, "yes" if value else "no"))
        elif isinstance(value, str):
            texts.append((name, value[:MOST_TEXT]))
        elif isinstance(value, int | float) and abs(value) < FAR:
            numbers.append((name, float(value)))
    return texts, numbers
