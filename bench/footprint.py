"""Measures what each process of Candor takes over the demo's day: peak resident memory, and CPU seconds of real time.

    python -m bench.footprint

The day is 979 flights in about two minutes, after the import of the 14 days before: far faster than real life.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import psutil

from bench.ground import HOME, ROOT, cpu_seconds
from bench.report import RESULTS
from candor.local.stack import SERVICES

PROCESSES = {service.name: service.module for service in SERVICES}
EVERY_SECONDS = 0.5


def name_of(process: psutil.Process) -> str:
    """Return which of ours a process is, by its command line; "" for another."""
    with contextlib.suppress(psutil.Error):
        command = tuple(process.cmdline())
        for name, ending in PROCESSES.items():
            if command[-len(ending) - 1 :] == ("-m", *ending):
                return name
    return ""


def look(demo: psutil.Process, seen: dict[str, dict[str, float]]) -> None:
    """Note what each process takes now, if it is more than before."""
    for process in demo.children(recursive=True):
        name = name_of(process)
        with contextlib.suppress(psutil.Error):
            if name:
                now = {"RSS MiB": process.memory_info().rss / 2**20, "CPU s": cpu_seconds(process)}
                seen[name] = {what: max(value, seen.get(name, now)[what]) for what, value in now.items()}


def main() -> None:
    """Run the demo to its end and write bench/results/footprint.json."""
    command = [sys.executable, "-m", "candor.cli", "demo", "--exit"]
    environment = {**os.environ, "CANDOR_HOME": str(HOME)}
    seen: dict[str, dict[str, float]] = {}
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as demo:
        watched = psutil.Process(demo.pid)
        while demo.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                look(watched, seen)
            time.sleep(EVERY_SECONDS)
    if demo.returncode or {*seen} != {*PROCESSES}:
        raise SystemExit(f"the demo ended with status {demo.returncode}; seen: {', '.join(sorted(seen)) or 'nothing'}")
    found: dict[str, Any] = {
        "bench": "footprint",
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "seconds": round(time.monotonic() - begun),
        "processes": {name: {what: round(value, 1) for what, value in seen[name].items()} for name in PROCESSES},
    }
    (RESULTS / "footprint.json").write_text(json.dumps(found, indent=2) + "\n")
    for name, values in found["processes"].items():
        print(f"{name:14}{values['RSS MiB']:8.0f} MiB{values['CPU s']:8.1f} s")


if __name__ == "__main__":
    main()
