"""How the others fare: new promises of other customers at an even pace, timed until they are scored."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bench.scale.feed import Feed, Gaps
from bench.scale.paced import Paced
from bench.scale.process import Process
from bench.scale.promises import made
from bench.scale.scenario import Finding, said
from bench.scale.site import Site

RATE: Final = 20.0
CALM_SECONDS: Final = 3.0
LOOKS: Final = 20
"""On a machine that has much else to do, none may have been answered the first time."""


@asynccontextmanager
async def others(feed: Feed, gaps: Gaps, rate: float = RATE) -> AsyncIterator[Paced]:
    """Yield the pace of promises that depend on nothing that a scenario touches."""

    async def ask(number: int) -> None:
        name = f"other-{number}"
        await feed.send([made(name, f"somebody-{number % 97}", "elsewhere")])
        await gaps.of(name)

    async with Paced(ask, rate) as pace:
        yield pace


async def calm(site: Site, pace: Paced) -> Finding:
    """Return how the others fare before anything happens; only what is due from then on counts."""
    await pace.first()
    pace.mark()
    found = math.inf
    for _ in range(LOOKS):
        await site.rest(CALM_SECONDS)
        found = pace.slowest(0.99)
        if math.isfinite(found):
            break
    pace.mark()
    return Finding("others' scoring before, p99", f"{found:.3g} s", figure=found)


def lived(process: Process) -> list[Finding]:
    """Return the rows of a process that went through it: its memory, and its end if it came to one."""
    found = [said(f"memory of {process.name}, at most", process.peak(), "MiB")]
    if process.ended is not None:
        found.append(Finding(process.name, f"ended, status {process.ended}", "goes on", kept=False))
    return found


def heartbeat(site: Site, process: Process, rate: float = RATE) -> Paced:
    """The pace of questions that a process answers at once, unless its event loop is blocked."""

    async def ask(_number: int) -> None:
        (await site.client.get(f"{process.url}/livez")).raise_for_status()

    return Paced(ask, rate)
