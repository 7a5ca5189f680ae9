"""Measures what a refusal for a customer's share costs: promise-svc's CPU a request, beside one that is taken.

    python -m bench.refusals [--requests 4000] [--rounds 3]

Sixteen connections, one request at a time each, both over the API and by signed webhook. Those of a single customer are
refused but for the first, those of 5,000 customers are taken.
"""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Callable

import psutil
import typer
import uvloop

from bench.customer_load import promises
from bench.ground import Ground, cpu_seconds, ground
from bench.intake import alone
from bench.keep_alive import Connection
from bench.whole.stream import Sender

MANY = 5_000
CONNECTIONS = 16
SECRET = "whsec_" + "QUJD" * 8
TAKEN, REFUSED = (b"HTTP/1.1 201", b"HTTP/1.1 202"), (b"HTTP/1.1 429",)
Make = Callable[[int], bytes]


def _requests(port: int, key: str, serial: str) -> dict[str, Make]:
    """By name, what makes a request of each sort."""
    sender = Sender(side="candor", serial=f"{serial}w", ports=(port, 0, 0), secrets=(SECRET, SECRET), key=key)
    # Every so many numbers are of one customer.
    return {
        "taken, API": promises(port, key, f"{serial}t", 0, MANY),
        "refused, API": promises(port, key, f"{serial}r", MANY, 1),
        "taken, webhook": lambda number: sender.request(number, 0),
        "refused, webhook": lambda number: sender.request(number * MANY + 1, 0),
    }


async def _send(port: int, make: Make, requests: int, process: psutil.Process, expected: tuple[bytes, ...]) -> float:
    warm = requests // 10
    numbers = iter(range(requests + warm))
    connections = [await Connection.to(port) for _ in range(CONNECTIONS)]

    async def send(over: Connection, until: int) -> None:
        for number in numbers:
            answer = await over.ask(make(number))
            if number >= warm and not answer.startswith(expected):
                raise SystemExit(answer[:600].decode())
            if number >= until:
                return

    # The first ones use up a single customer's share.
    await asyncio.gather(*(send(one, warm - CONNECTIONS) for one in connections))
    before = cpu_seconds(process)
    await asyncio.gather(*(send(one, requests + warm) for one in connections))
    for one in connections:
        one.close()
    return 1e6 * (cpu_seconds(process) - before) / requests


def measure(stage: Ground, label: str, requests: int) -> dict[str, float]:
    """CPU µs a request of each sort, on a fresh database."""
    folder = stage.folder / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    secrets = folder / "webhooks.json"
    events = {"promise-svc": ["promise.made"]}
    secrets.write_text(json.dumps({"sources": {"crm": {"secrets": [SECRET], "events": events}}}))
    limits = {
        "RATE_LIMIT": "1000000",
        # A burst is two events, and what comes back meanwhile one of a thousand seconds.
        "CUSTOMER_RATE_LIMIT": "0.001",
    }
    with alone(stage, label, "promise_svc", WEBHOOK_SECRETS_FILE=str(secrets), **limits) as served:
        process = psutil.Process(served.process)
        found = {}
        for name, make in _requests(served.port, served.key, label).items():
            expected = REFUSED if name.startswith("refused") else TAKEN
            found[name] = uvloop.run(_send(served.port, make, requests, process, expected))
        return found


def main(requests: int = 4000, rounds: int = 3) -> None:
    """Print the CPU of each sort in each round, and the medians."""
    if 1.1 * requests > MANY:
        raise SystemExit(f"at most {MANY / 1.1:,.0f} requests: of each customer only one is taken")
    with ground() as stage:
        all_found = []
        for number in range(rounds):
            found = measure(stage, f"r{number}", requests)
            all_found.append(found)
            figures = ", ".join(f"{name} {cpu:.0f} µs" for name, cpu in found.items())
            print(f"round {number + 1}: {figures}", flush=True)
    for name in all_found[0]:
        print(f"{name}: {statistics.median(found[name] for found in all_found):.0f} µs of CPU a request")


if __name__ == "__main__":
    typer.run(main)
