"""A customer being erased, as the table of marks has it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Erasure(NamedTuple):
    """A customer being erased; `part` is the next part of the work, `place` how far a walk has come in it.

    Rows of before have `born` up to `born`, outbox ids up to `sent`, and were received by `bound_at`; `blocks` is the
    size of the table of receipts at that time.
    """

    customer_id: str
    version: int
    at: datetime
    part: int
    place: int
    born: int
    sent: int
    blocks: int
    bound_at: datetime
    gone: int
