"""Hears the signs of life of all processes, from the moment it starts, without a lease."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from candor.contracts import Message, ProcessAlive
from candor.messaging.tail import Tail

if TYPE_CHECKING:
    from candor.ops.settings import Settings

log = structlog.get_logger("candor.hearing")

Hear = Callable[[ProcessAlive, float], None]
"""Takes a sign of life and the system time (epoch seconds) of its sender."""


class Hearing(Tail):
    """A background that hands each sign of life to `hear`; survives outages of Kafka, during which nothing is heard."""

    name = "hearing"

    def __init__(self, settings: Settings, hear: Hear) -> None:
        super().__init__(settings, (), (ProcessAlive.TOPIC,))
        self._hear = hear

    def take(self, message: Message) -> None:
        """Hand on a sign of life."""
        if isinstance(message.data, ProcessAlive):
            self._hear(message.data, message.envelope.time.timestamp())

    def troubled(self, error: Exception) -> None:
        """Say what follows for messages."""
        consequence = "no message is sent while it is not known how old facts are"
        log.warning("signs of life not heard, trying again", error=type(error).__name__, consequence=consequence)
