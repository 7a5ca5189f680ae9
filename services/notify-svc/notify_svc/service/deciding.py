"""Use cases: what a person decides about a letter that waits for them, stored in the caller's transaction."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from candor.store.unit_of_work import UnitOfWork
from notify_svc.compose.edited import edited_html
from notify_svc.compose.reach import Reach
from notify_svc.delivery.reopen import rethink
from notify_svc.domain.editing import Edit, lint_edit
from notify_svc.domain.lexicon import ENGLISH
from notify_svc.domain.lint import Finding
from notify_svc.page.links import below, carried
from notify_svc.store import approvals, read_model
from notify_svc.store.approvals import Edited


class Words(NamedTuple):
    """A letter's words as staff changed them."""

    subject: str
    text: str


class Call(NamedTuple):
    """What was said on the phone, and what the customer answered, at business time `at`."""

    said: str
    answered: str
    at: datetime


async def hold(uow: UnitOfWork, notice_id: str, promise_id: str, version: int, why: str, now: datetime) -> bool:
    """Do not say it; the promise is decided anew, and what else there is to say is said. False as of `approve`."""
    rows = await read_model.promises(uow, [promise_id])
    if not rows or not await approvals.hold(uow, notice_id, version, why, now):
        return False
    await rethink(uow, rows.values(), now)
    await read_model.save_promises(uow, list(rows.values()))
    return True


async def phone(uow: UnitOfWork, notice_id: str, promise_id: str, who: str, call: Call, now: datetime) -> bool:
    """Note that the customer was told by phone: it counts as told, and no message goes out.

    False if a message went out, or may have. Nothing is kept of a customer who is being erased.
    """
    rows = await read_model.promises(uow, [promise_id])
    if not rows or not await approvals.said(uow, notice_id, call.said, who, now):
        return False
    known = rows[promise_id]
    told = (known.customer_id, notice_id, who, call.said, call.answered, call.at)
    await approvals.note_call(uow, (str(uuid4()), promise_id, *told))
    await rethink(uow, rows.values(), now)
    await read_model.save_promises(uow, list(rows.values()))
    return True


async def edit(
    uow: UnitOfWork, reach: Reach, notice_id: str, version: int, words: Words, who: str, now: datetime
) -> tuple[Finding, ...] | None:
    """Change a letter's words; what is wrong with them, empty if they were taken, None as False of `approve`."""
    row = await uow.connection.fetchrow(_LETTER, notice_id)
    if row is None:
        return None
    evidence = json.loads(row["evidence"])
    language, channel = evidence.get("language", ENGLISH), reach.channels.get(row["channel"])
    link = carried(row["body"])
    kept = [line for line in words.text.strip().splitlines() if not link.address or link.address not in line]
    text = "\n".join(kept).rstrip() + "\n"
    html = edited_html(words.subject, text, language) if row["html"] else ""
    body, html = below(text, html, link)
    unaccepted = row["deliverer"] if row["accepted"] is False else None
    found = lint_edit(
        Edit(
            before=row["body"],
            headed=row["subject"],
            subject=words.subject,
            text=body,
            language=language,
            stated=evidence.get("stated", ()),
            unaccepted=unaccepted,
            longest=channel.form.longest if channel is not None else None,
        )
    )
    if found:
        return found
    taken = await approvals.edit(uow, notice_id, version, Edited(words.subject, body, html), who, now)
    return () if taken else None


_LETTER = """
SELECT n.subject, n.body, n.html, n.evidence::text AS evidence, d.channel, p.promise->>'deliverer' AS deliverer,
  (p.promise->>'accepted')::bool AS accepted
FROM notice n LEFT JOIN delivery d ON d.notice_id = n.notice_id AND d.state = 'held'
  LEFT JOIN promise p ON p.promise_id = n.promise_id
WHERE n.notice_id = $1 AND n.state = 'pending' AND n.reason = 'awaits_approval'"""
