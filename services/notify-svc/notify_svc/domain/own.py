"""A company's own template of letters, as one of its versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from candor.contracts import Statement


class Own(NamedTuple):
    """One version of a company's template for one statement in one language."""

    statement: Statement
    language: str
    number: int
    subject: str
    body: str

    @property
    def name(self) -> str:
        """As notices name it: `warning/de/3`."""
        return f"{self.statement.value}/{self.language}/{self.number}"


Owns = Mapping[tuple[str, str], Own]
"""The versions in use, by statement and language."""
