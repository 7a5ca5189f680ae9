"""What a scenario is, what it finds, and how one is run to its end or to its deadline."""

from __future__ import annotations

import asyncio
import math
import sys
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bench.scale.site import Site

FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was measured, its limit, and whether it was kept; None where there is no limit.

    `figure` is the bare number, for who computes with it.
    """

    what: str
    measured: str
    limit: str = ""
    kept: bool | None = None
    figure: float = math.nan


Run = Callable[["Site", int], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that grows: `stated` of `things`, of which the default run makes the share `usual`.

    `row_bytes` is about what one takes on the disk. After `deadline` seconds at the stated size it is given up.
    """

    name: str
    about: str
    things: str
    stated: int
    run: Run = field(repr=False)
    usual: float = 1.0
    deadline: float = 300.0
    row_bytes: int = 0

    def count(self, size: float | None, *, larger: bool) -> int:
        """Return how many to make: the usual share, a given one, or `larger`, three times what is stated."""
        share = size if size is not None else 3.0 if larger else self.usual
        return max(FEWEST, round(self.stated * share))


async def carried_out(scenario: Scenario, site: Site, count: int) -> Sequence[Finding]:
    """Return what the scenario found; one that fails or does not end is a finding too."""
    seconds = scenario.deadline * max(1.0, count / scenario.stated)
    try:
        async with asyncio.timeout(seconds) as limit:
            return await scenario.run(site, count)
    except Exception as error:
        if limit.expired():
            return [*site.found, Finding("the whole of it", f"not in {seconds:.0f} s", f"{seconds:.0f} s", kept=False)]
        traceback.print_exc(file=sys.stderr)
        return [
            *site.found,
            Finding("the whole of it", f"ended with {type(error).__name__}: {error}"[:160], kept=False),
        ]


def within(what: str, seconds: float, limit: float, patience: float = math.inf) -> Finding:
    """Return the row of a time; one that is infinite had not come after `patience` seconds."""
    said = f"not in {patience:.0f} s" if math.isinf(seconds) else f"{seconds:.3g} s"
    return Finding(what, said, f"≤ {limit:g} s", seconds <= limit, seconds)


def at_most(what: str, value: float, limit: float, unit: str) -> Finding:
    """Return the row of an amount."""
    return Finding(what, f"{plain(value)} {unit}", f"≤ {plain(limit)} {unit}", value <= limit, value)


def said(what: str, value: float, unit: str) -> Finding:
    """Return the row of an amount without a limit."""
    return Finding(what, f"{plain(value)} {unit}", figure=value)


def plain(value: float) -> str:
    """Return a figure with three digits that mean something."""
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 100 else f"{value:.3g}"
