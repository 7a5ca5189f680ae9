"""Use cases of a company's templates: write a version, approve it, withdraw it, and see a real letter by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from candor.contracts import Standing, Statement
from candor.store.unit_of_work import UnitOfWork
from notify_svc.compose.contact import Contact, zone_of
from notify_svc.compose.drafting import Matter, snapshot_of
from notify_svc.compose.house import House
from notify_svc.compose.judging import judge
from notify_svc.compose.letter import LETTER, Letter, composed
from notify_svc.compose.own_grammar import BadTemplate
from notify_svc.compose.reach import Reach
from notify_svc.compose.words import locale_of
from notify_svc.domain.facts import Decision, Kind, Promise, Reason, Rules
from notify_svc.domain.lint import Finding
from notify_svc.domain.naming import greeted
from notify_svc.domain.own import Own
from notify_svc.store import read_model
from notify_svc.store.read_model import PromiseRecord

USUAL = {
    Statement.WARNING: Reason.SLIP_HELD,
    Statement.UPDATE: Reason.RANGE_LEFT,
    Statement.ALL_CLEAR: Reason.RECOVERED,
    Statement.CANCELLED: Reason.CANCELLED,
}
"""Why a letter of each statement is usually written."""


class Refused(Exception):  # noqa: N818 - what it is
    """A template that may not be used: by field, what is wrong with it."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__(f"{found[0][0]}: {found[0][1]}")
        self.found = found


def judged(own: Own) -> None:
    """Raises Refused for a template that makes no honest letter, or is none."""
    try:
        found = judge(own)
    except BadTemplate as error:
        field, why = error.args
        raise Refused([(field, why)]) from None
    if found:
        raise Refused([(field, _said(finding)) for field, finding in found])


def _said(finding: Finding) -> str:
    return f"{finding.rule.value}: {finding.detail}"


async def preview(
    uow: UnitOfWork, reach: Reach, house: House, rules: Rules, own: Own, promise_id: str, now: datetime
) -> Letter | None:
    """The letter that `own` would make now about a promise, from its newest facts; None without one that is known.

    Nothing is decided: it says what it would say if it were due. Raises the errors of rendering and arithmetic.
    """
    known = (await read_model.promises(uow, [promise_id])).get(promise_id)
    if known is None or known.promise is None or known.gap is None:
        return None
    found = await read_model.contacts(uow, [known.customer_id])
    sealed = found[known.customer_id].sealed if known.customer_id in found else None
    contact, rules = reach.opener.read(sealed) or Contact(), reach.rules_of(sealed, rules)
    zone = zone_of(contact.zone, known.promise.zone)
    decision = _decision(own.statement, known, known.promise)
    matter = Matter(known=known, promise=known.promise, gap=known.gap, decision=decision, statement=own.statement)
    theirs = contact.language if locale_of(contact.language).partition("_")[0] == own.language else None
    snapshot = snapshot_of(matter, rules, zone, locale_of(theirs, own.language), now, contact.quiet_hours(rules.quiet))
    reader = greeted(contact.name, {own.language, house.language})
    return composed(replace(snapshot, reader=reader), house, LETTER, own)


def _decision(statement: Statement, known: PromiseRecord, promise: Promise) -> Decision:
    reason = USUAL[statement]
    if statement is Statement.ALL_CLEAR and known.gap is not None and known.gap.standing is Standing.KEPT:
        reason = Reason.KEPT
    if statement is Statement.CANCELLED and promise.called_off is not None:
        reason = Reason.CALLED_OFF
    return Decision(Kind.SPEAK, reason, statement, closing=statement is Statement.CANCELLED)
