"""Processes written down by pid and start time, so that another command finds them and takes no other for one."""

from __future__ import annotations

import json
from pathlib import Path

import psutil

from candor.installation.folder import write_whole


def note_process(record: Path, pid: int) -> None:
    """Writes down a process so that `recorded_process` finds it, and takes no other with the same pid for it.

    In one piece: half a record names no process, and `candor down` would leave it running.
    """
    write_whole(record, json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}))


def recorded_process(record: Path) -> psutil.Process | None:
    """The live process that `record` describes, or None. A reused pid is told by its start time."""
    try:
        entry = json.loads(record.read_text())
        process = psutil.Process(int(entry["pid"]))
        if process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - float(entry["started"])) > 0.1:
            return None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return process
