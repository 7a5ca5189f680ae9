"""Requests at an even pace, each timed from when it was due, so a stall counts for all it delayed; prints JSON.

python -m bench.paced_load PORT METHOD PATH RATE SECONDS KEY [BODY]
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence

import uvloop

WARM_S = 2.0


class Load:
    """One load over keep-alive connections; `request` makes the request of a number.

    An answer with `status` is timed, one of `refusals` only counted; any other ends the process.
    """

    def __init__(
        self,
        port: int,
        request: Callable[[int], bytes],
        *,
        status: int = 200,
        refusals: Sequence[int] = (),
        connections: int = 16,
    ) -> None:
        self.port = port
        self.request = request
        self.answered = _line(status)
        self.refusals = tuple(_line(one) for one in refusals)
        self.connections = connections
        self.due: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()
        self.done: list[tuple[float, float]] = []
        self.refused = 0

    async def run(self, rate: float, seconds: float) -> dict[str, float]:
        """The figures, those of waits for the time after warm-up. SystemExit on an answer that is not expected."""
        workers = [asyncio.create_task(self._connection()) for _ in range(self.connections)]
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

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (item := await self.due.get()) is not None:
            number, due = item
            writer.write(self.request(number))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if head.startswith(self.answered):
                self.done.append((due, time.monotonic() - due))
            elif head.startswith(self.refusals):
                self.refused += 1
            else:
                raise SystemExit(f"{head.splitlines()[0]!r} {body[:300]!r}")
        writer.close()


def request_of(port: int, method: str, path: str, key: str, body: bytes) -> bytes:
    """The bytes of one request, with JSON as its body if there is any."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def _line(status: int) -> bytes:
    return f"HTTP/1.1 {status}".encode()


if __name__ == "__main__":
    port, method, path, rate, seconds, key, *body = sys.argv[1:]
    always = request_of(int(port), method, path, key, body[0].encode() if body else b"")
    found = uvloop.run(Load(int(port), lambda _: always).run(float(rate), float(seconds)))
    print(json.dumps({name: found[name] for name in ("p50 ms", "p99 ms")}))
