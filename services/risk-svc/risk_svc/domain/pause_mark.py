"""One mark of the pause clock, as a promise's state keeps it."""

from __future__ import annotations

import msgspec


class Mark(msgspec.Struct, gc=False, array_like=True, frozen=True, order=True):
    """From `at` on the `step` waits for the customer, at the longest until `until`; or no longer, if that is 0.

    Times are in epoch seconds; `known` is when it was said.
    """

    at: float
    until: float
    step: str = ""
    public_reason: str = ""
    known: float = 0.0
