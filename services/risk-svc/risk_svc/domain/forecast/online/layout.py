"""Named numbers to fixed columns, each brought to its own usual size as the stream shows it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WIDTH: Final = 192
"""Columns; a name first met once all are taken is left out, so attributes without end cost nothing."""
CLIP: Final = 5.0
FAR: Final = 60_000.0
_EMPTY: Final = array("d", [0.0]) * WIDTH


class Layout:
    """Columns by name, with running means and spreads."""

    def __init__(self) -> None:
        self.columns: dict[str, int] = {}
        self.n = 1.0
        self.total = np.zeros(WIDTH)
        self.squares = np.ones(WIDTH)
        self.refresh()

    def row(self, features: Mapping[str, float]) -> NDArray[np.float16]:
        """One moment as a raw row; absent names are 0, names without a column are left out."""
        values = _EMPTY[:]
        columns = self.columns
        for name, value in features.items():
            column = columns.get(name)
            if column is not None:
                values[column] = value
        row = np.frombuffer(values)
        np.maximum(row, -FAR, out=row)
        np.minimum(row, FAR, out=row)
        return row.astype(np.float16)

    def admit(self, names: Iterable[str]) -> None:
        """Gives new names a column while there are any."""
        for name in names:
            if len(self.columns) < WIDTH:
                self.columns.setdefault(name, len(self.columns))

    def learn(self, rows: NDArray[np.float16]) -> None:
        """Takes new rows into the means and spreads."""
        wide = rows.astype(np.float64)
        self.n += len(wide)
        self.total += wide.sum(axis=0)
        self.squares += (wide * wide).sum(axis=0)
        self.refresh()

    def scaled(self, rows: NDArray[np.float16]) -> Floats:
        """Rows in standard deviations from the mean, within ±5; only the columns that have a name."""
        used = len(self.columns)
        found = rows[:, :used].astype(np.float64, order="C")
        found -= self._mean[:used]
        found *= self._scale[:used]
        np.maximum(found, -CLIP, out=found)
        return np.minimum(found, CLIP, out=found)

    def usual(self) -> list[float]:
        """The mean of every column."""
        means: list[float] = self._mean.tolist()
        return means

    def refresh(self) -> None:
        """Works out means and scales anew."""
        self._mean = self.total / self.n
        self._scale = 1 / np.sqrt(np.maximum(self.squares / self.n - self._mean**2, 1e-6))
