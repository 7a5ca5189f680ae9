"""Runs a command in the image's root under a Pod's restrictions: bubblewrap for what it sees, a cgroup for memory.

The user is changed by setpriv inside, not by a user namespace: there root's files would look like the process's own.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.image.build import Built
from tools.image.pods import Pod

SHARED: Final = "/dev/shm"  # noqa: S108 - of the box
SHARED_SIZE: Final = 64 * 2**20
CGROUPS: Final = Path("/sys/fs/cgroup")


class BoxError(Exception):
    """This machine cannot hold a process to its Pod's limits; it says what is missing."""


@dataclass(frozen=True)
class MemoryLimit:
    """A control group of one process, version 1 or 2."""

    folder: Path
    unified: bool

    @classmethod
    def of(cls, name: str, limit: int) -> MemoryLimit:
        """A new group with that limit in bytes. Raises BoxError where none can be made."""
        unified = (CGROUPS / "cgroup.controllers").exists()
        # A run has groups of its own: a peak that an earlier one left would be taken for this one's.
        parent = (CGROUPS if unified else CGROUPS / "memory") / f"candor-image-{os.getpid()}"
        group = cls(parent / name, unified)
        try:
            if unified:
                parent.mkdir(exist_ok=True)
                (parent / "cgroup.subtree_control").write_text("+memory")
            group.folder.mkdir(parents=True, exist_ok=True)
            (group.folder / ("memory.max" if unified else "memory.limit_in_bytes")).write_text(str(limit))
        except OSError as error:
            raise BoxError(f"no control group for memory can be made under {parent}: {error.strerror}") from error
        return group

    def peak(self) -> int:
        """The most memory ever charged to it, page cache included: what the limit is for."""
        return int((self.folder / ("memory.peak" if self.unified else "memory.max_usage_in_bytes")).read_text())

    def killed(self) -> int:
        """How often the kernel killed something in it for lack of memory."""
        text = (self.folder / ("memory.events" if self.unified else "memory.oom_control")).read_text()
        return int(dict(line.split() for line in text.splitlines()).get("oom_kill", 0))

    def remove(self) -> None:
        """Removes the group, once nothing runs in it, and the run's own if it was the last."""
        self.folder.rmdir()
        if not any(path.is_dir() for path in self.folder.parent.iterdir()):
            self.folder.parent.rmdir()


def command(
    image: Built, pod: Pod, limit: MemoryLimit, env: Mapping[str, str], shown: Mapping[str, Path], words: list[str]
) -> list[str]:
    """The command that runs `words` as the Pod would; `shown` are folders of this machine, to be read there."""
    box = ["bwrap", "--ro-bind", str(image.root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]
    # A Pod has this one without declaring it: semaphores, which the board's library makes, are files there.
    for path, size in {SHARED: SHARED_SIZE, **pod.writable}.items():
        box += ["--perms", "1777", "--size", str(size), "--tmpfs", path]
    for path, folder in shown.items():
        # Bubblewrap would make the folders above for root alone.
        box += ["--perms", "0755", "--dir", str(Path(path).parent), "--ro-bind", str(folder), path]
    box += ["--remount-ro", "/run", "--remount-ro", "/dev", "--unshare-ipc", "--unshare-uts"]
    box += ["--clearenv"]
    for name, value in {**image.env, **env}.items():
        box += ["--setenv", name, value]
    user = [f"--reuid={pod.uid}", f"--regid={pod.gid}", "--clear-groups", "--no-new-privs"]
    drop = ["--bounding-set=-all", "--inh-caps=-all"]
    box += ["--chdir", image.workdir, "--", "setpriv", *user, *drop, *words]
    # What enters the group is bubblewrap, which waits outside the box for its one child: setpriv, which becomes ours.
    enter = f"echo $$ > {limit.folder / 'cgroup.procs'} && exec {shlex.join(box)}"
    return ["/bin/sh", "-c", enter]
