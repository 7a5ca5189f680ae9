"""A stack whose broker, database and mailbox are the repository's own, and whose processes run from the image."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from candor.local.process import ManagedProcess
from candor.local.stack import Service, Stack
from tools.image import box
from tools.image.build import Built
from tools.image.pods import Pod

CLOCK: Final = "/run/candor/clock"
GRACE_S: Final = 30.0
LOOK_S: Final = 0.02
_peak: Final = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class Lived:
    """How one process lived: peaks in bytes, exit status, whether the kernel killed it, how often it began again."""

    name: str
    limit: int
    resident: int
    held: int
    status: int | None
    killed: int
    restarts: int

    @property
    def well(self) -> bool:
        """Whether it ran to the end of the day and then stopped when it was asked to."""
        return self.status == 0 and not self.killed and not self.restarts


class BoxedStack(Stack):
    """As Stack, with each service in a box. `image` and `pods` are set before the demo makes one."""

    image: Built
    pods: Mapping[str, Pod]
    lived: list[Lived]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._limits = {name: box.MemoryLimit.of(name, self.pods[name].memory) for name in self.processes}

    def command(self, service: Service) -> list[str]:
        """The command of the Pod, in its box, with the demo's settings and the Pod's names of secret files."""
        pod, given = self.pods[service.name], self.environment(service)
        env = {name: value for name, value in given.items() if not name.endswith("_FILE")}
        shown = self._secrets(pod, given)
        env |= {name: path for name, path in pod.files.items() if str(Path(path).parent) in shown}
        if origin := given.get("CLOCK_ORIGIN_FILE"):
            shown[CLOCK] = Path(origin).parent
            shown[CLOCK].chmod(0o755)
            env["CLOCK_ORIGIN_FILE"] = f"{CLOCK}/{Path(origin).name}"
        return box.command(self.image, pod, self._limits[service.name], env, shown, list(pod.command))

    def stop(self) -> None:
        """Stops ours in the order of the data flow, notes how each lived, then stops the rest as ever."""
        if any(one.running for one in self.processes.values()):
            type(self).lived = [self._ended(name, one) for name, one in self.processes.items()]
        super().stop()
        for limit in self._limits.values():
            if limit.folder.exists():
                limit.remove()

    def _ended(self, name: str, process: ManagedProcess) -> Lived:
        """Stops one process; bubblewrap around it passes no signal on, but does pass the status."""
        inside = psutil.Process(process.pid).children() if process.running else []
        resident = sum(_resident(one.pid) for one in inside)
        for one in inside:
            one.terminate()
        _, late = psutil.wait_procs(inside, GRACE_S)
        for one in late:
            one.kill()
        until = time.monotonic() + GRACE_S
        while process.running and time.monotonic() < until:
            time.sleep(LOOK_S)
        return self._how(name, resident, process.stop())

    def _how(self, name: str, resident: int, status: int | None) -> Lived:
        limit = self._limits[name]
        return Lived(
            name, self.pods[name].memory, resident, limit.peak(), status, limit.killed(), self.restarts.get(name, 0)
        )

    def _secrets(self, pod: Pod, given: Mapping[str, str]) -> dict[str, Path]:
        """Copies of the files that the Pod mounts, readable by its group alone, as fsGroup has it."""
        shown = {}
        for setting, path in pod.files.items():
            source = given.get(setting)
            if source is None or str(Path(path).parent) not in pod.mounted:
                continue
            folder = self.folder.root / "mounted" / pod.name / Path(path).parent.name
            folder.mkdir(parents=True, exist_ok=True)
            copy = folder / Path(path).name
            shutil.copyfile(source, copy)
            os.chown(copy, 0, pod.gid)
            copy.chmod(0o440)
            shown[str(Path(path).parent)] = folder
        return shown


def _resident(pid: int) -> int:
    """The most memory that a process itself ever had, without page cache."""
    found = _peak.search(Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0
