"""Long-running parts of a process: started together, stopped in order, and never failing silently."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from candor.ops.health import Health

STOP_SECONDS = 20.0
log = structlog.get_logger("candor.backgrounds")


class CannotStartError(Exception):
    """What a part needs is not as it has to be, and stays so until a person mends it: the process could not start."""


class Background(Protocol):
    """A part that runs until stopped. `run` returns after `stop`; returning or raising earlier counts as a death."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...

    async def stop(self) -> None: ...


class Supervisor:
    """Runs backgrounds; calls `on_death` when one ends without being stopped."""

    def __init__(self, health: Health, stop_seconds: float = STOP_SECONDS) -> None:
        self._health = health
        self.stop_seconds = stop_seconds
        self._tasks: list[tuple[Background, asyncio.Task[None]]] = []
        self._stopping = False
        self.on_death: Callable[[], None] = lambda: None

    def start(self, backgrounds: Sequence[Background]) -> None:
        """Start each in its own task."""
        for background in backgrounds:
            task = asyncio.create_task(self._watch(background), name=background.name)
            self._tasks.append((background, task))

    async def _watch(self, background: Background) -> None:
        reason = "ended without being stopped"
        try:
            await background.run()
        except asyncio.CancelledError:
            raise
        except CannotStartError as error:
            self._health.not_started = str(error)
            self.on_death()
            return
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"[:300]
            log.critical(
                "a part of the process died, so the process stops", part=background.name, reason=reason, exc_info=error
            )
        else:
            if self._stopping:
                return
            log.critical("a part of the process died, so the process stops", part=background.name, reason=reason)
        self._health.dead[background.name] = reason
        self.on_death()

    async def stop(self) -> None:
        """Stop them in the given order; one that does not end in time is cancelled and logged."""
        self._stopping = True
        for background, task in self._tasks:
            try:
                async with asyncio.timeout(self.stop_seconds):
                    if not task.done():
                        await background.stop()
                    await asyncio.wait([task])
            except TimeoutError:
                log.error(  # noqa: TRY400
                    "a part of the process did not stop in time and is cancelled",
                    part=background.name,
                    waited_seconds=self.stop_seconds,
                )
            except Exception:
                log.exception("a part of the process failed while stopping", part=background.name)
            if not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=1)
            log.info("part stopped", part=background.name)
        self._tasks.clear()
