"""What a forecast may state: below MIN_CASES similar promises, only that there is too little history."""

from __future__ import annotations

from typing import Final

from candor.contracts import MIN_CASES, NoRange, Standing, TimesHeld
from risk_svc.domain.pauses import deadline
from risk_svc.domain.state import PromiseState, View

P80: Final = 1
NO_RANGE: Final = {
    NoRange.TOO_FEW: "too few promises of its type are completed to say how well stated times hold",
    NoRange.DID_NOT_HOLD: "the times stated for promises of its type did not hold lately",
}


def supported(state: PromiseState, standing: Standing) -> bool:
    """Whether the P(slip) of the current view may be stated.

    It may if it rests on enough similar promises, if the deadline has passed (the clock alone decides), or if the
    promise has ended. Otherwise the observed share is shown instead, labelled as such.
    """
    view = state.view
    return standing is not Standing.OPEN or view.n >= MIN_CASES or view.at > deadline(state, view.at)


def words(n: int, observed: float | None) -> str:
    """E.g. `no history yet`, or `too little history (7): 2 of 7 slipped`; never states an assumed value.

    `observed` is the share of the `n` promises that slipped, None if unknown.
    """
    if n == 0:
        return "no history yet"
    said = f"too little history ({n})"
    return said if observed is None else f"{said}: {round(observed * n):,} of {n:,} slipped"


def times_held(view: View) -> TimesHeld:
    """What the stated P80 rests on, for the event: what such times held of the latest completed ones."""
    n, held, holds, later = view.records[P80] if len(view.records) > P80 else (0, -1, -1, 0)
    if view.withheld:
        return TimesHeld(completed=n, held=share_of(held), no_range=NoRange(view.withheld))
    return TimesHeld(completed=n, held=share_of(held), holds=share_of(holds), later_s=later)


def share_of(thousandths: int) -> float | None:
    """A share from thousandths; None if it is not known."""
    return None if thousandths < 0 else thousandths / 1000
