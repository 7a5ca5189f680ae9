"""One server process: started, watched, stopped, and cleaned up after a crash so that none is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil

from candor.errors import OperatorError, explain_os_error, full_disk
from candor.installation.folder import PRIVATE, Progress, private_file, quiet
from candor.installation.processes import note_process, recorded_process

_LARGEST_LOG = 16 * 1024 * 1024
_POLL = 0.02
# Lines of a Java trace that name no reason; the last line that is none of them does.
_FRAME = re.compile(r"at [\w.$/@<>]+\(|\.\.\. \d+ more$")
# A Java or libpq setting meant for another program could change ours, or put a password into our logs.
_FOREIGN = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "LD_PRELOAD")


class ManagedProcess:
    """A child in its own session: Ctrl-C in the terminal reaches only us, and we stop the child in order.

    `record` stores pid and start time, by which a later run recognises and stops an orphan of this one.
    """

    def __init__(self, name: str, record: Path, log: Path) -> None:
        self.name = name
        self.record = record
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise OperatorError(f"{self.name} is not started")
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self, command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
        """Starts `command` with its output appended to the log; raises OperatorError if that fails."""
        clean = {k: v for k, v in os.environ.items() if k not in _FOREIGN and not k.startswith("PG")}
        try:
            if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
                self.log.replace(self.log.with_suffix(".log.1"))
            with private_file(self.log, "ab") as output:
                self._child = subprocess.Popen(
                    list(command),
                    env={**clean, **(env or {})},
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    umask=PRIVATE,
                )
            note_process(self.record, self._child.pid)
        except OSError as error:
            # A full disk: a process that nobody could find again must not run.
            self.kill()
            raise explain_os_error(error, self.log.parent) from error

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Returns once `ready()`; raises OperatorError if the process ends first or `seconds` pass."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise OperatorError(f"{self.name} stopped while starting: {self._last_words()}")
            if time.monotonic() > deadline:
                raise OperatorError(f"{self.name} is not ready after {seconds:.0f} s: see {self.log}")
            time.sleep(_POLL)

    def stop(self, sign: signal.Signals = signal.SIGTERM, grace: float = 15.0) -> int | None:
        """Sends `sign`, waits `grace` seconds, then kills. Returns the exit status (None: was not started)."""
        if self._child is None:
            return None
        if self.running:
            self._child.send_signal(sign)
            try:
                self._child.wait(grace)
            except subprocess.TimeoutExpired:
                self.kill()
        self.record.unlink(missing_ok=True)
        return self._child.returncode

    def kill(self) -> None:
        """Sends SIGKILL and waits until the process is gone; its record stays, as after a real crash."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def mend(self, progress: Progress = quiet) -> bool:
        """Stops the process that an earlier, killed run left behind; returns whether there was one."""
        return mend_all([self], progress)

    def obituary(self, lines: int = 5) -> str:
        """How it ended, its last `lines` lines of log, and where the whole log is."""
        status = self._child.poll() if self._child else None
        how = f"killed by signal {-status}" if status is not None and status < 0 else f"exit status {status}"
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        last = [f"  | {line[:300]}" for line in text.splitlines() if line.strip()][-lines:]
        return "\n".join([f"  {how}; all of it in {self.log}", *last])

    def _last_words(self) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        if "No space left on device" in text[-20_000:]:
            return str(full_disk(self.log.parent))
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        said = [line for line in lines if not _FRAME.match(line)]
        return f"{said[-1][:300] if said else 'it said nothing'} (see {self.log})"


def mend_all(processes: Iterable[ManagedProcess], progress: Progress = quiet) -> bool:
    """Reports, then stops in this order, what an earlier, killed run left behind; returns whether there was any."""
    every = list(processes)
    left = {one.name: orphan for one in every if (orphan := recorded_process(one.record)) is not None}
    if left:
        named = ", ".join(f"{name} (process {orphan.pid})" for name, orphan in left.items())
        progress(f"an earlier run was killed and left {named} behind: stopping {'it' if len(left) == 1 else 'them'}")
        for orphan in left.values():
            stop_tree(orphan)
    for one in every:
        one.record.unlink(missing_ok=True)
    return bool(left)


def stop_tree(process: psutil.Process, grace: float = 10.0) -> None:
    """Sends SIGTERM to the process and, after `grace` seconds, SIGKILL to it and to its children."""
    try:
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    for member in _outlasting(family, grace):
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    _outlasting(family, grace)


def _outlasting(family: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """The processes still running after `seconds`; returns as soon as none is.

    A zombie counts as ended: in a container without an init it is never reaped, so its pid would never go away.
    """
    deadline = time.monotonic() + seconds
    while (left := [one for one in family if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
