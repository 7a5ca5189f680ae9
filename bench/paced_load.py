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

from bench.keep_alive import Connection, paced, request_of

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
        workers = [asyncio.create_task(self._work()) for _ in range(self.connections)]
        begun = time.monotonic()
        async for item in paced(rate, int(rate * (WARM_S + seconds))):
            self.due.put_nowait(item)
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

    async def _work(self) -> None:
        over = await Connection.to(self.port)
        while (item := await self.due.get()) is not None:
            number, due = item
            answer = await over.ask(self.request(number))
            if answer.startswith(self.answered):
                self.done.append((due, time.monotonic() - due))
            elif answer.startswith(self.refusals):
                self.refused += 1
            else:
                raise SystemExit(answer[:600].decode())
        over.close()


def _line(status: int) -> bytes:
    return f"HTTP/1.1 {status}".encode()


if __name__ == "__main__":
    port, method, path, rate, seconds, key, *body = sys.argv[1:]
    always = request_of(int(port), method, path, key, body[0].encode() if body else b"")
    found = uvloop.run(Load(int(port), lambda _: always).run(float(rate), float(seconds)))
    print(json.dumps({name: found[name] for name in ("p50 ms", "p99 ms")}))
