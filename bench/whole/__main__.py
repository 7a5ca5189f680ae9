"""Measures all of Candor, over HTTP until scored and readable, beside the usual service doing the same job.

    python -m bench.whole [--promises 20000] [--rounds 5] [--seconds 10] [--usual-share 0.05]

Signed webhooks, one promise or report each, over 64 keep-alive connections; each promise gets two reports. A phase ends
when `GET /v1/gaps/{id}` shows the last of every partition. All seven processes of Candor run, with a learnt model; the
usual service (FastAPI and SQLModel, a transaction a request; aiokafka, a message a transaction; the same forecast and
score) gets a share of the stream, as its rate does not depend on the length. Both on the same broker and database, the
load beside them. Then half of the rate reached is sent at an even pace: how long after the answer can it be read?
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
from collections.abc import Mapping, Sequence

import typer
from rich.console import Console
from rich.table import Table

from bench import report
from bench.ground import ROOT, Ground, ground
from bench.keep_alive import Connection
from bench.whole.sides import Running, Taught, candor, usual
from bench.whole.stream import SHOWN, Sender, customer
from candor.records.partitioner import partition_of

SIDES = {"candor": candor, "usual": usual}
PARTITIONS = 64
LAST = 32
EVERY_S = 0.02
PATIENCE_S = 600.0
MARKS = {
    "together/s": "goal 4,000",
    "CPU ms an event": "goal 0.4, everything but the load",
    "readable p99 ms": "goal ≤ 100 at half load",
}
Figures = dict[str, float]


async def loading(sender: Sender, promises: int, rate: float, parts: str = "") -> asyncio.subprocess.Process:
    """A load that has begun to make its requests."""
    fields = {name: getattr(sender, name) for name in ("side", "serial", "ports", "secrets", "key")}
    arguments = [json.dumps(fields), str(promises), str(rate), parts]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.whole.load", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def said(load: asyncio.subprocess.Process) -> Figures:
    """The next line that a load prints. SystemExit if it failed."""
    assert load.stdout is not None
    line = await load.stdout.readline()
    if not line:
        raise SystemExit("the load failed")
    found: Figures = json.loads(line)
    return found


def last_ones(promises: int) -> list[int]:
    """The promises that are readable last: the last of all, and of every partition."""
    found = dict.fromkeys(range(promises - 1, max(-1, promises - 1 - LAST), -1))
    seen: set[int] = set()
    for number in range(promises - 1, -1, -1):
        place = partition_of(customer(number).encode(), PARTITIONS)
        if place not in seen:
            seen.add(place)
            found[number] = None
    return list(found)


async def readable(sender: Sender, promises: int, part: int) -> None:
    """Return once the last promises are shown with this part."""
    over = await Connection.to(sender.ports[2])
    async with asyncio.timeout(PATIENCE_S):
        for number in last_ones(promises):
            question = sender.question(number)
            for _ in itertools.count():
                if SHOWN[part] in await over.ask(question):
                    break
                await asyncio.sleep(EVERY_S)


async def phase(side: Running, promises: int, parts: str) -> tuple[float, dict[str, float]]:
    """(seconds until all is readable, CPU ms an event by process) of one kind of request."""
    load = await loading(side.sender, promises, 0, parts)
    await said(load)
    before, begun = side.cpu(), asyncio.get_running_loop().time()
    await said(load)
    await readable(side.sender, promises, int(parts[-1]))
    seconds = asyncio.get_running_loop().time() - begun
    await load.wait()
    events = promises * len(parts)
    return seconds, {name: 1000 * (used - before[name]) / events for name, used in side.cpu().items()}


async def measured(side: Running, promises: int, seconds: float) -> tuple[Figures, dict[str, Mapping[str, float]]]:
    """The figures of a side that runs, and its CPU by process for a promise and for a report."""
    made, promise_cpu = await phase(side, promises, "0")
    reported, report_cpu = await phase(side, promises, "12")
    together = 3 * promises / (made + reported)
    paced = Running(side.stage, _again(side.sender), side.processes)
    load = await loading(paced.sender, max(1, int(together / 6 * seconds)), together / 2)
    waits = await said(load)
    await load.wait()
    figures = {
        "promises/s": promises / made,
        "reports/s": 2 * promises / reported,
        "together/s": together,
        "CPU ms an event": (sum(promise_cpu.values()) + 2 * sum(report_cpu.values())) / 3,
        "readable p50 ms": waits["p50"],
        "readable p99 ms": waits["p99"],
    }
    return figures, {"a promise": promise_cpu, "a report": report_cpu}


def _again(sender: Sender) -> Sender:
    fields = {name: getattr(sender, name) for name in ("side", "ports", "secrets", "key")}
    return Sender(**fields, serial=f"{sender.serial}p")


async def run(
    stage: Ground, promises: int, rounds: int, seconds: float, share: float
) -> tuple[list[dict[str, Figures]], list[dict[str, Mapping[str, float]]]]:
    """All rounds, the sides interleaved; and where Candor's CPU went in each."""
    model = await asyncio.to_thread(Taught.by_parcels, stage.folder)
    found: list[dict[str, Figures]] = []
    spent: list[dict[str, Mapping[str, float]]] = []
    names = [name for name in SIDES if name == "candor" or share]
    for number in range(rounds):
        one: dict[str, Figures] = {}
        for name in names[:: 1 if number % 2 == 0 else -1]:
            async with SIDES[name](stage, model) as side:
                count = promises if name == "candor" else max(1, int(promises * share))
                one[name], by_process = await measured(side, count, seconds)
            if name == "candor":
                spent.append(by_process)
        found.append({name: one[name] for name in names})
        Console(width=200).print({name: {key: round(value, 3) for key, value in one[name].items()} for name in one})
    return found, spent


def by_process(spent: Sequence[dict[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Medians of CPU ms: process → a promise, a report."""
    kinds = spent[0]
    return {
        process: {kind: statistics.median(one[kind][process] for one in spent) for kind in kinds}
        for process in next(iter(kinds.values()))
    }


def main(promises: int = 20_000, rounds: int = 5, seconds: float = 10.0, usual_share: float = 0.05) -> None:
    """Measure and write bench/results/whole-PROMISES.json; `--usual-share 0` leaves the usual service out."""
    with ground() as stage:
        found, spent = asyncio.run(run(stage, promises, rounds, seconds, usual_share))
    shares = by_process(spent)
    table = Table("CPU ms", *next(iter(shares.values())), title="Candor, by process")
    for process, values in shares.items():
        table.add_row(process, *(f"{value:.3f}" for value in values.values()))
    Console().print(table)
    if usual_share:
        result = report.publish(f"whole-{promises}", found, "usual", MARKS)
        report.write(f"whole-{promises}", {**result, "cpu_ms_by_process": shares})


if __name__ == "__main__":
    typer.run(main)
