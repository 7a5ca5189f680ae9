"""Small values that several decisions share."""

from __future__ import annotations

from typing import NamedTuple


class NamespacedId(NamedTuple):
    """An id in a namespace: (system, id) of a foreign reference, (kind, id) of what an incident affects."""

    space: str
    id: str
