"""What all sides of a bench share: one broker, one database, and processes whose CPU time is counted."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from candor.installation.folder import Folder
from candor.local.kafka import KafkaBroker
from candor.local.postgres import PostgresServer

ROOT = Path(__file__).parents[1]
HOME = Path(os.environ.get("CANDOR_HOME") or ROOT / ".candor")
BASELINE_PYTHON = HOME / "bench-venv" / "bin" / "python"


@dataclass
class Ground:
    """Addresses of the servers, and a folder for the sides' files."""

    bootstrap: str
    database_url: str
    folder: Path
    postgres: psutil.Process
    broker: psutil.Process | None = None

    def settings(self, **more: str) -> dict[str, str]:
        """The environment for one of Candor's processes."""
        own = {"KAFKA_BOOTSTRAP_SERVERS": self.bootstrap, "DATABASE_URL": self.database_url, "LOG_LEVEL": "WARNING"}
        return {**os.environ, **own, **more}

    def database_cpu(self) -> float:
        """CPU seconds of PostgreSQL so far, all its backends together."""
        return cpu_seconds(self.postgres)


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Run a broker and a database for the bench alone; stopped afterwards, as after Ctrl-C and SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell's background job ignores SIGINT, and SIGTERM would leave the servers behind.
        signal.signal(number, signal.default_int_handler)
    root = HOME / "bench"
    shutil.rmtree(root, ignore_errors=True)
    folder = Folder.at(root, HOME / "jars")
    broker, database = KafkaBroker(folder, None), PostgresServer(folder, None)
    try:
        bootstrap, url = broker.start(), database.start()
        servers = psutil.Process(database.process.pid), psutil.Process(broker.process.pid)
        yield Ground(bootstrap, url, root, *servers)
    finally:
        database.stop()
        broker.stop()


def cpu_seconds(process: psutil.Process) -> float:
    """CPU seconds of a process and its children, including ended ones that were waited for."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


class Side:
    """A running side, ours or the baseline; its CPU seconds and peak resident memory are noted when it ends."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self.process = subprocess.Popen(command, cwd=ROOT, env=dict(environment))
        self.cpu = 0.0
        self.resident_mb = 0.0

    def running(self) -> bool:
        """Whether it still runs; also notes CPU and memory while the process can be observed."""
        with contextlib.suppress(psutil.Error):
            seen = psutil.Process(self.process.pid)
            self.cpu = max(self.cpu, cpu_seconds(seen))
            self.resident_mb = max(self.resident_mb, seen.memory_info().rss / 2**20)
        return self.process.poll() is None

    def stop(self) -> None:
        """Send SIGTERM, then SIGKILL if that did not end it."""
        self.running()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def ours(ground_: Ground, prefix: str, database: str, partitions: int) -> Side:
    """The reference job on Candor; input `<prefix>-milestones`, output `<prefix>-gaps`."""
    environment = ground_.settings(TOPIC_PREFIX=prefix, DATABASE_PREFIX=database, PARTITIONS=str(partitions))
    return Side("candor", [sys.executable, "-m", "bench.correlate"], environment)


def baseline(ground_: Ground, source: str, target: str, name: str) -> Side:
    """The reference job on quixstreams, exactly-once, with commits every 100 ms."""
    if not BASELINE_PYTHON.exists():
        raise SystemExit("the baseline is not installed: run `make bench`, which makes its environment")
    state = str(ground_.folder / "quix" / name)
    command = [
        str(BASELINE_PYTHON),
        "-W",
        "ignore",
        "-m",
        "bench.quix_app",
        ground_.bootstrap,
        source,
        target,
        name,
        state,
    ]
    environment = {**os.environ, "TMPDIR": str(ground_.folder)}
    return Side("quixstreams", command, environment)
