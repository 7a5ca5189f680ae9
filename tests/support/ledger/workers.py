"""Worker processes that a test starts, stops, kills and replaces; all are gone when the block ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[3]


class Workers:
    """Keeps `amount` ledger workers running; `log` collects what they say."""

    def __init__(self, database: str, kafka: str, prefix: str, log: Path, *, lease: float = 5.0, broken: bool = False):
        self.command = [sys.executable, "-m", "tests.support.ledger.process"]
        self.command += ["--database", database, "--kafka", kafka, "--prefix", prefix, "--lease", str(lease)]
        self.command += ["--broken"] if broken else []
        self.log = log
        self.running: list[asyncio.subprocess.Process] = []
        self._file: IO[bytes] | None = None

    async def __aenter__(self) -> Workers:
        self._file = self.log.open("ab")
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self.running:
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*(process.wait() for process in self.running))
        if self._file is not None:
            self._file.close()

    async def add(self, *options: str) -> asyncio.subprocess.Process:
        command = [*self.command, *options]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=self._file, stderr=self._file)
        self.running.append(process)
        return process

    async def kill(self, index: int) -> None:
        """kill -9, and a new one in its place at once."""
        process = self.running.pop(index)
        process.kill()
        await process.wait()
        await self.add()

    async def pause(self, index: int, seconds: float) -> None:
        """Stop the process in its tracks, as a frozen machine would, and let it go on later."""
        process = self.running[index]
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    async def replace(self, index: int) -> int:
        """A rolling restart: SIGTERM, wait, start; the exit status of the old one."""
        process = self.running.pop(index)
        process.terminate()
        status = await process.wait()
        await self.add()
        return status
