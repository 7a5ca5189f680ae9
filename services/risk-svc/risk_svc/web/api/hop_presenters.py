"""From what is known of hops to answers: rounded, with too little history in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from risk_svc.insight import paths
from risk_svc.insight.measures.distortion import THRESHOLD, Slot, Thresholds, threshold_of
from risk_svc.insight.measures.figure import LEAST, Figure
from risk_svc.insight.paths import HopRecord, PromisePath


def path(promise_id: str, found: PromisePath) -> dict[str, Any]:
    """The path of a promise as `PathOut`."""
    measured, first = found.path, found.path.first_past
    return {
        "promise_id": promise_id,
        "customer_id": found.customer_id,
        "kind": found.kind,
        "waits": found.kind is None,
        "distortion_sum": _number(measured.total),
        "net_distortion": _number(measured.net),
        "net": {f"drift_{slot}": _number(measured.signed.get(slot)) for slot in Slot},
        "threshold": THRESHOLD,
        "first_past": None if first is None else f"{first.by}>{first.target}",
        "unlike_units": [*measured.unlike],
        "statements": found.number.total,
        "statements_exact": found.number.total_exact,
        "hops": along(found),
    }


def along(found: PromisePath) -> list[dict[str, Any]]:
    """The hops of a path as `PassedOut`."""
    return [rounded(one) for one in paths.along(found)]


def statement(row: Mapping[str, Any]) -> dict[str, Any]:
    """A statement that passed a message on as `PassedOut`."""
    return rounded({name: row[name] for name in paths.PASSED})


def record(one: HopRecord, thresholds: Thresholds) -> dict[str, Any]:
    """A kind of hop as `HopOut`."""
    return {
        "name": paths.name(one),
        "said_by": one.said_by,
        "said_to": one.said_to,
        "messages": one.n,
        "too_little_history": too_little(one),
        "distortion": _figure(one.distortion),
        **{f"drift_{slot}": _figure(figure) for slot, figure in one.drifts.items()},
        "days": _figure(one.days),
        "variance_ratio": _figure(one.variance_ratio),
        "imposed": _figure(one.imposed),
        "threshold": threshold_of(thresholds, one.said_by, one.said_to),
    }


def too_little(one: HopRecord) -> str | None:
    """That there is too little history of a kind of hop, in words; None where there is enough."""
    few = f"too little history: {one.n} of at least {LEAST} messages"
    return few if one.distortion.too_little_history else None


def rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose numbers have four decimals."""
    return {name: _number(value) if isinstance(value, float) else value for name, value in row.items()}


def _figure(one: Figure) -> dict[str, Any]:
    return {"value": _number(one.value), "low": _number(one.low), "high": _number(one.high), "n": one.n}


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
