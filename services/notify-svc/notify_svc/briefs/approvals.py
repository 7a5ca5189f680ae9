"""What staff hear by mail of a letter that waits too long for a person: sent as briefs are, once in effect.

Whether it still waits is read at the moment of sending: what was decided meanwhile is not reminded of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from candor.contracts import BriefSection, BriefSentence, staff_key
from candor.store.erasing import doomed
from candor.store.unit_of_work import UnitOfWork
from notify_svc.briefs.kept import Brief
from notify_svc.store.approvals import WAITS

WAITING: Final = "waiting:"
ESCALATION: Final = "!escalation"
"""Stands for APPROVAL_ESCALATION in place of a department: no department is called so."""
INBOX: Final = "/board/inbox"


def told(notice_id: str, promise_id: str, customer_id: str, owner: str | None, step: int, at: datetime) -> Brief | None:
    """The mail about a letter that waits: the first to the promise's owner, None if it has none, then the escalation.

    Without the letter's words.
    """
    whom = ESCALATION if step > 1 else staff_key(owner) if owner else None
    if whom is None:
        return None
    text = f"A message to customer {customer_id} about the promise {promise_id} waits for somebody to read it."
    section = BriefSection("A message to a customer waits for approval", [BriefSentence(text, INBOX)])
    return Brief(f"{WAITING}{step}:{notice_id}", whom, at, [section])


def is_about_waiting(brief: Brief) -> bool:
    """Whether a brief is such a mail."""
    return brief.brief_id.startswith(WAITING)


async def said(uow: UnitOfWork, brief: Brief) -> list[str] | None:
    """What to add, line by line; None if the letter does not wait any more, or is gone."""
    name = brief.brief_id.removeprefix(WAITING).partition(":")[2]
    return (
        ["The customer has not been told. Approve it, change it, hold it, or tell them yourself."]
        if (await uow.connection.fetchval(_STILL, name))
        else None
    )


_STILL: Final = f"SELECT EXISTS (SELECT FROM notice WHERE notice_id = $1 AND {WAITS} AND NOT {doomed('notice')})"  # noqa: S608
