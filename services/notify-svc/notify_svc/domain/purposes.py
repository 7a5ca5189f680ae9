"""For which purpose a message is written, and so whether a person who wants some purposes only gets it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from candor.contracts import Purpose, Statement
from notify_svc.domain.facts import Reason

ALL: Final = frozenset(Purpose)
_warnings, _updates = frozenset({Purpose.WARNINGS}), frozenset({Purpose.UPDATES})


def purposes_of(statement: Statement, spoken_for: Reason) -> frozenset[Purpose]:
    """The purposes of a message, any of which is enough to get it.

    What takes bad news back serves all of them: nobody who is written to at all is left with what no longer holds.
    """
    if statement is Statement.ALL_CLEAR or spoken_for is Reason.DONE_OUTSIDE_RANGE:
        return ALL
    return _updates if spoken_for is Reason.UPDATE_DUE else _warnings


def wanted(statement: Statement | None, spoken_for: Reason | None, purposes: Collection[Purpose]) -> bool:
    """Whether a message goes to a person who may be written to for `purposes`; of no certain message, for any."""
    if statement is None or spoken_for is None:
        return bool(purposes)
    return not purposes_of(statement, spoken_for).isdisjoint(purposes)
