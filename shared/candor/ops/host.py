"""What a process can run out of beside its work: space on disk, certificates, keys and files that it reads again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import structlog
from cryptography import x509

from candor.ops import metrics

EVERY_SECONDS: Final = 15.0
log = structlog.get_logger("candor.host")


class Reread(Protocol):
    """A mounted file that is read again when it has changed."""

    def look(self) -> object: ...


class HostWatch:
    """A background that measures free space and the end of certificates, and has `files` read again without a request.

    What cannot be measured is taken off the page: an old figure would go on suggesting that all is well.
    """

    name = "host-watch"

    def __init__(
        self,
        disk_paths: Sequence[str],
        certificate_files: Sequence[str],
        files: Iterable[Reread] = (),
        every: float = EVERY_SECONDS,
    ) -> None:
        self._disk_paths = disk_paths
        self._certificate_files = certificate_files
        self._files = files
        self._every = every
        self._unreadable: set[str] = set()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Measure until `stop`."""
        while not self._stop.is_set():
            await self._look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._every)

    async def _look(self) -> None:
        try:
            # In a thread: a file system that hangs must not stop the process with it.
            await asyncio.to_thread(self.measure)
            for file in self._files:
                file.look()
        except Exception:
            # A process must not end because of what only looks after it.
            log.exception("disk, certificates and files not measured", consequence="nobody is told when they run out")

    async def stop(self) -> None:
        """End after the measurement in progress."""
        self._stop.set()

    def measure(self) -> None:
        """Set all gauges once."""
        for path in self._disk_paths:
            self._measure_disk(path)
        for file in self._certificate_files:
            self._measure_certificate(file)

    def _measure_disk(self, path: str) -> None:
        try:
            found = shutil.disk_usage(path)
        except OSError as error:
            for gauge in (metrics.DISK_FREE_BYTES, metrics.DISK_SIZE_BYTES):
                gauge.labels(path).clear()
            self._report(path, f"{error.strerror or type(error).__name__}", "its free space is not measured")
            return
        self._unreadable.discard(path)
        metrics.DISK_FREE_BYTES.labels(path).set(found.free)
        metrics.DISK_SIZE_BYTES.labels(path).set(found.total)

    def _measure_certificate(self, file: str) -> None:
        try:
            ends = [one.not_valid_after_utc for one in x509.load_pem_x509_certificates(Path(file).read_bytes())]
        except (OSError, ValueError) as error:
            metrics.CERTIFICATE_EXPIRES.labels(file).clear()
            metrics.FILE_UNREADABLE.labels(file).set(1)
            self._report(file, str(error), "nobody will be told when this certificate expires")
            return
        self._unreadable.discard(file)
        metrics.FILE_UNREADABLE.labels(file).set(0)
        metrics.CERTIFICATE_EXPIRES.labels(file).set(min(ends).timestamp())

    def _report(self, what: str, reason: str, consequence: str) -> None:
        if what not in self._unreadable:
            log.warning("watched path cannot be read", path=what, reason=reason[:200], consequence=consequence)
        self._unreadable.add(what)
