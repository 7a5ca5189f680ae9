"""What waits for a person's word before it goes to a customer: a rule each, and the reason that is kept with it.

A mass of letters waits as a whole (`delivery/mass.py`), as no single letter can tell that it is one of very many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from notify_svc.domain.facts import Announcement, Gap, Promise, Reason

NOBODY: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


class Awaits(StrEnum):
    """Why a letter waits for a person."""

    KEY_ACCOUNT = "key_account"
    """The promise has a label of customers to whom nothing goes unread."""
    LOW_CERTAINTY = "low_certainty"
    """It rests on a forecast from few similar promises, or on a risk that is not high."""
    NEW_WORDING = "new_wording"
    """No letter in this wording was approved: the first one is read before the others go."""
    OWNER_FIRST = "owner_first"
    """The promise's owner may say it themselves, for a while; then it goes by itself."""


@dataclass(frozen=True, slots=True)
class Approving:
    """Which letters wait; by default none does.

    `labels`: values by label, any of which makes a key account, `*` any value. `cases`: similar promises below which a
    forecast is uncertain. `certainty`: the risk, in [0, 1], below which a warning that rests on it alone is uncertain.
    """

    labels: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOBODY)
    cases: int = 0
    certainty: float = 0.0
    first: bool = False


NONE_WAITS: Final = Approving()


class Patience(NamedTuple):
    """How long a letter waits before its owner is told, and as long again before the escalation address is.

    Without an address (`escalates`) nobody else is told.
    """

    wait: timedelta = timedelta(hours=1)
    escalates: bool = False


class Case(NamedTuple):
    """A letter as it was decided; `approved`: whether a letter in its wording was approved before.

    `owner`: whether its owner hears of it first, and is given time to say it themselves.
    """

    promise: Promise
    gap: Gap
    spoken_for: Reason
    told: Announcement
    approved: bool
    owner: bool = False


def awaits(case: Case, rules: Approving) -> tuple[Awaits, ...]:
    """Every reason for which this letter waits for a person; empty if it goes by itself."""
    return tuple(reason for reason, applies in RULES.items() if applies(case, rules))


def _key_account(case: Case, rules: Approving) -> bool:
    return any(_among(value, rules.labels.get(name, ())) for name, value in case.promise.labels)


def _among(value: str, values: frozenset[str] | tuple[str, ...]) -> bool:
    return "*" in values or value.casefold() in {one.casefold() for one in values}


def _low_certainty(case: Case, rules: Approving) -> bool:
    forecast = case.gap.forecast
    if forecast is None:
        return False
    alone = case.spoken_for is Reason.SLIP_HELD
    ranged = case.told.low is not None
    few = forecast.n < rules.cases and (alone or ranged)
    return few or (alone and forecast.p_slip < rules.certainty)


def _new_wording(case: Case, rules: Approving) -> bool:
    return rules.first and not case.approved


def _owner_first(case: Case, rules: Approving) -> bool:  # noqa: ARG001 - all rules are called alike
    return case.owner


RULES: Final[Mapping[Awaits, Callable[[Case, Approving], bool]]] = MappingProxyType(
    {
        Awaits.KEY_ACCOUNT: _key_account,
        Awaits.LOW_CERTAINTY: _low_certainty,
        Awaits.NEW_WORDING: _new_wording,
        Awaits.OWNER_FIRST: _owner_first,
    }
)
