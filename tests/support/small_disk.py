"""A disk of our own for tests that fill it: a tmpfs whose size changes in use, so that no memory is filled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted tmpfs at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def has(self, mebibytes: int) -> None:
        """It holds so much from now on."""
        self._remount(mebibytes * 1024)

    def is_full_but_for(self, kibibytes: int) -> None:
        """No more than this can be added to what lies on it now."""
        usage = shutil.disk_usage(self.path)
        self._remount(usage.used // 1024 + kibibytes)

    def _remount(self, kibibytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={kibibytes}k", str(self.path)], check=True)


@contextmanager
def small_disk(path: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Mounts one; skips the test where this is not Linux, not root, or where even root may not mount."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    path.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "candor-test", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        refused = any(word in done.stderr for word in ("ermission denied", "not permitted"))
        # Anything else is no matter of rights: a run in which these tests silently vanish would prove nothing.
        (pytest.skip if refused else pytest.fail)(f"mount: {done.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
