"""Events of notify-svc: what the customer was told, and when. Topic `notices`, key customer id. No address, no text."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from candor.contracts.envelope import Event


class Statement(StrEnum):
    """What a notice says."""

    WARNING = "warning"
    UPDATE = "update"
    CANCELLED = "cancelled"
    ALL_CLEAR = "all_clear"


class NoticeState(StrEnum):
    """Where a notice stands; `unknown`: it may or may not have gone out, so it is held and shown."""

    PREVIEW = "preview"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class NoticeChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A notice reached a state; `told_low`–`told_high` is the range the customer was given, where there is one."""

    TYPE: ClassVar[str] = "candor.notice.changed.v1"
    TOPIC: ClassVar[str] = "notices"
    AGGREGATE: ClassVar[str] = "notice_id"

    notice_id: str
    promise_id: str
    customer_id: str
    episode: int
    statement: Statement
    state: NoticeState
    at: datetime
    reason: str
    told_low: datetime | None = None
    told_high: datetime | None = None
    next_update_by: datetime | None = None
