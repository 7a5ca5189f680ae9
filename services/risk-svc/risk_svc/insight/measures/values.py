"""Values of promises that nobody stated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from risk_svc.insight.measures.figure import Flags, Floats, Ints


def filled(value: Floats, kind: Sequence[str], group: Sequence[str]) -> Floats:
    """Values with each NaN replaced by the median of the known ones of its promise type, else of its group, else 1."""
    found, known = value.copy(), ~np.isnan(value)
    for names in (kind, group):
        if not np.isnan(found).any():
            break
        _, of = np.unique(np.asarray(names, np.str_), return_inverse=True)
        _fill(found, of, known)
    found[np.isnan(found)] = 1.0
    return found


def _fill(value: Floats, of: Ints, known: Flags) -> None:
    """Gives each value still missing the median of the known ones of its kind or group."""
    order = np.lexsort((value, of))
    order = order[known[order]]
    ends = np.searchsorted(of[order], np.arange(of.max() + 2))
    n, first = np.diff(ends), ends[:-1]
    some = n > 0
    median = np.full(len(n), np.nan)
    low, high = first[some] + (n[some] - 1) // 2, first[some] + n[some] // 2
    median[some] = (value[order[low]] + value[order[high]]) / 2
    missing = np.isnan(value)
    value[missing] = median[of[missing]]
