"""What strikes: processes killed or stopped in their tracks, servers killed, mail cut off; and how soon all is well."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import httpx

from candor.errors import OperatorError
from candor.installation.probes import answers_ready
from candor.local.stack import Stack
from tests.faults.rig.plan import HOOKS, KAFKA, MAIL, POSTGRES, Fault
from tests.faults.rig.sinks import Sinks

MAIL_SECONDS = 5.0


class Recovery(NamedTuple):
    """A strike, and the seconds until what it hit answered ready again (servers: until everything did)."""

    target: str
    kind: str
    seconds: float


class Nemesis:
    """Strikes one target at a time each, and brings back what died, as whatever runs Candor in earnest would.

    `received` grows with each message that any sink has taken.
    """

    def __init__(self, stack: Stack, sinks: Sinks, received: Callable[[], int]) -> None:
        self.recoveries: list[Recovery] = []
        self.by_itself: list[str] = []
        self._stack = stack
        self._sinks = sinks
        self._received = received
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._beside: set[asyncio.Task[None]] = set()

    async def strike(self, fault: Fault) -> None:
        """Returns once it has struck; recovery goes on beside."""
        turn = self._turns[fault.target]
        await turn.acquire()
        try:
            await asyncio.sleep(fault.delay)
            if fault.kind == "kill_at_mail":
                await self._next_message()
            begun = time.monotonic()
            await self._hit(fault)
        except BaseException:
            turn.release()
            raise
        task = asyncio.create_task(self._recover(fault, begun, turn))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def calm(self) -> None:
        """Returns once all that was struck is well again."""
        await asyncio.gather(*list(self._beside))

    async def watch(self) -> None:
        """Start again what ended by itself; runs until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            for name, process in self._stack.processes.items():
                if not process.running and not self._turns[name].locked():
                    async with self._turns[name]:
                        self._note_end(name)
                        await self._back(name)

    async def _hit(self, fault: Fault) -> None:
        stack = self._stack
        if fault.target == MAIL:
            async with httpx.AsyncClient(trust_env=False) as http:
                order = {"kind": fault.kind, "count": int(fault.amount)}
                (await http.put(f"{stack.urls['mailbox']}/faults", json=order)).raise_for_status()
        elif fault.target == HOOKS:
            self._sinks.fail(fault.kind, int(fault.amount))
        elif fault.target in (KAFKA, POSTGRES):
            server = stack.broker if fault.target == KAFKA else stack.database
            assert server is not None
            await asyncio.to_thread(server.kill)
        elif fault.kind == "pause":
            os.kill(stack.processes[fault.target].pid, signal.SIGSTOP)
        else:
            await asyncio.to_thread(stack.processes[fault.target].kill)

    async def _recover(self, fault: Fault, begun: float, turn: asyncio.Lock) -> None:
        try:
            if fault.target in (MAIL, HOOKS):
                return
            if fault.target in (KAFKA, POSTGRES):
                await self._server_back(fault)
            elif fault.kind == "pause":
                await asyncio.sleep(fault.amount)
                os.kill(self._stack.processes[fault.target].pid, signal.SIGCONT)
                await self._ready(fault.target, ours=True)
            else:
                await self._back(fault.target)
            self.recoveries.append(Recovery(fault.target, fault.kind, round(time.monotonic() - begun, 1)))
        finally:
            turn.release()

    async def _server_back(self, fault: Fault) -> None:
        await asyncio.sleep(fault.amount)
        server = self._stack.broker if fault.target == KAFKA else self._stack.database
        assert server is not None
        await asyncio.to_thread(server.start)
        for name in self._stack.processes:
            await self._ready(name)

    async def _back(self, name: str) -> None:
        while True:
            self._stack.start_service(name)
            # Its database may be away just now: then it ends again, and is started again.
            with suppress(OperatorError):
                await asyncio.to_thread(self._stack.wait_ready, name)
                return
            if self._stack.processes[name].running:
                self._stack.processes[name].kill()

    async def _ready(self, name: str, *, ours: bool = False) -> None:
        while not await asyncio.to_thread(answers_ready, self._stack.urls[name]):
            if ours and not self._stack.processes[name].running:
                self._note_end(name)
                await self._back(name)
            await asyncio.sleep(0.05)

    def _note_end(self, name: str) -> None:
        """Keep what a process that ended by itself said last that was worth waking somebody."""
        lines = self._stack.processes[name].log.read_text(errors="replace").splitlines()[-200:]
        critical = [line for line in lines if '"level":"critical"' in line] or lines[-1:]
        self.by_itself.append(f"{name}: {critical[-1][:400]}")

    async def _next_message(self) -> None:
        """The moment after a sink took a message and before anybody can have saved that it did."""
        before, until = self._received(), time.monotonic() + MAIL_SECONDS
        while self._received() == before and time.monotonic() < until:  # noqa: ASYNC110 - others' threads and files
            await asyncio.sleep(0.001)
