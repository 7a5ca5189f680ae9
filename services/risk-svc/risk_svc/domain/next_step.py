"""What staff do next about an open promise, or that nothing need be done (definitions.md: what to do next)."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final, NamedTuple

from candor.contracts import Component

NOTHING_BELOW: Final = 10.0
"""The gap below which nothing need be done, unless a slip is likely or a step was missed. Assumed."""
CALM: Final = 0.3
"""P(slip) up to which nothing need be done: where a customer gets the all-clear."""
DOUBTFUL: Final = 0.5
"""P(slip) from which the customer ought to know: where silence begins to count."""


class NextStep(StrEnum):
    """What is to be done next; the first that applies."""

    NOTHING = "nothing"
    HAVE_IT_ACCEPTED = "have_it_accepted"
    TELL_CUSTOMER = "tell_customer"
    ANSWER_INCIDENT = "answer_incident"
    AGREE_SCOPE = "agree_scope"
    AGREE_DATE = "agree_date"
    WATCH = "watch"


WORDS: Final = {
    NextStep.NOTHING: "Nothing need be done.",
    NextStep.HAVE_IT_ACCEPTED: "Have the team that is to deliver accept it, or offer another date.",
    NextStep.TELL_CUSTOMER: "Tell the customer: nothing that says so has reached them yet.",
    NextStep.ANSWER_INCIDENT: "Find a way around the incident, or agree another date with the customer.",
    NextStep.AGREE_SCOPE: "Agree with the customer what comes later, or deliver what is missing.",
    NextStep.AGREE_DATE: "Win back time, or agree another date with the customer.",
    NextStep.WATCH: "Watch it: the customer is told when a slip gets likely.",
}


class Seen(NamedTuple):
    """What decides: the gap in [0, 100), P(slip) or None with too little history, and the shares of its components.

    `told` is whether the customer was told bad news; `missed` whether a step that they know of was missed or is
    overdue.
    """

    score: float
    p_slip: float | None
    told: bool
    missed: bool
    shares: dict[Component, float]


def next_step(seen: Seen) -> NextStep:
    """The step that stands first for an open promise."""
    p_slip = 0.0 if seen.p_slip is None else seen.p_slip
    if seen.score < NOTHING_BELOW and p_slip <= CALM and not seen.missed:
        return NextStep.NOTHING
    if Component.UNBACKED in seen.shares:
        return NextStep.HAVE_IT_ACCEPTED
    late = p_slip >= DOUBTFUL or seen.missed
    if late and not seen.told:
        return NextStep.TELL_CUSTOMER
    main = _largest(seen.shares, (Component.LATENESS, Component.SCOPE, Component.INCIDENTS))
    if main is Component.INCIDENTS and late:
        return NextStep.ANSWER_INCIDENT
    if main is Component.SCOPE:
        return NextStep.AGREE_SCOPE
    return NextStep.AGREE_DATE if late else NextStep.WATCH


def _largest(shares: dict[Component, float], among: Collection[Component]) -> Component | None:
    return max((one for one in among if one in shares), key=lambda one: shares[one], default=None)
