"""What a forecast supports saying: below LEAST_CASES like promises, that there is too little history."""

from __future__ import annotations

from candor.contracts import LEAST_CASES, Standing
from risk_svc.domain.state import PromiseState


def supported(state: PromiseState, standing: Standing) -> bool:
    """Whether the P(slip) of the present view may be stated.

    It may where it rests on enough like promises, where the clock alone knows (the deadline has passed), and of a
    promise that is over. Otherwise the base rate stands in its place, as what it is.
    """
    view = state.view
    return standing is not Standing.OPEN or view.n >= LEAST_CASES or view.at > state.deadline


def words(n: int, base: float | None) -> str:
    """E.g. `too little history (7); 31 % of such promises slip`, or without the base rate where it was never told."""
    said = f"too little history ({n})"
    return said if base is None else f"{said}; {base * 100:.0f} % of such promises slip"
