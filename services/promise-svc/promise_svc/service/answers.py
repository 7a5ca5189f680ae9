"""Use case: what customers answered on their pages changes promises, offers and clarifications, or is a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from candor.contracts import AnswerGiven, AnswerKind, ClarificationAnswered, Message, OptionTaken, SheetGiven
from candor.contracts.matters import Side
from candor.intake import Origin, Submission
from candor.store import erasing
from candor.store.receipts import Answer
from candor.store.unit_of_work import UnitOfWork
from candor.web.http.problems import Problem
from promise_svc import domain
from promise_svc.domain import Enter, Kind, Promise, Settle
from promise_svc.service import use_cases
from promise_svc.service.commands import Result, Statement
from promise_svc.store import ledger

WHO: Final = "customer"
"""The source of what comes by the customer's page: it says nobody's name."""
SETTLED: Final = "promise.settled"
TAKEN: Final = "offer.taken"
CLARIFIED: Final = "clarification.answered"
SHEET: Final = "sheet.answered"
QUESTIONS: Final = ("well", "improve", "others", "onward")
log: Final = structlog.get_logger("promise.answers")


async def take(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """Apply verdicts in their order, take options of offers, answers to what was asked, and sheets.

    What fits nothing that there is changes nothing.
    """
    await erasing.writing(uow)
    await _apply(uow, [_option(one) for one in messages if isinstance(one.data, OptionTaken)])
    await _apply(uow, [_clarified(one) for one in messages if isinstance(one.data, ClarificationAnswered)])
    await _apply(uow, [_sheet(one) for one in messages if isinstance(one.data, SheetGiven)])
    for run in _runs([one for one in messages if _verdict(one)]):
        promises = await ledger.promises(uow, {_data(one).promise_id for one in run})
        said = [found for one in run if (found := _statement(one, promises.get(_data(one).promise_id)))]
        await _apply(uow, said)


async def _apply(uow: UnitOfWork, said: Sequence[Statement]) -> None:
    for statement, outcome in zip(said, await use_cases.apply(uow, said) if said else (), strict=True):
        if isinstance(outcome, Problem):
            log.info("answer changes nothing", answer=statement.origin.event_id, code=outcome.code)
        elif isinstance(outcome, Exception):
            raise outcome


def _option(one: Message) -> Statement:
    data = one.data
    assert isinstance(data, OptionTaken)  # noqa: S101 - the caller has chosen
    command = Enter(
        kind=Kind.OFFER, matter_id=data.offer_id, action="taken", at=data.at, content={"taken": data.option}, now=True
    )
    origin = Origin(one.envelope.id, WHO, data.at, traceparent=one.envelope.traceparent)
    return Submission(TAKEN, command, origin, _taken)


def _clarified(one: Message) -> Statement:
    data = one.data
    assert isinstance(data, ClarificationAnswered)  # noqa: S101 - the caller has chosen
    # Its words stay in notify-svc, where they end with what else the customer said.
    command = Enter(
        kind=Kind.CLARIFICATION,
        matter_id=data.clarification_id,
        action="answered",
        at=data.at,
        content={"answer_id": data.answer_id},
        now=True,
    )
    origin = Origin(one.envelope.id, WHO, data.at, traceparent=one.envelope.traceparent)
    return Submission(CLARIFIED, command, origin, _taken)


def _sheet(one: Message) -> Statement:
    data = one.data
    assert isinstance(data, SheetGiven)  # noqa: S101 - the caller has chosen
    said = {name: getattr(data, name) for name in (*QUESTIONS, "beside")}
    words = {name: getattr(data, name) for name in (f"{question}_words" for question in QUESTIONS)}
    command = Enter(
        kind=Kind.SHEET,
        matter_id=data.sheet_id,
        action="answered",
        at=data.at,
        content={"side": Side.CUSTOMERS, "people": 1} | {name: value for name, value in said.items() if value},
        words={name: value for name, value in words.items() if value},
        customer_id=data.customer_id,
        now=True,
    )
    origin = Origin(one.envelope.id, WHO, data.at, traceparent=one.envelope.traceparent)
    return Submission(SHEET, command, origin, _taken)


def _runs(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Parts in which each promise comes once: the next verdict about it follows what this one made of it."""
    run: dict[str, Message] = {}
    for one in messages:
        if _data(one).promise_id in run:
            yield [*run.values()]
            run = {}
        run[_data(one).promise_id] = one
    if run:
        yield [*run.values()]


def _statement(one: Message, promise: Promise | None) -> Statement | None:
    data = _data(one)
    if promise is None or promise.customer_id != data.customer_id or data.choice is None:
        return None
    ends = domain.judged(promise.state, data.choice, kept=data.kept)
    if ends is None:
        return None
    # The customer says how it ended, not when: a completion that is known stays.
    command = Settle(promise.promise_id, ends, promise.completed_at, None)
    origin = Origin(one.envelope.id, WHO, data.at, traceparent=one.envelope.traceparent)
    return Submission(SETTLED, command, origin, _taken)


def _taken(_result: Result) -> Answer:
    # Nobody waits for it: the customer reads how it stands on their page.
    return Answer(202, b"{}")


def _data(one: Message) -> AnswerGiven:
    assert isinstance(one.data, AnswerGiven)  # noqa: S101 - the caller has chosen
    return one.data


def _verdict(one: Message) -> bool:
    return isinstance(one.data, AnswerGiven) and one.data.kind is AnswerKind.VERDICT
