"""What `candor doctor` finds: one thing each, whether it is well, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One check. `ok` is None for information that is not needed to run."""

    name: str
    ok: bool | None
    detail: str
    mend: str = ""


def checked(name: str, well: str, wrong: str, mend: str) -> Finding:
    """A finding that is bad, with what mends it, if something is `wrong`."""
    return Finding(name, False, wrong, mend) if wrong else Finding(name, True, well)
