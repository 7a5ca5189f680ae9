"""Promises for tests of the ledger's decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from promise_svc.domain import Make, Promise, Revise, Settle, State, Terms, make
from tests.support.clocks import NOON

HOUR = timedelta(hours=1)
DUE = NOON + 24 * HOUR


def to_make(**changes: Any) -> Make:
    command = Make(
        promise_id="p1",
        customer_id="c1",
        kind="flight",
        what="UA 1, on time",
        made_at=NOON,
        due=DUE,
        requested_due=None,
        tolerance_s=900,
        terms=Terms(),
    )
    return replace(command, **changes)


def promise(**changes: Any) -> Promise:
    return replace(make(to_make()), **changes)


def to_revise(hours: float = 30, *, asked: bool = False, agreed: bool = False, version: int | None = None) -> Revise:
    return Revise(
        promise_id="p1",
        due=NOON + hours * HOUR,
        asked_by_customer=asked,
        agreed=agreed,
        reason="the part is late",
        expected_version=version,
    )


def to_settle(verdict: State = State.KEPT, hours: float | None = 20, version: int | None = None) -> Settle:
    return Settle("p1", verdict, None if hours is None else NOON + hours * HOUR, None, version)
