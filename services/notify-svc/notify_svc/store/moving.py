"""Which rows of notify-svc follow the partitions when these are grown."""

from __future__ import annotations

from typing import Final

from candor.store.moving import ByKey

MOVES: Final = (
    ByKey("promise", "promise_id", "customer_id"),
    ByKey("new_contact", "customer_id", "customer_id"),
)
UNFINISHED: Final = "SELECT 0"
"""SQL of how many things are left to do that know only the partitions of before."""
