"""Signed webhooks of promises over loopback, as fast as they are answered or at an even pace; prints JSON.

python -m bench.webhook_load PORT CONNECTIONS SECONDS SECRET SERIAL RATE

RATE 0: each of the connections sends one after another. Otherwise so many a second, each timed from when it was due.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from datetime import UTC, datetime, timedelta

import uvloop

from bench.keep_alive import Connection
from bench.paced_load import Load
from candor.web.security.signatures import signed_headers

WARM_S = 2.0


def request(serial: str, number: int, port: int, secret: str) -> bytes:
    """One webhook of a promise of realistic size, signed now."""
    now = datetime.now(UTC)
    data = {
        "promise_id": f"{serial}-{number}",
        "customer_id": f"cust-{number % 5000}",
        "kind": "install",
        "what": "Espresso machine installed, water line and training included",
        "due": (now + timedelta(days=5)).isoformat(),
        "labels": {"region": "north", "crew": "crew-7"},
        "milestones": [{"name": "delivered", "told": True}, {"name": "installed", "told": True}],
        "depends_on": [{"kind": "site", "id": "LEJ"}],
        "references": [{"system": "crm", "id": f"{serial}-{number}"}],
        "value": 4200.0,
        "currency": "EUR",
    }
    raw = json.dumps({"type": "promise.made", "timestamp": now.isoformat(), "data": data}).encode()
    headers = {
        "host": f"127.0.0.1:{port}",
        "content-type": "application/json",
        "content-length": str(len(raw)),
        **signed_headers(secret, f"{serial}-{number}", now, raw),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /v1/webhooks/bench HTTP/1.1\r\n{lines}\r\n".encode() + raw


async def _one_after_another(
    port: int, secret: str, serial: str, numbers: itertools.count[int], until: float
) -> list[tuple[float, float]]:
    over = await Connection.to(port)
    done: list[tuple[float, float]] = []
    while time.monotonic() < until:
        asked = request(serial, next(numbers), port, secret)
        started = time.monotonic()
        answer = await over.ask(asked)
        if not answer.startswith(b"HTTP/1.1 202"):
            raise SystemExit(answer[:600].decode())
        now = time.monotonic()
        done.append((now, now - started))
    over.close()
    return done


async def run(port: int, connections: int, seconds: float, secret: str, serial: str, rate: float) -> None:
    """Drive the load and print the figures for the time after warm-up."""
    if rate:
        load = Load(port, lambda number: request(serial, number, port, secret), status=202, connections=connections)
        print(json.dumps(await load.run(rate, seconds)))
        return
    numbers, begun = itertools.count(), time.monotonic()
    until = begun + WARM_S + seconds
    found = await asyncio.gather(
        *(_one_after_another(port, secret, serial, numbers, until) for _ in range(connections))
    )
    waits = sorted(wait for done in found for at, wait in done if begun + WARM_S <= at <= until)
    figures = {
        "answered/s": len(waits) / seconds,
        "p50 ms": 1000 * waits[len(waits) // 2],
        "p99 ms": 1000 * waits[int(0.99 * len(waits))],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    port, connections, seconds, secret, serial, rate = sys.argv[1:]
    uvloop.run(run(int(port), int(connections), float(seconds), secret, serial, float(rate)))
