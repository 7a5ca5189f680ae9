"""One of Candor's processes under a scenario: started, asked over HTTP, its memory read from outside."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Final

import httpx
import psutil

from bench.ground import ROOT, cpu_seconds

READY_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.1
MIB: Final = 2**20


class EndedError(Exception):
    """A process ended by itself; the text has its status and the end of its log."""


class Process:
    """A running process; its output is in `log`."""

    def __init__(
        self, name: str, module: tuple[str, ...], port: int, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        with log.open("ab") as output:
            command = [sys.executable, "-m", *module]
            self._popen = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=output, stderr=output)
        self._most = 0.0
        # A thread, because a process that ends itself leaves no figures, and nobody asks in time.
        Thread(target=self._watch, daemon=True).start()

    @property
    def ended(self) -> int | None:
        """Its exit status, None while it runs."""
        return self._popen.poll()

    async def ready(self, client: httpx.AsyncClient, path: str = "/readyz", seconds: float = READY_SECONDS) -> None:
        """Return once it answers 200. Raises EndedError, or TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            while True:
                if self.ended is not None:
                    raise EndedError(f"{self.name} ended with status {self.ended}: {self.log.read_text()[-400:]}")
                try:
                    if (await client.get(self.url + path, timeout=2)).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)

    async def figure(self, client: httpx.AsyncClient, name: str) -> float:
        """The sum of a metric of its own over all labels; 0 if it has none."""
        lines = (await client.get(f"{self.url}/metrics")).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.partition(" ")[0].partition("{")[0] == name)

    def resident(self) -> float:
        """MiB of memory that it has now; 0 once it ended."""
        try:
            return float(psutil.Process(self._popen.pid).memory_info().rss) / MIB
        except psutil.Error:
            return 0.0

    def peak(self) -> float:
        """The most MiB that it ever had, also after its end."""
        self._most = max(self._most, self.resident())
        return self._most

    def cpu(self) -> float:
        """CPU seconds of it and its children so far; 0 once it ended."""
        try:
            return cpu_seconds(psutil.Process(self._popen.pid))
        except psutil.Error:
            return 0.0

    def _watch(self) -> None:
        while self.ended is None:
            self.peak()
            time.sleep(LOOK_SECONDS)

    async def stop(self) -> None:
        """End it: asked first, then without asking, as one whose loop is blocked does not hear."""
        if self.ended is None:
            self._popen.terminate()
        try:
            await asyncio.to_thread(self._popen.wait, 8)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            await asyncio.to_thread(self._popen.wait)
