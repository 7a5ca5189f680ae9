"""Errors of the local servers, as one line for the person who started them."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

MEBIBYTE = 1024 * 1024


class OperatorError(Exception):
    """One clear line: what is wrong and what to do about it."""


def explain_os_error(error: OSError, path: Path) -> OperatorError:
    """The error for a failed file operation under `path`; names a full disk as such."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full_disk(path)
    return OperatorError(f"cannot write under {path}: {error.strerror or error}")


def full_disk(path: Path) -> OperatorError:
    """The error for a full disk."""
    return OperatorError(f"the disk that holds {path} is full ({free_mebibytes(path)} MiB left): free some space")


def free_mebibytes(path: Path) -> int:
    """MiB available to us on the disk that holds `path`, or will hold it once it is created."""
    existing = next((place for place in (path, *path.parents) if place.exists()), path)
    return shutil.disk_usage(existing).free // MEBIBYTE


def require_disk(path: Path, mebibytes: int) -> None:
    """Raises OperatorError if the disk that holds `path` has less than `mebibytes` MiB free."""
    free = free_mebibytes(path)
    if free < mebibytes:
        needed = f"{mebibytes} MiB are needed: free some space"
        raise OperatorError(f"the disk that holds {path} has {free} MiB left, {needed}")
