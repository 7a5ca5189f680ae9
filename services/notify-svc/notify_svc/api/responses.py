"""Bodies in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from candor.web.http.fields import Body
from candor.web.http.listings import Counted
from notify_svc.store.tables import NoticeRow


class ResolveIn(Body):
    """What a person found out about a message whose fate was unknown, failed or held."""

    outcome: Literal["sent", "not_sent"]


class SwitchIn(Body):
    """On or off."""

    enabled: bool


class SwitchOut(BaseModel):
    """How the switches stand: messages leave only with `sending` on and `kill_switch` off."""

    sending: bool
    kill_switch: bool


class NoticeOut(BaseModel):
    """One notice as lists show it. `spoken_for`: why it was decided; `reason`: why it is in its state.

    `owner`: what became of the owner's word before it, in a customer's notice (`waiting`, `owner_told`, `no_owner`,
    `owner_has_no_address`, `owner_not_reached`). `addressee`: the customer's id, or `staff/` and the owner's.
    """

    notice_id: str
    audience: str
    addressee: str
    promise_id: str
    customer_id: str
    episode: int
    statement: str
    state: str
    reason: str
    spoken_for: str
    owner: str
    subject: str
    message: str
    told_low: datetime | None
    told_high: datetime | None
    next_update_by: datetime | None
    decided_at: datetime
    changed_at: datetime
    attempts: int
    version: int


class NoticeWhole(NoticeOut):
    """One notice with its evidence, the lint's findings and how far its sending got."""

    html: str
    evidence: dict[str, Any]
    findings: list[dict[str, str]]
    gap_version: int
    ahead_of: str | None
    owner_wait_until: datetime | None
    phase: str
    smtp_code: int | None
    next_try_at: datetime
    unknown_since: datetime | None


class NoticePage(Counted):
    """A page of notices; the Link header leads to the next one."""

    items: list[NoticeOut]


def notice_out(row: NoticeRow) -> dict[str, Any]:
    """A row as `NoticeOut`."""
    return NoticeOut(message=row.body, **row.model_dump()).model_dump()


def notice_whole(row: NoticeRow) -> dict[str, Any]:
    """A row as `NoticeWhole`."""
    return NoticeWhole(message=row.body, **row.model_dump()).model_dump()
