"""Use cases of the ledger: batches of commands, and erasures, each of which ends the batch before it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Final

from candor.contracts import ContactRemoved, CustomerErased
from candor.intake import Acceptance, once
from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from promise_svc import domain, events
from promise_svc.domain import Customer, Refusal, RefusalReason, limits
from promise_svc.service.batch import decide
from promise_svc.service.commands import Command, Erase, ErasureResult, Result, Statement, problem
from promise_svc.store import ledger

AT_ONCE: Final = 4
"""Erasures of one transaction that are begun in it."""
TOMBSTONES: Final = (CustomerErased, ContactRemoved)


async def apply(
    uow: UnitOfWork, statements: Sequence[Statement], *, most_waiting: int = limits.WAITING_IN_ALL
) -> list[Acceptance | Exception]:
    """Called by a group commit: applies each statement once, in order; a refused one results in a Problem.

    At most `most_waiting` statements of one source wait for promises that are not known.
    """
    outcomes: list[Acceptance | Exception] = []
    for ends, run in groupby(statements, lambda statement: isinstance(statement.command, Erase)):
        # Save each run with its responses before the next: an erasure must find statements that came just before it.
        if ends:
            outcomes += await once(uow, list(run), _erasures)
        else:
            outcomes += await once(uow, list(run), partial(decide, most_waiting=most_waiting))
    return outcomes


async def _erasures(uow: UnitOfWork, statements: Sequence[Statement]) -> list[Result | Exception]:
    # Everybody else waits for this transaction: only so many are begun in it, the others by the background.
    return [await _erase(uow, statement, begin=place < AT_ONCE) for place, statement in enumerate(statements)]


async def _erase(uow: UnitOfWork, statement: Statement, *, begin: bool) -> Result | Exception:
    name = statement.command.customer_id if isinstance(statement.command, Erase) else ""
    await erasing.hold_off(uow)
    known = await ledger.customers(uow, [name])
    if not known and not await ledger.has_rows(uow, name):
        return problem(Refusal(RefusalReason.UNKNOWN_CUSTOMER, "there is nobody of this name"))
    customer = domain.erase(known.get(name) or Customer(name), statement.origin.time)
    await ledger.save_customers(uow, known.keys(), [customer])
    # What this transaction was going to send is not in a row yet.
    uow.retract(lambda message: message.envelope.key == name and not isinstance(message.data, TOMBSTONES))
    mark = await erasing.begin(uow, name, customer.erasures, customer.erased_at or statement.origin.time)
    done = await ledger.erasures().first(uow, mark) if begin else erasing.Step(0, True)
    # After every row of before, in the order in which the relay sends them.
    uow.emit(events.erased(customer, statement.origin))
    return ErasureResult(name, done.gone, through=not done.more)


__all__ = ["Command", "Erase", "ErasureResult", "Result", "Statement", "apply", "problem"]
