"""What a promise's owner hears by mail of questions that stay open although their customer was asked by a letter.

What is still open is read at the moment of sending: of what was answered meanwhile nobody is reminded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from candor.contracts import BriefSection, BriefSentence, staff_key
from candor.store.unit_of_work import UnitOfWork
from notify_svc.briefs.kept import Brief
from notify_svc.store import clarifications
from notify_svc.store.clarifications import Chased

UNANSWERED: Final = "unanswered:"


def told(chased: Chased, at: datetime) -> Brief | None:
    """The mail to the promise's owner, without the questions; None if it has none."""
    if not chased.owner:
        return None
    text = f"Customer {chased.customer_id} has not answered what we asked about the promise {chased.promise_id}."
    address = f"/board/promises/{chased.promise_id}"
    section = BriefSection("Your customer was asked and has not answered", [BriefSentence(text, address)])
    return Brief(f"{UNANSWERED}{chased.notice_id}", staff_key(chased.owner), at, [section])


def is_about_questions(brief: Brief) -> bool:
    """Whether a brief is such a mail."""
    return brief.brief_id.startswith(UNANSWERED)


async def said(uow: UnitOfWork, brief: Brief) -> list[str] | None:
    """The questions that are still open, line by line; None if none is."""
    found = await clarifications.open_after(uow, brief.brief_id.removeprefix(UNANSWERED))
    return [f"Still open: {question}" for question in found] or None
