"""`python -m bench.scale`: makes things large and measures whether what stands beside them still works."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import time
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from bench.ground import Ground, ground
from bench.scale.registry import SCENARIOS
from bench.scale.report import EXAMPLES, announced, heading, keep, rows, summary
from bench.scale.scenario import Finding, Scenario, carried_out
from bench.scale.site import Site

ROOM: Final = 2.0
"""The disk that a scenario needs beside its rows: indexes, the write-ahead log."""
BRIEF: Final = 0.01
"""A share of the stated size that is a try of the scenario, not a measurement."""


def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"A scenario by name, may be repeated: {', '.join(SCENARIOS)}.")
    ] = None,
    larger: Annotated[bool, typer.Option("--all", help="Three times the stated sizes.")] = False,
    size: Annotated[
        float | None, typer.Option(min=0.0, help="Share of the stated sizes, for a try: 0.001 ends within seconds.")
    ] = None,
) -> None:
    """Make things large, one kind a scenario, and measure whether all that stands beside them still works.

    Rows are made in bulk on a broker and a database of its own; the processes are the real ones. A row is printed for
    everything measured, with its limit. Exit status 1 if a limit is not kept.
    """
    unknown = [name for name in only or () if name not in SCENARIOS]
    if unknown:
        raise typer.BadParameter(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(SCENARIOS)}")
    chosen = [SCENARIOS[name] for name in only or SCENARIOS]
    found: dict[str, Sequence[Finding]] = {}
    begun = time.monotonic()
    # The Kafka client tells of what it tries again; topics are new here, and their leaders still unknown to it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    # Told to end, it ends what it started: also in the background, where Ctrl-C does not reach.
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    print(heading())
    with ground() as stage:
        for one in chosen:
            count = one.count(size, larger=larger)
            print(announced(one, count), flush=True)
            found[one.name] = asyncio.run(carried(stage, one, count))
            print(rows(found[one.name]), flush=True)
            if count > one.stated * BRIEF:
                keep(one, count, found[one.name])
    print(summary(found, time.monotonic() - begun))
    raise typer.Exit(any(finding.kept is False for findings in found.values() for finding in findings))


async def carried(stage: Ground, one: Scenario, count: int) -> Sequence[Finding]:
    """Carry a scenario out at a site of its own, which is cleared away afterwards."""
    needed, free = count * one.row_bytes * ROOM, shutil.disk_usage(stage.folder).free
    if needed > free:
        lacking = f"not tried: needs {needed / 1e9:.0f} GB of disk, {free / 1e9:.0f} are free"
        return [Finding("the whole of it", lacking, kept=False)]
    site = Site(stage, one.name, brief=count <= one.stated * BRIEF)
    try:
        return await carried_out(one, site, count)
    finally:
        await site.close()


app: Final = typer.Typer(add_completion=False)
app.command(epilog=EXAMPLES)(main)

if __name__ == "__main__":
    app()
