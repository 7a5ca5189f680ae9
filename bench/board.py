"""Measures what a page of the board costs its process: CPU a view, and what many views leave in memory.

    python -m bench.board [--promises 100000] [--views 5200] [--each 200]

The web role runs by itself on rows made in bulk. A view is the page alone or, as a browser does it, the page, then its
socket until the first figures have come; such a page stays for some seconds more, as a browser may come back.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, NamedTuple

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from bench import report
from bench.ground import Ground, ground
from bench.scale.process import Process
from bench.scale.promises import live
from bench.scale.site import Site
from bench.viewer import Viewer

PAGES: Final = {
    "overview": "/board/",
    "all, by risk of delay": "/board/?standing=&sort=chance",
    "by date, page 100": "/board/?sort=due&page=100",
    "search": "/board/?search=live-7",
    "one promise": "/board/promises/live-7",
    "before promising": "/board/dates",
    "forecast accuracy": "/board/record",
    "held messages": "/board/held",
}
AT_ONCE: Final = 4
BLOCKS: Final = 10
GROWTH: Final = 1.10
GONE_SECONDS: Final = 15.0
"""After this long the pages of closed sockets are gone."""
ROOM: Final = "100000"
"""One session opens more pages here than anybody's may."""


class Cost(NamedTuple):
    """Of one view, in ms: CPU of the web role, and the times of the viewer."""

    cpu: float
    median: float
    p99: float


async def many(viewer: Viewer, path: str, count: int, *, socket: bool) -> list[float]:
    """The seconds that each of `count` views of a page took, sorted; some go on at once."""
    took: list[float] = []

    async def some(number: int) -> None:
        for _ in range(number):
            begun = time.monotonic()
            await (viewer.whole(path) if socket else viewer.page(path))
            took.append(time.monotonic() - begun)

    await asyncio.gather(*(some(max(1, count // AT_ONCE)) for _ in range(AT_ONCE)))
    return sorted(took)


async def cost(web: Process, viewer: Viewer, path: str, count: int, *, socket: bool) -> Cost:
    """What a view of a page costs once one was looked at."""
    await many(viewer, path, AT_ONCE, socket=socket)
    before = web.cpu()
    took = await many(viewer, path, count, socket=socket)
    spent = web.cpu() - before
    return Cost(*(1000 * one for one in (spent / len(took), took[len(took) // 2], took[int(0.99 * len(took))])))


async def memory(web: Process, viewer: Viewer, views: int) -> list[float]:
    """MiB of the web role after each tenth of the views, and once the last pages are gone."""
    found = []
    for _ in range(BLOCKS):
        await many(viewer, PAGES["overview"], views // BLOCKS, socket=False)
        found.append(web.resident())
    await asyncio.sleep(GONE_SECONDS)
    return [*found, web.resident()]


async def measured(stage: Ground, promises: int, views: int, each: int) -> tuple[dict[str, list[Cost]], list[float]]:
    """The costs of each page without and with its socket, and memory over many views of the first."""
    site = Site(stage, "board")
    try:
        await live(site, promises)
        await site.feed()
        web = await site.start("risk-web")
        async with Viewer(web.url) as viewer:
            await viewer.sign_in(site.session_secret)
            kept = await memory(web, viewer, views)
        await web.stop()
        web = await site.start("risk-web", MAX_PAGES=ROOM, MAX_PAGES_PER_SESSION=ROOM)
        async with Viewer(web.url) as viewer:
            await viewer.sign_in(site.session_secret)
            costs = {
                name: [await cost(web, viewer, path, each, socket=socket) for socket in (False, True)]
                for name, path in PAGES.items()
            }
        return costs, kept
    finally:
        await site.close()


def main(promises: int = 100_000, views: int = 5_200, each: int = 200) -> None:
    """Print a row a page, and memory; exit status 1 if it grew too much after the first tenth of the views."""
    with ground() as stage:
        costs, kept = uvloop.run(measured(stage, promises, views, each))
    table = Table("page", "alone: CPU ms", "median", "p99", "with its socket: CPU ms", "median", "p99")
    for name, found in costs.items():
        table.add_row(name, *(f"{value:,.1f}" for one in found for value in one))
    Console(width=120).print(table)
    first, end = kept[0], kept[-1]
    print(f"memory over {views:,} views, MiB: {', '.join(f'{one:.0f}' for one in kept)}")
    print(f"the end beside the first tenth: {end / first:.2f}, limit {GROWTH:.2f}")
    pages = {name: [one._asdict() for one in found] for name, found in costs.items()}
    report.write("board", {"promises": promises, "views": views, "pages": pages, "memory": kept})
    raise typer.Exit(end > first * GROWTH)


if __name__ == "__main__":
    typer.run(main)
