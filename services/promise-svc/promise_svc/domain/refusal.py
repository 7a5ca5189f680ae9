"""Why the ledger refuses a statement."""

from __future__ import annotations

from enum import StrEnum


class RefusalReason(StrEnum):
    """Every reason to refuse a statement about a promise, a customer or a matter."""

    PROMISE_EXISTS = "already_exists"
    UNKNOWN_PROMISE = "unknown_promise"
    UNKNOWN_MATTER = "unknown_matter"
    NOT_NOW = "not_now"
    HANDOFF_OPEN = "handoff_open"
    WRONG_FIELD = "wrong_field"
    UNKNOWN_CUSTOMER = "unknown_customer"
    PROMISE_CLOSED = "promise_closed"
    ALREADY_SETTLED = "already_settled"
    CUSTOMER_ERASED = "erased"
    VERSION_CHANGED = "version_changed"
    DUE_BEFORE_MADE = "due_before_made"
    COMPLETED_BEFORE_MADE = "completed_before_made"
    COMPLETED_AHEAD = "completed_ahead"
    LIMIT_REACHED = "limit_reached"
    TOO_MANY_WAITING = "too_many_waiting"


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """The ledger refuses a statement; `pointer` is the JSON pointer of the field at fault, if there is one.

    `limit`: how many there may be, where there would be too many.
    """

    def __init__(self, why: RefusalReason, detail: str, pointer: str = "", limit: int = 0) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail
        self.pointer = pointer
        self.limit = limit
