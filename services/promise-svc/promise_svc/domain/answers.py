"""What a customer's verdict makes of a promise."""

from __future__ import annotations

from candor.contracts import Choice
from promise_svc.domain.promise import State


def judged(state: State, said: Choice, *, kept: bool) -> State | None:
    """How a promise in `state` ends once its customer said how it ended; None where that changes nothing.

    Kept in part is not kept. Where a verdict of ours has it kept, or the record that the customer saw (`kept`), and
    they do not, we disagree: it is disputed.
    """
    if state is State.WITHDRAWN:
        return None
    if said is Choice.KEPT:
        ends = State.KEPT
    elif kept or state in (State.KEPT, State.DISPUTED):
        ends = State.DISPUTED
    else:
        ends = State.BROKEN
    return None if ends is state else ends
