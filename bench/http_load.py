"""A closed-loop HTTP/1.1 load on loopback: N keep-alive connections send one request at a time; prints JSON.

python -m bench.http_load PORT CONNECTIONS SECONDS KEY SERIAL
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

WARM_S = 2.0


def request(serial: str, number: int, port: int, key: str) -> bytes:
    """One POST of a promise of realistic size."""
    due = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    body = {
        "promise_id": f"{serial}-{number}",
        "customer_id": f"cust-{number % 5000}",
        "kind": "install",
        "what": "Espresso machine installed, water line and training included",
        "due": due,
        "labels": {"region": "north", "crew": "crew-7"},
        "milestones": [{"name": "delivered", "told": True}, {"name": "installed", "planned": due, "told": True}],
        "depends_on": [{"kind": "site", "id": "LEJ"}],
        "references": [{"system": "crm", "id": f"{serial}-{number}"}],
        "value": 4200.0,
        "currency": "EUR",
    }
    raw = json.dumps(body, separators=(",", ":")).encode()
    head = (
        f"POST /v1/promises HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nIdempotency-Key: {serial}-{number}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


async def connection(
    port: int, key: str, serial: str, numbers: itertools.count[int], until: float
) -> list[tuple[float, float]]:
    """(finished at, seconds) of each request. SystemExit on any answer but 201."""
    over = await Connection.to(port)
    done: list[tuple[float, float]] = []
    while time.monotonic() < until:
        started = time.monotonic()
        answer = await over.ask(request(serial, next(numbers), port, key))
        if not answer.startswith(b"HTTP/1.1 201"):
            raise SystemExit(answer[:600].decode())
        now = time.monotonic()
        done.append((now, now - started))
    over.close()
    return done


async def run(port: int, connections: int, seconds: float, key: str, serial: str) -> None:
    """Drive the load and print the figures for the time after warm-up."""
    numbers = itertools.count()
    begun = time.monotonic()
    until = begun + WARM_S + seconds
    all_done = await asyncio.gather(*(connection(port, key, serial, numbers, until) for _ in range(connections)))
    waits = sorted(wait for done in all_done for at, wait in done if begun + WARM_S <= at <= until)
    figures = {
        "requests/s": len(waits) / seconds,
        "p50 ms": 1000 * waits[len(waits) // 2],
        "p99 ms": 1000 * waits[int(0.99 * len(waits))],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5]))
