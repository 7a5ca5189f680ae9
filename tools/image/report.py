"""Says how the processes lived in their boxes: memory against limits, how they ended, what they were refused."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.image.boxed import Lived

MIB: Final = 2**20
# What a process prints, or what a library prints for it, when it wants to write where its Pod does not let it.
REFUSED: Final = ("Read-only file system", "Errno 30", "Errno 13", "Permission denied", "No space left")


def changed(root: Path, since: float) -> list[str]:
    """Files and folders of a root that changed after that time."""
    every = (Path(folder) / name for folder, folders, files in os.walk(root) for name in (*folders, *files))
    return [str(path) for path in every if path.lstat().st_ctime > since]


def lines(log: Path) -> list[str]:
    """What a process printed."""
    return log.read_text(errors="replace").splitlines() if log.exists() else []


def refused(log: Path) -> list[str]:
    """The lines that tell of a write which its Pod does not allow."""
    return [line for line in lines(log) if any(words in line for words in REFUSED)]


def printed(log: Path) -> str:
    """How much a process printed, and every warning or error with how often it came."""
    counts: Counter[str] = Counter()
    for line in lines(log):
        try:
            entry = json.loads(line)
            level, event = str(entry.get("level", "")).lower(), str(entry.get("event", ""))
        except (ValueError, AttributeError):
            level, event = "not JSON", line
        if level not in {"info", "debug"}:
            counts[f"{level}: {event[:110]}"] += 1
    shown = (f"    {number} × {what}" for what, number in counts.most_common(8))
    return "\n".join([f"  {len(lines(log))} lines", *shown])


def end(one: Lived) -> str:
    """How a process ended, in words."""
    if one.well:
        return "stopped when asked"
    return f"status {one.status}, {one.restarts} restarts, {one.killed} out of memory"


def report(lived: Sequence[Lived], names: Sequence[str], logs: Path) -> bool:
    """Prints how each process lived; returns whether all of `names` lived well and were refused nothing."""
    print(f"{'process':14} {'limit':>9} {'resident':>9} {'charged':>11}  end")
    well = sorted(one.name for one in lived) == sorted(names)
    for one in lived:
        figures = f"{one.limit // MIB:5} MiB {one.resident // MIB:5} MiB {one.held // MIB:7} MiB"
        print(f"{one.name:14} {figures}  {end(one)}")
        log = logs / f"{one.name}.log"
        print(printed(log))
        for line in refused(log)[:3]:
            print(f"    wanted to write where its Pod does not let it: {line[:300]}")
        well = well and one.well and not refused(log)
    return well
