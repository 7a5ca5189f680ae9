"""Measures the learner: memory for entries of one open hour, and the entries a second that one core learns.

    python -m bench.learning [--sizes 120000,1000000] [--promises 20000]

Each figure comes from a process of its own. Above the limit (MOST_ENTRIES) a sample is kept, as in a deployment.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from bench import report
from bench.ground import ROOT
from candor.ops.garbage import give_back
from risk_svc.forecast.view import Entry, PromiseSnapshot, View, reach
from risk_svc.training.timeline import Timeline

HOUR: Final = 3600.0
BEGIN: Final = 1_704_067_200.0
ROW: Final = 2000
"""Entries in a row of the journal: a full batch of a worker."""
EACH: Final = 3
"""Entries a promise: made, and two steps."""
DAYS: Final = 14
_rows: Final = msgspec.msgpack.Decoder(list[Entry])


def lives(promises: int, begin: float, within: float, lead: float, seed: int = 1) -> Iterator[PromiseSnapshot]:
    """What the journal keeps of promises made evenly `within` so many seconds, each with two steps before its date."""
    draw = random.Random(seed)
    for number in range(promises):
        made = begin + within * number / promises
        late = draw.lognormvariate(0, 0.5) * 0.45
        place, carrier = f"{draw.randrange(80):03d}", f"{draw.randrange(12):02d}"
        view = View(
            promise_id=f"{number:024x}",
            kind="flight",
            made=made,
            deadline=made + lead,
            order=["departed", "arrived"],
            plans={"departed": made + 0.5 * lead, "arrived": made + 0.95 * lead},
            texts=[("carrier", carrier), ("destination", place), ("origin", "EWR")],
            numbers=[("distance", float(draw.randrange(200, 2500)))],
            last_at=made,
            stages=[(-1, made)],
            places=["site:EWR"],
        )
        yield PromiseSnapshot(made, view)
        left = made + late * lead
        after = msgspec.structs.replace(view, reached={}, stages=[*view.stages])
        reach(after, "departed", left)
        yield PromiseSnapshot(left, after)
        came = made + 2 * late * lead
        yield PromiseSnapshot(came, msgspec.structs.replace(after, completed=came))


def rows(found: Iterable[Entry]) -> Iterator[bytes]:
    """The same as rows of the journal."""
    piece: list[Entry] = []
    for entry in found:
        piece.append(entry)
        if len(piece) == ROW:
            yield msgspec.msgpack.encode(piece)
            piece = []
    if piece:
        yield msgspec.msgpack.encode(piece)


def memory(entries: int) -> dict[str, float]:
    """Memory for entries of one hour that is still open, and the most while that hour is then learnt."""
    course = Timeline()
    # An hour before, so that the labels and steps are known, as they are after the first hour of all.
    course.take(list(lives(1000, BEGIN - HOUR, HOUR / 4, HOUR / 4, seed=2)))
    course.close(BEGIN)
    before = resident()
    for row in rows(lives(entries // EACH, BEGIN, HOUR / 4, HOUR / 4)):
        course.take(_rows.decode(row))
    held, kept = resident(), course.waiting
    course.close(BEGIN + 2 * HOUR)
    give_back()
    return {
        "entries": entries,
        "share": course.sample.share,
        "kept": kept,
        "MB waiting": (held - before) / 1e6,
        "bytes an entry kept": (held - before) / kept,
        "MB once learnt": (resident() - before) / 1e6,
        "most MB, learning included": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def rate(promises: int) -> dict[str, float]:
    """Entries that one process learns in a second of its CPU: promises of two weeks, hour by hour."""
    course = Timeline()
    for row in rows(lives(promises, BEGIN, DAYS * 24 * HOUR, 6 * HOUR)):
        course.take(_rows.decode(row))
    entries, begun = course.waiting, time.process_time()
    course.close(BEGIN + (DAYS + 2) * 24 * HOUR)
    seconds = time.process_time() - begun
    return {"entries": entries, "hours": DAYS * 24, "entries/s": entries / seconds}


def resident() -> int:
    """Bytes in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _apart(what: str, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.learning", "--one", what, "--sizes", str(size)]
    found: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=ROOT, text=True))
    return found


def main(
    sizes: str = "120000,1000000",
    promises: int = 20_000,
    one: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Measure, print and write bench/results/learning.json."""
    if one:
        print(json.dumps((memory if one == "memory" else rate)(int(sizes))))
        return
    held = [_apart("memory", int(size)) for size in sizes.split(",")]
    table = Table(*held[0])
    for line in held:
        table.add_row(*(f"{value:,.3g}" if value < 1 else f"{value:,.0f}" for value in line.values()))
    rates = [_apart("rate", promises) for _ in range(3)]
    Console().print(table, ", ".join(f"{found['entries/s']:,.0f} entries/s" for found in rates))
    report.write("learning", {"memory": held, "rates": rates})


if __name__ == "__main__":
    typer.run(main)
