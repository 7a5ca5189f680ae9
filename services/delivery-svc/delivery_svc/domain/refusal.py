"""Why a report is refused."""

from __future__ import annotations

from enum import StrEnum


class RefusalReason(StrEnum):
    """Every reason to refuse a report or a match."""

    MILESTONE_REGRESSED = "milestone_regressed"
    FINAL_WITHOUT_END = "final_without_end"
    REDATED_WITHOUT_PLAN = "redated_without_plan"
    BAD_PAUSE = "bad_pause"
    NOTHING_DELIVERED_YET = "nothing_delivered_yet"
    UNKNOWN_ITEM = "unknown_item"
    RESOLVED_BEFORE_OPENED = "resolved_before_opened"
    ENDS_BEFORE_OPENED = "ends_before_opened"
    UNKNOWN_PROMISE = "unknown_promise"
    UNKNOWN_PARKED = "unknown_parked"
    TOO_MANY_PARKED = "too_many_parked"
    ALREADY_MATCHED = "already_matched"
    LIMIT_REACHED = "limit_reached"


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """A report is refused; `pointer` is the JSON pointer of the field at fault, if there is one.

    `limit`: how many there may be, where there would be too many.
    """

    def __init__(self, why: RefusalReason, detail: str, pointer: str = "", limit: int = 0) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail
        self.pointer = pointer
        self.limit = limit
