"""A process's sign of life, sent every second. Topic `pulses`, key instance. Its `time` is system time."""

from __future__ import annotations

from typing import ClassVar

from candor.contracts.envelope import Event


class ProcessAlive(Event, frozen=True, gc=False, omit_defaults=True):
    """One process's sign of life; `stopped` names its parts that stand still."""

    TYPE: ClassVar[str] = "candor.process.alive.v1"
    TOPIC: ClassVar[str] = "pulses"
    AGGREGATE: ClassVar[str] = "instance"

    instance: str
    service: str
    role: str = ""
    stopped: list[str] = []
