"""Small values that several decisions share."""

from __future__ import annotations

from typing import NamedTuple


class NamespacedId(NamedTuple):
    """A thing in its name space: (system, id) of a foreign reference, (kind, id) of what an incident hits."""

    space: str
    id: str
