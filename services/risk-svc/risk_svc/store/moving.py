"""Which rows of risk-svc follow the partitions when these are grown."""

from __future__ import annotations

from typing import Final

from candor.store.moving import ByKey, Copied

MOVES: Final = (
    ByKey("promise_state", "promise_id", "customer_id"),
    Copied("incident", "incident_id", ""),
    # Of a mark nobody can say whose it is: each partition that may be the customer's gets it.
    Copied("erased", "customer", b""),
)
UNFINISHED: Final = "SELECT count(*) FROM work"
"""SQL of how many things are left to do that know only the partitions of before."""
