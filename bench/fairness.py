"""Measures what one customer with 90 % of the load costs the others: their p99, alone, beside many, and beside one.

    python -m bench.fairness [--others 40] [--seconds 8] [--rounds 3]

All of it comes by one caller, as from one CRM: promise-svc tells its customers apart. Beside the others nine times
their load is sent, once of 1,000 customers and once of a single one. The loads are processes on the same machine.

"Alone" is without any other load at all. So the ratio to it also counts what ten times the load costs on a machine of
two cores, on which what makes the load, Kafka and PostgreSQL run too; the ratio to 1,000 customers is what it costs the
others that all of it is one customer's. None of the others' requests may be refused.
"""

from __future__ import annotations

import json
import subprocess
import sys

import typer

from bench.ground import ROOT, Ground, ground
from bench.intake import alone

WAYS = {"alone": 0, "beside 1,000 customers": 1000, "beside one customer": 1}
LARGE = 9


def load(
    port: int, rate: float, seconds: float, key: str, serial: str, first: int, customers: int
) -> subprocess.Popen[str]:
    """A running load."""
    arguments = [str(one) for one in (port, rate, seconds, key, serial, first, customers)]
    command = [sys.executable, "-m", "bench.customer_load", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def figures(running: subprocess.Popen[str]) -> dict[str, float]:
    """What a load printed. SystemExit if it failed."""
    said, _ = running.communicate()
    if running.returncode != 0:
        raise SystemExit("a load failed")
    found: dict[str, float] = json.loads(said)
    return found


def measure(stage: Ground, label: str, customers: int, others: float, seconds: float) -> dict[str, float]:
    """The others' figures, on a fresh database, with nine times their load of `customers` beside them."""
    with alone(stage, label, "promise_svc") as served:
        port, key, _ = served
        beside = load(port, LARGE * others, seconds, key, f"{label}l", 0, customers) if customers else None
        found = figures(load(port, others, seconds, key, f"{label}o", 5000, 200))
        if found["refused"]:
            raise SystemExit(f"{label}: {found['refused']:.0f} of the others' requests were refused")
        if beside is not None:
            figures(beside)
        return found


def main(others: float = 40.0, seconds: float = 8.0, rounds: int = 3) -> None:
    """Print the others' p99 in each round, the ways interleaved, and the median ratios."""
    ratios: dict[str, list[float]] = {name: [] for name in WAYS}
    with ground() as stage:
        for number in range(rounds):
            names = list(WAYS)[:: 1 if number % 2 == 0 else -1]
            found = {
                name: measure(stage, f"f{number}{place}", WAYS[name], others, seconds)["p99 ms"]
                for place, name in enumerate(names)
            }
            print(f"round {number + 1}: " + ", ".join(f"{name} {found[name]:.1f} ms" for name in WAYS), flush=True)
            for name in WAYS:
                ratios[name].append(found["beside one customer"] / found[name])
    for name in list(WAYS)[:2]:
        print(f"p99 beside one customer / {name}: {sorted(ratios[name])[rounds // 2]:.2f} (median of {rounds})")


if __name__ == "__main__":
    typer.run(main)
