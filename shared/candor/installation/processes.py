"""Records processes by pid and start time, so that another command finds them and does not confuse them."""

from __future__ import annotations

import json
from pathlib import Path

import psutil

from candor.installation.folder import write_whole


def note_process(record: Path, pid: int) -> None:
    """Records a process so that `recorded_process` finds it, and no later process with the same pid.

    Written atomically: half a record identifies no process, and `candor down` would leave it running.
    """
    write_whole(record, json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}))


def recorded_process(record: Path) -> psutil.Process | None:
    """The live process that `record` describes, or None. A reused pid is recognised by its start time."""
    try:
        entry = json.loads(record.read_text())
        process = psutil.Process(int(entry["pid"]))
        if process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - float(entry["started"])) > 0.1:
            return None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return process
