"""How a statement changes from hop to hop (*serial reproduction*, Bartlett 1932; definitions.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, NamedTuple

from risk_svc.insight.measures.units import amount


class Slot(StrEnum):
    """What a statement may say."""

    DATE = "date"
    SCOPE = "scope"
    QUANTITY = "quantity"
    CERTAINTY = "certainty"
    CONDITIONS = "conditions"


WEIGHTS: Final[Mapping[Slot, float]] = {
    Slot.DATE: 0.35,
    Slot.SCOPE: 0.25,
    Slot.QUANTITY: 0.15,
    Slot.CERTAINTY: 0.15,
    Slot.CONDITIONS: 0.10,
}
"""w of each slot. Assumed."""
THRESHOLD: Final = 0.15
"""D from which a hop is named, unless its kind has one of its own. Assumed."""
Thresholds = Mapping[str, float]
"""D from which hops are named, by kind such as `sales>customer`; of kinds that are not there it is THRESHOLD."""
DATE_SCALE: Final = 30.0
"""Days by which a date moves to count as wholly another. Assumed."""
CERTAIN: Final = 4


class Statement(NamedTuple):
    """What one side told the next; None: this slot was not spoken of.

    `date` in days from any one moment, `quantity` 0 or more in its `unit` (None: pieces), `certainty` from 0 (a hope)
    to 4 (a promise).
    """

    source: str
    target: str
    date: float | None = None
    scope: frozenset[str] | None = None
    quantity: float | None = None
    certainty: int | None = None
    conditions: frozenset[str] | None = None
    unit: str | None = None


class Drift(NamedTuple):
    """How far a slot moved: `size` in [0, 1] of its scale, and `signed`, above 0 where more is promised than before."""

    signed: float
    size: float


NONE: Final = Drift(0.0, 0.0)


class Hop(NamedTuple):
    """What became of a statement on its way through `by`, who heard it from `source` and told `target`.

    `distortion` (D) in [0, 1]; `days`, how much later the date became, None where none was spoken of before.
    """

    source: str
    by: str
    target: str
    distortion: float
    drifts: dict[Slot, Drift]
    days: float | None


class Path(NamedTuple):
    """The hops of a statement: Σ D, beside `net`, what lies between first and last, and the first past its threshold.

    The net never exceeds the sum; far below it, changes cancelled each other out. n is the number of hops. `unlike`:
    the quantities that were spoken of, where their units cannot be compared; then none of them counts.
    """

    hops: list[Hop]
    total: float
    net: float
    signed: dict[Slot, float]
    first_past: Hop | None
    n: int
    unlike: tuple[str, ...] = ()


def path(
    statements: Sequence[Statement],
    weights: Mapping[Slot, float] = WEIGHTS,
    thresholds: Thresholds | None = None,
    date_scale: float = DATE_SCALE,
) -> Path:
    """Compares each statement with the one before it; what one leaves out stands as it was last said.

    D = Σ w·size over the slots that were spoken of, their weights normed to sum to 1. Quantities are compared in one
    unit; those that have none in common are compared with nothing.
    """
    told, unlike = _in_one_unit(_carried(statements))
    spoken = [slot for slot in Slot if any(getattr(one, slot) is not None for one in told)]
    total = sum(weights[slot] for slot in spoken)
    weigh = {slot: weights[slot] / total if total > 0 else 0.0 for slot in spoken}
    hops = []
    for before, after in pairwise(told):
        drifts = {slot: drift(slot, before, after, date_scale) for slot in spoken}
        days = None if before.date is None or after.date is None else after.date - before.date
        hops.append(Hop(before.source, after.source, after.target, _distortion(drifts, weigh), drifts, days))
    past = (hop for hop in hops if hop.distortion >= threshold_of(thresholds or {}, hop.by, hop.target))
    whole = {slot: drift(slot, _first(told, slot), told[-1], date_scale) for slot in spoken}
    signed = {slot: one.signed for slot, one in whole.items()}
    return Path(
        hops,
        sum(hop.distortion for hop in hops),
        _distortion(whole, weigh),
        signed,
        next(past, None),
        len(hops),
        unlike,
    )


def threshold_of(thresholds: Thresholds, said_by: str, said_to: str) -> float:
    """D from which a hop of this kind is named."""
    return thresholds.get(f"{said_by}>{said_to}", THRESHOLD)


def drift(slot: Slot, before: Statement, after: Statement, date_scale: float = DATE_SCALE) -> Drift:
    """How far one slot moved between two statements; none where either does not speak of it.

    Date: days by `date_scale`; earlier promises more. Scope and conditions: what differs of all that either names
    (Jaccard); more scope and fewer conditions promise more. Quantity: of the larger one. Certainty: of its four steps.
    """
    old, new = getattr(before, slot), getattr(after, slot)
    if old is None or new is None:
        return NONE
    if slot in (Slot.SCOPE, Slot.CONDITIONS):
        either = len(old | new) or 1
        more, fewer = len(new - old), len(old - new)
        # Not the negative of the other: nothing that changed is 0, not -0.
        signed = more - fewer if slot is Slot.SCOPE else fewer - more
        return Drift(signed / either, len(old ^ new) / either)
    if slot is Slot.DATE:
        signed = max(-1.0, min(1.0, (old - new) / date_scale))
    elif slot is Slot.QUANTITY:
        signed = (new - old) / (max(old, new) or 1.0)
    else:
        signed = (new - old) / CERTAIN
    return Drift(signed, abs(signed))


def imposed(maker: str, deliverer: str, said: float, accepted: float | None) -> bool:
    """Whether a promise is an *imposition*: one about another team's work without its acceptance, or before it.

    Times in any one unit; None: never accepted. (Promise theory, Burgess & Bergstra.)
    """
    return deliverer not in ("", maker) and (accepted is None or accepted > said)


def _carried(statements: Sequence[Statement]) -> list[Statement]:
    held: dict[str, Any] = {}
    found = []
    for one in statements:
        held |= {slot: value for slot in Slot if (value := getattr(one, slot)) is not None}
        if one.quantity is not None:
            held["unit"] = one.unit
        found.append(one._replace(**held))
    return found


def _in_one_unit(told: list[Statement]) -> tuple[list[Statement], tuple[str, ...]]:
    """The statements with their quantities in one unit; without them, and the quantities, where there is none."""
    amounts = [None if one.quantity is None else amount(one.quantity, one.unit) for one in told]
    if len({one.kind for one in amounts if one is not None}) > 1:
        said = (f"{one.quantity:,.10g} {one.unit or ''}".strip() for one in told if one.quantity is not None)
        return [one._replace(quantity=None) for one in told], tuple(dict.fromkeys(said))
    pairs = zip(told, amounts, strict=True)
    return [one if found is None else one._replace(quantity=found.value) for one, found in pairs], ()


def _first(told: Sequence[Statement], slot: Slot) -> Statement:
    return next(one for one in told if getattr(one, slot) is not None)


def _distortion(drifts: Mapping[Slot, Drift], weigh: Mapping[Slot, float]) -> float:
    return min(1.0, sum(weigh[slot] * one.size for slot, one in drifts.items()))
