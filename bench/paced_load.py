"""Requests at an even pace, each timed from when it was due, so a stall counts for all it delayed; prints JSON.

python -m bench.paced_load PORT METHOD PATH RATE SECONDS KEY [BODY]
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

CONNECTIONS = 16
WARM_S = 2.0


class Load:
    """One load of `rate` requests a second over keep-alive connections."""

    def __init__(self, port: int, method: str, path: str, key: str, body: bytes) -> None:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.request = head.encode() + b"\r\n" + body
        self.port = port
        self.due: asyncio.Queue[float | None] = asyncio.Queue()
        self.done: list[tuple[float, float]] = []

    async def run(self, rate: float, seconds: float) -> dict[str, float]:
        """The figures for the time after warm-up. SystemExit on any answer but 200."""
        workers = [asyncio.create_task(self._connection()) for _ in range(CONNECTIONS)]
        begun = time.monotonic()
        for number in range(int(rate * (WARM_S + seconds))):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.due.put_nowait(due)
        for _ in workers:
            self.due.put_nowait(None)
        await asyncio.gather(*workers)
        waits = sorted(wait for due, wait in self.done if due >= begun + WARM_S)
        return {"p50 ms": 1000 * waits[len(waits) // 2], "p99 ms": 1000 * waits[int(0.99 * len(waits))]}

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (due := await self.due.get()) is not None:
            writer.write(self.request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"{head.splitlines()[0]!r} {body[:300]!r}")
            self.done.append((due, time.monotonic() - due))
        writer.close()


if __name__ == "__main__":
    port, method, path, rate, seconds, key, *body = sys.argv[1:]
    load = Load(int(port), method, path, key, body[0].encode() if body else b"")
    print(json.dumps(uvloop.run(load.run(float(rate), float(seconds)))))
