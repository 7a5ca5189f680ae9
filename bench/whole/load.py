"""The load beside both sides, a process of its own; prints JSON.

python -m bench.whole.load SENDER PROMISES RATE [PARTS]

RATE 0: the PARTS of every promise (`0` makes it, `12` are its reports), as fast as 64 keep-alive connections get
answers. Else promises and reports mixed at an even pace, and of some of them how long after the answer
`GET /v1/gaps/{id}` shows them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

import uvloop

from bench.keep_alive import Connection, paced
from bench.whole.stream import SHOWN, Sender, mixed

CONNECTIONS: Final = 64
TAKEN: Final = (b"HTTP/1.1 201", b"HTTP/1.1 202")
WARM_S: Final = 2.0
ASKED_EVERY_S: Final = 0.02
SAMPLES_A_SECOND: Final = 10
PATIENCE_S: Final = 60.0


def check(answer: bytes) -> None:
    """SystemExit unless the request was taken."""
    if not answer.startswith(TAKEN) or b'"rejected"' in answer:
        raise SystemExit(answer[:600].decode())


async def all_of(sender: Sender, promises: int, parts: Sequence[int]) -> dict[str, float]:
    """Send these parts of every promise; they are made before, as a sender's own time is not measured."""
    waiting = iter([sender.request(number, part) for part in parts for number in range(promises)])
    connections = [await Connection.to(sender.ports[min(parts[0], 1)]) for _ in range(min(CONNECTIONS, promises))]
    begun = time.time()

    async def send(over: Connection, requests: Iterator[bytes]) -> None:
        for request in requests:
            check(await over.ask(request))

    print(json.dumps({"begun": begun}), flush=True)
    await asyncio.gather(*(send(one, waiting) for one in connections))
    return {"begun": begun, "taken": time.time()}


class Paced:
    """Requests at an even pace; every so many of them are looked for until they can be read."""

    def __init__(self, sender: Sender, rate: float) -> None:
        self.sender = sender
        self.rate = rate
        self.waits: list[float] = []
        self._due: asyncio.Queue[tuple[int, int, bool] | None] = asyncio.Queue()
        self._readers: set[asyncio.Task[None]] = set()
        self._made: dict[int, asyncio.Event] = {}
        self._free: list[Connection] = []

    async def run(self, promises: int) -> dict[str, float]:
        """The waits from the answer to what can be read, in ms."""
        order = list(mixed(promises, min(promises, int(self.rate))))
        workers = [asyncio.create_task(self._work()) for _ in range(min(CONNECTIONS, promises))]
        every = max(1, int(self.rate / SAMPLES_A_SECOND))
        begun = time.monotonic()
        async for place, _ in paced(self.rate, len(order)):
            number, part = order[place]
            warm = place >= min(WARM_S * self.rate, len(order) / 2)
            self._due.put_nowait((number, part, warm and place % every == 0))
        for _ in workers:
            self._due.put_nowait(None)
        await asyncio.gather(*workers)
        sent = time.monotonic() - begun
        await asyncio.gather(*self._readers)
        waits = sorted(self.waits)
        return {"p50": waits[len(waits) // 2], "p99": waits[int(0.99 * len(waits))], "rate": len(order) / sent}

    async def _work(self) -> None:
        over = (await Connection.to(self.sender.ports[0]), await Connection.to(self.sender.ports[1]))
        while (item := await self._due.get()) is not None:
            number, part, wanted = item
            made = self._made.setdefault(number, asyncio.Event())
            if part:
                # A side that falls behind its pace is not asked about a promise that it has not taken yet.
                await made.wait()
            check(await over[min(part, 1)].ask(self.sender.request(number, part)))
            made.set()
            if wanted:
                task = asyncio.create_task(self._look(number, part, time.monotonic()))
                self._readers.add(task)

    async def _look(self, number: int, part: int, accepted: float) -> None:
        over = self._free.pop() if self._free else await Connection.to(self.sender.ports[2])
        question = self.sender.question(number)
        while SHOWN[part] not in await over.ask(question):
            if time.monotonic() - accepted > PATIENCE_S:
                raise SystemExit(f"{self.sender.name(number)}: part {part} cannot be read after {PATIENCE_S:.0f} s")
            await asyncio.sleep(ASKED_EVERY_S)
        self.waits.append(1000 * (time.monotonic() - accepted))
        self._free.append(over)


def main(arguments: Sequence[str]) -> None:
    """Run what the arguments name."""
    fields = json.loads(arguments[0])
    sender = Sender(**{**fields, "ports": tuple(fields["ports"]), "secrets": tuple(fields["secrets"])})
    promises = int(arguments[1])
    rate = float(arguments[2])
    if rate:
        found = uvloop.run(Paced(sender, rate).run(promises))
    else:
        found = uvloop.run(all_of(sender, promises, [int(part) for part in arguments[3]]))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
