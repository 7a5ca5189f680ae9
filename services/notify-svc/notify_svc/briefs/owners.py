"""What a promise's owner hears by mail of what its customer answered: sent as briefs are, once in effect.

The customer's words are read at the moment of sending alone, so that an erasure until then reaches them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from candor.contracts import STAFF, AnswerKind, BriefSection, BriefSentence, staff_key
from candor.store.unit_of_work import UnitOfWork
from notify_svc.briefs.approvals import WAITING
from notify_svc.briefs.kept import Brief
from notify_svc.briefs.unanswered import UNANSWERED
from notify_svc.compose.contact import Opener
from notify_svc.store import answers, read_model

ANSWER: Final = "answer:"
_SAID: Final = {
    AnswerKind.QUESTION: "asked a question",
    AnswerKind.READBACK: "answered whether we understood",
    AnswerKind.VERDICT: "gave their verdict",
    AnswerKind.OPTION: "took an option",
    AnswerKind.CLARIFICATION: "answered what we asked",
    AnswerKind.SHEET: "answered the four questions",
}
_CHOSEN: Final = {
    "right": "What we understood is right.",
    "wrong": "What we understood is wrong.",
    "kept": "Kept.",
    "in_part": "Kept in part.",
    "not_kept": "Not kept.",
}


def told(answer_id: str, owner: str, promise_id: str, customer_id: str, kind: AnswerKind, at: datetime) -> Brief:
    """The mail to a promise's owner, without what was answered."""
    text = f"Customer {customer_id} {_SAID[kind]} about the promise {promise_id}."
    section = BriefSection(f"Your customer {_SAID[kind]}", [BriefSentence(text, f"/board/promises/{promise_id}")])
    return Brief(f"{ANSWER}{answer_id}", staff_key(owner), at, [section])


def is_owners(brief: Brief) -> bool:
    """Whether a brief is a mail to a promise's owner: about an answer, none, or a letter that waits for a person."""
    return brief.brief_id.startswith((ANSWER, WAITING, UNANSWERED)) and (brief.department or "").startswith(STAFF)


async def address(uow: UnitOfWork, opener: Opener, brief: Brief) -> str:
    """The owner's address of now; "" if they have none, or do not want to be written to."""
    name = brief.department or ""
    sealed = (await read_model.contacts(uow, [name])).get(name)
    contact = opener.read(sealed.sealed) if sealed is not None else None
    return contact.email if contact is not None and contact.consent else ""


async def said(uow: UnitOfWork, brief: Brief) -> list[str] | None:
    """What was answered, line by line; None if it is gone, with its customer."""
    given = await answers.one(uow, brief.brief_id.removeprefix(ANSWER))
    if given is None:
        return None
    chosen = _CHOSEN.get(given.choice, given.choice)
    asked = f"We asked: {given.question}" if given.question else ""
    return [line for line in (asked, chosen, given.words) if line]
