"""What a forecast may state: below MIN_CASES similar promises, only that there is too little history."""

from __future__ import annotations

from candor.contracts import MIN_CASES, Standing
from risk_svc.domain.state import PromiseState


def supported(state: PromiseState, standing: Standing) -> bool:
    """Whether the P(slip) of the current view may be stated.

    It may if it rests on enough similar promises, if the deadline has passed (the clock alone decides), or if the
    promise has ended. Otherwise the observed share is shown instead, labelled as such.
    """
    view = state.view
    return standing is not Standing.OPEN or view.n >= MIN_CASES or view.at > state.deadline


def words(n: int, observed: float | None) -> str:
    """E.g. `no history yet`, or `too little history (7): 2 of 7 slipped`; never states an assumed value.

    `observed` is the share of the `n` promises that slipped, None if unknown.
    """
    if n == 0:
        return "no history yet"
    said = f"too little history ({n})"
    return said if observed is None else f"{said}: {round(observed * n):,} of {n:,} slipped"
