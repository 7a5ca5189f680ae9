"""Which accounts were told what is not there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Accounts(NamedTuple):
    """Which accounts were told which capabilities in claims that are not met."""

    by_capability: Mapping[str, frozenset[str]] = {}

    def shared(self) -> dict[str, str]:
        """By account the capability that its promises lean on: of several the one told to most accounts."""
        found: dict[str, str] = {}
        often = {name: len(some) for name, some in self.by_capability.items()}
        for name in sorted(self.by_capability, key=lambda name: (often[name], name)):
            found |= dict.fromkeys(self.by_capability[name], name)
        return found
