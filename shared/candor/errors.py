"""Errors of the local servers, as one line for the person who started them."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MEBIBYTE = 1024 * 1024
MOST_TOLD: Final = 10
"""Mistakes of a file that are told at once."""


class OperatorError(Exception):
    """One clear line: what is wrong and what to do about it. `status` is the exit status of a command."""

    status = 1


class InputError(OperatorError):
    """What somebody gave cannot be used: an argument, or a line of a file."""

    status = 2


def plainly(error: BaseException) -> str:
    """An error in one line of words: Python's own text for a missing key is the key alone."""
    if isinstance(error, KeyError):
        return f"{str(error.args[0] if error.args else 'a key')!r} is missing"
    return " ".join(str(error).split()) or type(error).__name__


def at_once(found: Sequence[str]) -> str:
    """Several mistakes in one line, at most MOST_TOLD of them and how many more there are; "" for none."""
    more = len(found) - MOST_TOLD
    return "; ".join([*found[:MOST_TOLD], *([f"and {more} more"] if more > 0 else [])])


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
