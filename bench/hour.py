"""Measures whether the memory of any process grows: an hour of promises, reports and views of the board.

    python -m bench.hour [--minutes 60] [--promises 25] [--views 25]

All processes of Candor run. Every promise gets two reports, the second of which ends it, so that as many are open at
the end as after a few minutes; what still grows is not what stands open. The load is on the same machine.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from bench import report
from bench.customer_load import promises as promises_of
from bench.ground import Ground, ground
from bench.keep_alive import request_of
from bench.paced_load import Load
from bench.scale.process import Process
from bench.scale.site import Site
from candor.local.stack import SERVICES
from candor.ops.tasks import end
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions

EARLY: Final = 1 / 6
"""The share of the time, ten minutes of an hour, with which its end is compared."""
GROWTH: Final = 1.10
SAMPLES: Final = 360
SERIAL: Final = "hour"
STEPS: Final = ("departed", "installed")
LAG_SECONDS: Final = (20, 60)
"""How long after its promise a report of each step is sent."""
CUSTOMERS: Final = 5_000
RENEWED_SECONDS: Final = 120.0
BUSY: Final = (503, 429)
"""Answers that are counted only: the load takes the processors away from what it measures."""


def reports(key: str, port: int, step: int) -> Callable[[int], bytes]:
    """What makes the request for the report that a step of the promise of a number was reached."""

    def request(number: int) -> bytes:
        body = {
            "promise_id": f"{SERIAL}-{number}",
            "milestone": STEPS[step],
            "status": "reached",
            "at": datetime.now(UTC).isoformat(),
            "final": step == len(STEPS) - 1,
        }
        return request_of(port, "POST", "/v1/milestones", key, json.dumps(body).encode())

    return request


class Viewer:
    """Someone signed in who looks at the board; `request` makes each view's request."""

    def __init__(self, site: Site, web: Process) -> None:
        self._site, self._web = site, web
        self._request = b""

    def request(self, _number: int) -> bytes:
        """The request of a view, with the cookie as it is now."""
        return self._request

    async def sign_in(self) -> None:
        """Sign in by a link."""
        link = Sessions(self._site.session_secret, secure=False).link_token(Role.VIEWER)
        await self._look("/signin", {"token": link})

    async def stay(self) -> None:
        """Take the new cookie that answers carry now and then, as a browser does: one that is not used ends."""
        while True:
            await asyncio.sleep(RENEWED_SECONDS)
            await self._look("/board/", {})

    async def _look(self, path: str, params: Mapping[str, str]) -> None:
        client, host = self._site.client, self._web.url.removeprefix("http://")
        answer = await client.get(f"{self._web.url}{path}", params=params, follow_redirects=True)
        answer.raise_for_status()
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        self._request = f"GET /board/ HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\n\r\n".encode()


async def sampled(processes: Sequence[Process], seconds: float) -> dict[str, list[float]]:
    """The resident MiB of each process, SAMPLES times in `seconds`."""
    found: dict[str, list[float]] = {one.name: [] for one in processes}
    begun = time.monotonic()
    for number in range(SAMPLES):
        await asyncio.sleep(max(0.0, begun + seconds * (number + 1) / SAMPLES - time.monotonic()))
        for one in processes:
            found[one.name].append(one.resident())
    return found


async def later(seconds: float, load: Load, rate: float, length: float) -> dict[str, float]:
    """A load that begins in `seconds`."""
    await asyncio.sleep(seconds)
    return await load.run(rate, length)


def planned(
    site: Site, running: dict[str, Process], viewer: Viewer, promises: float, views: float
) -> dict[str, tuple[Load, float, float]]:
    """Each load, when it begins in seconds, and its rate."""
    ports = {name: int(process.url.rpartition(":")[2]) for name, process in running.items()}

    def load(name: str, request: Callable[[int], bytes], status: int) -> Load:
        return Load(ports[name], request, status=status, refusals=BUSY)

    made = load("promise-svc", promises_of(ports["promise-svc"], site.key, SERIAL, 0, CUSTOMERS, STEPS), 201)
    viewed = load("risk-web", viewer.request, 200)
    told = [load("delivery-svc", reports(site.key, ports["delivery-svc"], step), 202) for step, _ in enumerate(STEPS)]
    steps = {name: (one, lag, promises) for name, one, lag in zip(STEPS, told, LAG_SECONDS, strict=True)}
    return {"promises": (made, 0.0, promises), "views": (viewed, 0.0, views), **steps}


async def measured(stage: Ground, seconds: float, promises: float, views: float) -> dict[str, list[float]]:
    """The samples by process, after the whole load; its answers are printed. SystemExit on one not expected."""
    site = Site(stage, "hour")
    try:
        await site.feed()
        running = {service.name: await site.start(service.name) for service in SERVICES}
        viewer = Viewer(site, running["risk-web"])
        await viewer.sign_in()
        loads = planned(site, running, viewer, promises, views)
        sampling = asyncio.create_task(sampled([*running.values()], seconds))
        staying = asyncio.create_task(viewer.stay())
        answers = await asyncio.gather(
            *(later(lag, load, rate, max(1.0, seconds - lag)) for load, lag, rate in loads.values())
        )
        for (name, (load, _, _)), answer in zip(loads.items(), answers, strict=True):
            figures = f"{len(load.done):,} answered, {load.refused:,} refused, p99 {answer['p99 ms']:,.0f} ms"
            print(f"{name}: {figures}", flush=True)
        await end(staying)
        return await sampling
    finally:
        await site.close()


def grown(samples: Sequence[float]) -> tuple[float, float]:
    """The most MiB in the first sixth, and the median of the last sixth."""
    share = math.ceil(len(samples) * EARLY)
    return max(samples[:share]), sorted(samples[-share:])[share // 2]


def main(minutes: float = 60.0, promises: float = 25.0, views: float = 25.0) -> None:
    """Run the load, print a row a process and write bench/results/hour.json; exit status 1 if one grew too much."""
    with ground() as stage:
        found = uvloop.run(measured(stage, minutes * 60, promises, views))
    table = Table("process", "first sixth, most MiB", "last sixth, median MiB", "ratio")
    figures = {name: grown(samples) for name, samples in found.items()}
    for name, (early, late) in figures.items():
        table.add_row(name, f"{early:,.0f}", f"{late:,.0f}", f"{late / early:.2f}")
    Console().print(table, f"limit: {GROWTH:.2f}")
    processes = {name: {"early": early, "end": late, "samples": found[name]} for name, (early, late) in figures.items()}
    report.write("hour", {"minutes": minutes, "promises/s": promises, "views/s": views, "processes": processes})
    raise typer.Exit(any(late > early * GROWTH for early, late in figures.values()))


if __name__ == "__main__":
    typer.run(main)
