"""What another system said of a promise that is not known yet: it waits until the promise is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from promise_svc.domain.decide import Statement


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that waits, and where it came from; `time` is when it was said. It belongs to no customer yet."""

    waiting_id: str
    command: Statement
    source: str
    source_event: str
    time: datetime
    historical: bool
    traceparent: str
    customer_id: str = ""

    @property
    def promise_id(self) -> str:
        """The promise that it waits for."""
        return self.command.promise_id
