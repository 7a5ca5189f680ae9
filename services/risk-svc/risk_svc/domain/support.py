"""What a forecast supports saying: below MIN_CASES similar promises, that there is too little history."""

from __future__ import annotations

from candor.contracts import MIN_CASES, Standing
from risk_svc.domain.state import PromiseState


def supported(state: PromiseState, standing: Standing) -> bool:
    """Whether the P(slip) of the present view may be stated.

    It may where it rests on enough similar promises, where the clock alone knows (the deadline has passed), and of a
    promise that is over. Otherwise what was observed stands in its place, as what it is.
    """
    view = state.view
    return standing is not Standing.OPEN or view.n >= MIN_CASES or view.at > state.deadline


def words(n: int, observed: float | None) -> str:
    """E.g. `no history yet`, or `too little history (7): 2 of 7 slipped`; nothing that was assumed is told.

    `observed`: the share of the `n` promises that slipped, None where it is not known.
    """
    if n == 0:
        return "no history yet"
    said = f"too little history ({n})"
    return said if observed is None else f"{said}: {round(observed * n):,} of {n:,} slipped"
