"""Promises of some customers at an even pace, each timed from when it was due; prints JSON.

python -m bench.customer_load PORT RATE SECONDS KEY SERIAL FIRST_CUSTOMER CUSTOMERS
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta

import uvloop

CONNECTIONS = 32
WARM_S = 2.0


class Load:
    """One load over keep-alive connections; an answer 503 or 429 is counted and not timed."""

    def __init__(self, port: int, key: str, serial: str, first: int, customers: int) -> None:
        self.port = port
        self.key = key
        self.serial = serial
        self.first = first
        self.customers = customers
        self.due: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()
        self.done: list[tuple[float, float]] = []
        self.refused = 0

    async def run(self, rate: float, seconds: float) -> dict[str, float]:
        """The figures for the time after warm-up."""
        workers = [asyncio.create_task(self._connection()) for _ in range(CONNECTIONS)]
        begun = time.monotonic()
        for number in range(int(rate * (WARM_S + seconds))):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.due.put_nowait((number, due))
        for _ in workers:
            self.due.put_nowait(None)
        await asyncio.gather(*workers)
        took = max(at + wait for at, wait in self.done) - begun
        waits = sorted(wait for due, wait in self.done if due >= begun + WARM_S)
        return {
            "answered/s": len(self.done) / took,
            "refused": float(self.refused),
            "p50 ms": 1000 * waits[len(waits) // 2],
            "p99 ms": 1000 * waits[int(0.99 * len(waits))],
        }

    def _request(self, number: int) -> bytes:
        body = {
            "promise_id": f"{self.serial}-{number}",
            "customer_id": f"cust-{self.first + number % self.customers}",
            "kind": "install",
            "what": "Espresso machine installed, water line and training included",
            "due": (datetime.now(UTC) + timedelta(days=5)).isoformat(),
            "milestones": [{"name": "delivered", "told": True}, {"name": "installed", "told": True}],
            "depends_on": [{"kind": "site", "id": "LEJ"}],
        }
        raw = json.dumps(body, separators=(",", ":")).encode()
        head = (
            f"POST /v1/promises HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        return head.encode() + raw

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (item := await self.due.get()) is not None:
            number, due = item
            writer.write(self._request(number))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if head.startswith(b"HTTP/1.1 201"):
                self.done.append((due, time.monotonic() - due))
            elif head.startswith((b"HTTP/1.1 503", b"HTTP/1.1 429")):
                self.refused += 1
            else:
                raise SystemExit(f"{head.splitlines()[0]!r} {body[:300]!r}")
        writer.close()


if __name__ == "__main__":
    port, rate, seconds, key, serial, first, customers = sys.argv[1:]
    load = Load(int(port), key, serial, int(first), int(customers))
    print(json.dumps(uvloop.run(load.run(float(rate), float(seconds)))))
