"""Stops the stack of a folder in order, or what a killed one left behind."""

from __future__ import annotations

import psutil

from candor.installation.folder import Folder, Progress, quiet
from candor.installation.processes import recorded_process
from candor.local.process import stop_tree
from candor.local.stack import SERVICES

STOP_SECONDS = 120.0


def stop_running(folder: Folder, progress: Progress = quiet) -> bool:
    """Stops the stack of `folder`, or what a killed one left behind, in order; returns whether there was anything."""
    found = False
    supervisor = recorded_process(folder.run / "stack-process.json")
    if supervisor is not None:
        found = True
        progress(f"stopping process {supervisor.pid}, which drains every part in order")
        supervisor.terminate()
        try:
            supervisor.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            progress(f"it does not end after {STOP_SECONDS:.0f} s: killing it")
            supervisor.kill()
            supervisor.wait(10)
    for name in (*(service.name for service in SERVICES), "mailbox", "kafka", "postgres"):
        record = folder.run / f"{name}.json"
        orphan = recorded_process(record)
        if orphan is not None:
            found = True
            progress(f"stopping {name}, which an earlier run left behind")
            stop_tree(orphan, grace=30)
        record.unlink(missing_ok=True)
    for name in ("stack.json", "stack-process.json"):
        (folder.run / name).unlink(missing_ok=True)
    return found
