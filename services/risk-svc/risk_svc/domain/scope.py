"""S of the gap (definitions.md): what of a promise's scope is neither delivered nor to be expected any more."""

from __future__ import annotations

from typing import Final

from candor.contracts import Standing
from risk_svc.domain import gap as gaps
from risk_svc.domain.state import ItemState, PromiseState, completed_at

NAMED: Final = 3
NAME_LIMIT: Final = 40


def missing_open(state: PromiseState, coming: float) -> float:
    """S in [0, 1] of an open promise: an item counts what is delivered, and of its rest the share `coming`.

    `coming` = 1 − P(never): no report forecasts a single item, so each is as likely to come as the promise itself. How
    late it comes is lateness, not scope.
    """
    return gaps.scope([(item.weight, _share(item, coming)) for item in state.scope])


def missing_settled(state: PromiseState, standing: Standing) -> float:
    """S in [0, 1] once the promise is over: an item counts what was delivered.

    A verdict `kept` is the customer's acceptance of all that is supported. Where no report ever named an item, the
    completion of the promise stands for its whole scope.
    """
    return gaps.scope(
        [(item.weight, share) for item, share in zip(state.scope, delivered(state, standing), strict=True)]
    )


def delivered(state: PromiseState, standing: Standing) -> list[float]:
    """The share that is delivered of each scope item, in [0, 1]; 0 for what is not supported."""
    if state.verdict == "kept":
        return [_share(item, 1.0) for item in state.scope]
    silent = all(item.share is None for item in state.scope)
    whole = silent and standing is not Standing.OPEN and completed_at(state) is not None
    return [_share(item, float(whole)) for item in state.scope]


def words(state: PromiseState, standing: Standing) -> str:
    """The evidence of S, e.g. `1 of 3 items delivered, 1 in part; not supported: remote telemetry`."""
    shares = delivered(state, standing)
    done = sum(share >= 1.0 for share in shares)
    parts = sum(0.0 < share < 1.0 for share in shares)
    said = f"{done} of {len(shares)} items delivered" + (f", {parts} in part" if parts else "")
    absent = [item.name[:NAME_LIMIT] for item in state.scope if not item.supported]
    if absent:
        more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
        said += f"; not supported: {', '.join(absent[:NAMED])}{more}"
    return said


def _share(item: ItemState, rest: float) -> float:
    if not item.supported:
        return 0.0
    share = item.share or 0.0
    return share + (1.0 - share) * rest
