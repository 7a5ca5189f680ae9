"""What can go wrong with the local servers, said in one line to the person who started them."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

MEBIBYTE = 1024 * 1024


class LocalError(Exception):
    """One clear line: what is wrong and what to do about it."""


def explain_os_error(error: OSError, path: Path) -> LocalError:
    """The line for a failed file operation under `path`; a full disk is named as such."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LocalError(f"the disk that holds {path} is full: free some space and run this again")
    return LocalError(f"cannot write under {path}: {error.strerror or error}")


def require_disk(path: Path, mebibytes: int) -> None:
    """Refuses with LocalError when the disk that holds `path` has less than `mebibytes` MiB free."""
    free = shutil.disk_usage(path).free // MEBIBYTE
    if free < mebibytes:
        raise LocalError(f"the disk that holds {path} has {free} MiB left, {mebibytes} MiB are needed: free some space")
