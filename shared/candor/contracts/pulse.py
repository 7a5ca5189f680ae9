"""A process's sign of life, sent every second. Topic `pulses`, key instance. Its `time` is system time."""

from __future__ import annotations

from typing import ClassVar, Final

from candor.contracts.envelope import Event

PROCESSES: Final = {
    "promise-svc": "promises",
    "delivery-svc": "reports of milestones and incidents",
    "risk-svc worker": "scores",
    "risk-svc learner": "learning of forecasts",
    "notify-svc": "messages to customers",
}
"""Those that send signs of life, by `ProcessAlive.process`, and what comes from each, in words for a page."""


class ProcessAlive(Event, frozen=True, gc=False, omit_defaults=True):
    """One process's sign of life; `stopped` names its parts that stand still."""

    TYPE: ClassVar[str] = "candor.process.alive.v1"
    TOPIC: ClassVar[str] = "pulses"
    AGGREGATE: ClassVar[str] = "instance"

    instance: str
    service: str
    role: str = ""
    stopped: list[str] = []

    @property
    def process(self) -> str:
        """The kind of process, by service and role: `risk-svc worker`."""
        return f"{self.service} {self.role}".strip()
