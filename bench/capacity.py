"""Writes docs/operations/capacity.md of what the benches and `bench.footprint` last measured.

python -m bench.capacity > docs/operations/capacity.md
"""

from __future__ import annotations

import json
import statistics
from typing import Any, Final

from bench.report import RESULTS

HEAD: Final = """# Capacity

What one process does, measured by this repository on the machine named, with the broker, the database and the load on
the same cores: on machines of their own each does more. Plan with half of it.

Made by `python -m bench.capacity > docs/operations/capacity.md` of `bench/results`, which `make bench` and
`python -m bench.footprint`, `python -m bench.learning` and `python -m bench.scale --only memory --only disk` fill; a
test compares.
"""
MEMORY: Final = """
## Memory of a live promise

risk-worker keeps every live promise of its partitions. What one takes there, all told, when a worker has just loaded
so many of them; it takes more while an incident hits many at once (`make scale ARGS='--only incident'`).

| live promises in one worker | each |
|---|---|
"""
DISK: Final = """
## Disk

What comes of promises with ten planned steps each and of ten reports on each, over HTTP, nothing expired yet:
databases with their indexes, Kafka with one copy of each topic. Multiply by what comes in a day, and Kafka by its
replicas; Kafka keeps 28 days, the databases what [data.md](data.md) says. {where}

| of | promise-svc | delivery-svc | risk-svc | notify-svc | Kafka |
|---|---|---|---|---|---|
"""
LEARNER: Final = """
## The learner

One process learns for the whole installation: {rate} entries a second of one core (low to high: {low} to {high}); every
event of a promise is an entry. What comes faster waits in the journal; of more than `MOST_ENTRIES` in one open hour, or
a quarter as many open promises, a random sample is learnt (ADR 0051). Entries of one open hour, with `MOST_ENTRIES` at
200,000; {where}:

| entries read | share learnt | kept in memory | each | most memory, that hour learnt |
|---|---|---|---|---|
"""
TAIL: Final = """
PostgreSQL's write-ahead log comes on top. Watch `candor_disk_free_bytes` and the alert `DiskFillsUp`.
"""
AMOUNTS: Final = ("1,000 promises", "10,000 reports")
PLACES: Final = ("promise-svc", "delivery-svc", "risk-svc", "notify-svc", "Kafka")
RATES: Final = (
    (
        "one promise-svc, 64 connections, a promise a request, all saved",
        "intake-64",
        "requests/s",
        "requests/s",
    ),
    ("  of these the slowest in a hundred", "intake-64", "p99 ms", "ms"),
    (
        "one worker with the job of `bench/job.py`, 200,000 events",
        "throughput-200000",
        "events/s",
        "events/s",
    ),
    ("the same, 1,000,000 events", "throughput-1000000", "events/s", "events/s"),
    ("  CPU for 100,000 of them, database included", "throughput-1000000", "CPU s per 100k", "s"),
    ("  memory while it does", "throughput-1000000", "RSS MB", "MB"),
    (
        "  at 1,000 events/s until readable, slowest in a hundred",
        "latency-1000",
        "p99 ms",
        "ms",
    ),
)


def main() -> None:
    """Print the page."""
    print(page(), end="")


def page() -> str:
    """Return the whole page."""
    lines = [HEAD, "\n## Rates\n\n", "| what | median | low to high | machine, day |\n|---|---|---|---|\n"]
    for what, file, figure, unit in RATES:
        found = _read(file)
        one = found["sides"]["candor"][figure]
        median, low, high = (_plain(one[name]) for name in ("median", "low", "high"))
        lines.append(f"| {what.strip()} | {median} {unit} | {low} to {high} | {_where(found)} |\n")
    found = _read("footprint")
    lines.append(
        "\n## Memory and CPU over the demo's day\n\n979 flights, each a promise, and 14 days of history before;"
    )
    lines.append(f" {found['seconds']} s; {_where(found)}.\n\n| process | most memory | CPU |\n|---|---|---|\n")
    for name, values in found["processes"].items():
        lines.append(f"| {name} | {_plain(values['RSS MiB'])} MiB | {_plain(values['CPU s'])} s |\n")
    lines += [f"\n{found['apart']}\n"] if "apart" in found else []
    return "".join([*lines, *_memory(), *_learner(), *_disk(), TAIL])


def _memory() -> list[str]:
    found = _read("scale-memory")
    lines = [MEMORY]
    for what, value in found["figures"].items():
        if what.startswith("memory of one of "):
            lines.append(f"| {what.split()[4]} | {_plain(value)} B |\n")
    empty = _plain(found["figures"]["memory of a worker without promises"])
    return [*lines, f"\nA worker without promises takes {empty} MiB. {_where(found)}.\n"]


def _learner() -> list[str]:
    found = _read("learning")
    rates = sorted(one["entries/s"] for one in found["rates"])
    low, rate, high = (_plain(value) for value in (rates[0], statistics.median(rates), rates[-1]))
    return [
        LEARNER.format(rate=rate, low=low, high=high, where=_where(found)),
        *(
            f"| {one['entries']:,} | {_plain(one['share'])} | {one['kept']:,} | {_plain(one['bytes an entry kept'])} B "
            f"| {_plain(one['most MB, learning included'])} MB |\n"
            for one in found["memory"]
        ),
    ]


def _disk() -> list[str]:
    found = _read("scale-disk")
    rows = [[what, *(_plain(found["figures"][f"{what}: {one}"]) for one in PLACES)] for what in AMOUNTS]
    return [DISK.format(where=f"{_where(found)}."), *(f"| {row[0]} | {' MB | '.join(row[1:])} MB |\n" for row in rows)]


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return found


def _where(found: dict[str, Any]) -> str:
    machine = found["machine"]
    return f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}, {found['measured_at'][:10]}"


def _plain(value: float) -> str:
    """A figure with three digits that mean something."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
