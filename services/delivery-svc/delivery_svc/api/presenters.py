"""Responses to reports."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from candor.store.receipts import Answer
from delivery_svc.domain import ParkReason
from delivery_svc.service.matching import MatchResult
from delivery_svc.service.sightings import IncidentOutcome
from delivery_svc.service.trail import MatchedOutcome
from delivery_svc.service.unmatching import Undone
from delivery_svc.service.use_cases import Result

KEPT: Final = "The report is kept and need not be sent again; GET /v1/parked has all that wait."
WAITING: Final = {
    ParkReason.AWAITING_PROMISE: (
        "delivery-svc has not heard of this promise yet. A promise made just now comes within seconds; then this"
        " report counts by itself, as of the time it names; one that was never made does not come."
    ),
    ParkReason.AWAITING_REFERENCE: (
        "No promise that delivery-svc has heard of carries this reference yet. When one comes, this report counts by"
        " itself; or name the promise: POST /v1/parked/{parked_id}/match."
    ),
    ParkReason.AMBIGUOUS_REFERENCE: (
        "Several promises carry this reference, and which one is meant is never guessed. Name the promise:"
        " POST /v1/parked/{parked_id}/match."
    ),
}
_encode: Final = msgspec.json.Encoder().encode


def waiting(reason: ParkReason, parked_id: str) -> str:
    """Why a report is parked, and what happens next."""
    return f"{WAITING[reason].format(parked_id=parked_id)} {KEPT}"


def reported(result: Result) -> Answer:
    """202 for a report (matched or parked, recorded or late); 200 for a manual match."""
    document: dict[str, Any]
    match result:
        case MatchedOutcome():
            document = {"state": "matched", "promise_id": result.promise_id, "version": result.version}
        case IncidentOutcome():
            state = "late" if result.late else "recorded"
            document = {"state": state, "incident_id": result.incident_id, "version": result.version}
        case MatchResult():
            counts = {"matched": result.matched, "rejected": result.rejected}
            return Answer(200, _encode({"state": "matched", "promise_id": result.promise_id, **counts}))
        case Undone():
            return Answer(200, _encode({"state": "undone", "promise_id": result.promise_id, "reports": result.reports}))
        case _:
            document = {"state": "parked", "parked_id": result.parked_id, "waits_for": result.reason.value}
            document["detail"] = waiting(result.reason, result.parked_id)
    return Answer(202, _encode(document))
