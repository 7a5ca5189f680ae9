"""Maps named numbers to fixed columns, each scaled by its running mean and spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
F = TypeVar("F", np.float32, np.float64)
WIDTH: Final = 192
"""Number of columns; new names are left out once all are taken, so unlimited attributes cost nothing."""
CLIP: Final = 5.0
FAR: Final = 60_000.0
MAX_SHAPES: Final = 500
"""Sets of names whose columns are cached: promises of one type at one stage share a set."""


class Layout:
    """Columns by name, with running means and spreads."""

    def __init__(self) -> None:
        self.columns: dict[str, int] = {}
        self._places: dict[tuple[str, ...], NDArray[np.int64]] = {}
        self.n = 1.0
        self.total = np.zeros(WIDTH)
        self.squares = np.ones(WIDTH)
        self.refresh()

    def row(self, features: Mapping[str, float]) -> NDArray[np.float16]:
        """One moment as a raw row; absent names are 0, and names without a column are left out."""
        names = tuple(features)
        places = self._places.get(names)
        if places is None:
            if len(self._places) >= MAX_SHAPES:
                self._places.clear()
            places = self._places[names] = np.array([self.columns.get(name, WIDTH) for name in names], np.int64)
        row = np.zeros(WIDTH + 1, np.float16)
        values = np.fromiter(features.values(), np.float64, len(names))
        np.maximum(values, -FAR, out=values)
        row[places] = np.minimum(values, FAR, out=values)
        return row[:WIDTH]

    def admit(self, names: Iterable[str]) -> None:
        """Gives new names a column while any are free."""
        self._places.clear()
        for name in names:
            if len(self.columns) < WIDTH:
                self.columns.setdefault(name, len(self.columns))

    def learn(self, rows: NDArray[np.float16]) -> None:
        """Adds new rows to the means and spreads."""
        wide = rows.astype(np.float64)
        self.n += len(wide)
        self.total += wide.sum(axis=0)
        self.squares += (wide * wide).sum(axis=0)
        self.refresh()

    def scaled(self, rows: NDArray[np.float16]) -> Floats:
        """Rows in standard deviations from the mean, within ±5; only columns that have a name."""
        return self._scaled(rows, np.float64, self._mean, self._scale)

    def coarse(self, rows: NDArray[np.float16]) -> Singles:
        """Scaled rows in single precision, for training."""
        return self._scaled(rows, np.float32, *self._single)

    def _scaled(self, rows: NDArray[np.float16], sort: type[F], mean: NDArray[F], scale: NDArray[F]) -> NDArray[F]:
        used = len(self.columns)
        found = rows[:, :used].astype(sort, order="C")
        found -= mean[:used]
        found *= scale[:used]
        np.maximum(found, -CLIP, out=found)
        return np.minimum(found, CLIP, out=found)

    def usual(self) -> NDArray[np.float16]:
        """The mean of every column, as a raw row has it."""
        return np.clip(self._mean, -FAR, FAR).astype(np.float16)

    def refresh(self) -> None:
        """Recomputes means and scales."""
        self._mean = self.total / self.n
        self._scale = 1 / np.sqrt(np.maximum(self.squares / self.n - self._mean**2, 1e-6))
        self._single = self._mean.astype(np.float32), self._scale.astype(np.float32)
