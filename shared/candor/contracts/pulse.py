"""A process's sign of life, sent every second. Topic `pulses`, key instance. Its `time` is system time."""

from __future__ import annotations

from typing import ClassVar, Final

from candor.contracts.envelope import Event

PROCESSES: Final = {
    "promise-svc": "promises",
    "delivery-svc": "reports of milestones and incidents",
    "risk-svc worker": "scores",
    "risk-svc learner": "learning of forecasts",
    "risk-svc insight": "figures of accounts and teams",
    "notify-svc": "messages to customers",
}
"""Those that send signs of life, by `ProcessAlive.process`, and what comes from each, in words for a page."""


def known_processes(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of processes in a setting, as they are. Raises ValueError for one that there is not, or for none."""
    if unknown := [name for name in names if name not in PROCESSES]:
        raise ValueError(f"no such process: {', '.join(unknown)}; there are: {', '.join(PROCESSES)}")
    if not names:
        raise ValueError(f"must name at least one process of: {', '.join(PROCESSES)}")
    return names


class ProcessAlive(Event, frozen=True, gc=False, omit_defaults=True):
    """One process's sign of life; `stopped` names its parts that stand still.

    `reached`: by part and partition, the system time (epoch seconds) up to which its work is done. Of a `relay`: all
    that was accepted until then is in Kafka. Of a `consumer`: all that was in Kafka until then is applied.
    `held`: customers whose messages wait for a person. `silent`: senders that are silent against their own rhythm, each
    with when it was last heard (system time, epoch seconds).
    """

    TYPE: ClassVar[str] = "candor.process.alive.v1"
    TOPIC: ClassVar[str] = "pulses"
    AGGREGATE: ClassVar[str] = "instance"

    instance: str
    service: str
    role: str = ""
    stopped: list[str] = []
    reached: dict[str, dict[int, float]] = {}
    held: int = 0
    silent: dict[str, float] = {}

    @property
    def process(self) -> str:
        """The kind of process, by service and role: `risk-svc worker`."""
        return f"{self.service} {self.role}".strip()
