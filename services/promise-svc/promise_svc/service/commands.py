"""The commands of the ledger, what each results in, and how a refusal is answered."""

from __future__ import annotations

from dataclasses import dataclass

from candor.intake import Submission
from candor.web.http.problems import Problem
from promise_svc.domain import (
    Customer,
    Enter,
    Make,
    Matter,
    Promise,
    Refusal,
    RefusalReason,
    Revise,
    SetContact,
    Settle,
    Withdraw,
)
from promise_svc.domain.draft import Draft
from promise_svc.domain.promise import Outline
from promise_svc.domain.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase everything about a customer."""

    customer_id: str


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What an erasure deleted; `through`: nothing of before is left in this service."""

    customer_id: str
    promises: int
    through: bool


@dataclass(frozen=True, slots=True)
class WithdrawDraft:
    """Withdraw a draft, as one of our own users does now."""

    promise_id: str
    reason: str
    public_reason: str | None = None


Command = Make | Outline | WithdrawDraft | Revise | Withdraw | Settle | SetContact | Erase | Enter
Result = Promise | Customer | ErasureResult | Matter | Waiting | Draft
Statement = Submission[Command, Result]


_CODES = {
    RefusalReason.UNKNOWN_PROMISE: "not_found",
    RefusalReason.UNKNOWN_CUSTOMER: "not_found",
    RefusalReason.UNKNOWN_MATTER: "not_found",
    RefusalReason.WRONG_FIELD: "invalid_field",
    RefusalReason.DUE_BEFORE_MADE: "invalid_field",
    RefusalReason.COMPLETED_BEFORE_MADE: "invalid_field",
    RefusalReason.COMPLETED_AHEAD: "invalid_field",
}


def problem(refused: Refusal) -> Problem:
    """The refusal as an HTTP problem response."""
    code = _CODES.get(refused.why, refused.why.value)
    if refused.why is RefusalReason.LIMIT_REACHED:
        return Problem.limit_reached(refused.pointer, refused.detail, refused.limit)
    if code == "invalid_field":
        return Problem.invalid_field(refused.pointer, refused.detail)
    return Problem(code, refused.detail)
