"""One open hand-off at a time: who has been asked is not asked for the same again before they answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from promise_svc.domain.machines import MACHINES, Kind
from promise_svc.domain.matter import Enter, Matter
from promise_svc.domain.refusal import Refusal, RefusalReason

SAME = ("deliverer", "department")


def refuse_second(known: Iterable[Matter], command: Enter, now: datetime) -> None:
    """Raise Refusal for the request of a hand-off of which one of those known is open by now.

    That is one of the same promise, deliverer and department. What another system says was said, and is kept.
    """
    if command.kind is not Kind.HANDOFF or not command.begins or command.waits:
        return
    for one in known:
        same = one.kind is Kind.HANDOFF and one.promise_id == command.promise_id
        if not same or any(one.content[name] != command.content[name] for name in SAME):
            continue
        state = one.state_at(now)
        if state in MACHINES[Kind.HANDOFF].open and one.matter_id != command.matter_id:
            detail = f"hand-off {one.matter_id} is {state}: it has to be answered or withdrawn first"
            raise Refusal(RefusalReason.HANDOFF_OPEN, detail)
