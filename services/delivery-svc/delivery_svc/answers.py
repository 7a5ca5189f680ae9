"""What is answered to a report."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from candor.store.receipts import Answer
from delivery_svc.matching import Resolved
from delivery_svc.service import Result, Seen
from delivery_svc.trail import Matched

_encode: Final = msgspec.json.Encoder().encode


def reported(result: Result) -> Answer:
    """202: matched or parked, recorded or late; 200 for a match by hand."""
    document: dict[str, Any]
    match result:
        case Matched():
            document = {"state": "matched", "promise_id": result.promise_id, "version": result.version}
        case Seen():
            state = "late" if result.late else "recorded"
            document = {"state": state, "incident_id": result.incident_id, "version": result.version}
        case Resolved():
            counts = {"matched": result.matched, "rejected": result.rejected}
            return Answer(200, _encode({"state": "matched", "promise_id": result.promise_id, **counts}))
        case _:
            document = {"state": "parked", "parked_id": result.parked_id, "waits_for": result.reason.value}
    return Answer(202, _encode(document))
