"""Ends a process whose event loop has stopped: otherwise it would keep renewing the lease of an idle worker."""

from __future__ import annotations

import os
import threading
from typing import Final

import structlog

log = structlog.get_logger("candor.watchdog")

PATIENCE: Final = 30
EXIT_STATUS: Final = 70


class Watchdog:
    """A thread that counts seconds without a sign of life, and exits the process at `patience` of them.

    It counts its own wake-ups, not the clock: a process that was paused and resumed has missed nothing.
    """

    def __init__(self, what: str, patience: int = PATIENCE, beat: float = 1.0) -> None:
        self.what = what
        self.patience = patience
        self.beat = beat
        self._missed = 0
        self._done = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def alive(self) -> None:
        """Note that the loop has made a step."""
        self._missed = 0

    def stop(self) -> None:
        self._done.set()

    def _watch(self) -> None:
        while not self._done.wait(self.beat):
            self._missed += 1
            if self._missed >= self.patience:
                log.critical(
                    "the event loop is blocked",
                    part=self.what,
                    seconds=self._missed,
                    consequence="this process exits now, another takes over",
                )
                os._exit(EXIT_STATUS)
