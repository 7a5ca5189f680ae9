"""Choosing ports on loopback."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

import psutil

from candor.local.errors import LocalError
from candor.local.folder import Progress, quiet

HOST = "127.0.0.1"
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port in TIME_WAIT counts as free: every server here sets the same option.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Which program listens on `port`, as far as we may know."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    except (psutil.Error, OSError):
        pass
    return "another program"


def choose_port(wanted: int | None, what: str, progress: Progress = quiet, taken: Collection[int] = ()) -> int:
    """`wanted` or the next free port after it; with None, any free one below the range of outgoing connections."""
    first = wanted or random.randrange(20_000, 30_000)  # noqa: S311 - no secret, only spread
    for port in range(first, min(first + _TRIES, 65_536)):
        if port not in taken and is_free(port):
            if wanted is not None and port != wanted:
                progress(f"port {wanted} is in use by {holder(wanted)}: {what} listens on {port} instead")
            return port
    raise LocalError(f"no free port for {what} between {first} and {first + _TRIES}: stop the programs that use them")
