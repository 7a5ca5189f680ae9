"""Chooses ports on loopback."""

from __future__ import annotations

import atexit
import random
import socket
from collections.abc import Collection

import psutil

from candor.errors import OperatorError
from candor.installation.addresses import HOST
from candor.installation.folder import Progress, quiet

_TRIES = 200
_HELD_AT_ONCE = 64
_claims: dict[int, socket.socket] = {}


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port in TIME_WAIT counts as free because every server here sets the same option.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """The program that listens on `port`, as far as we are allowed to know."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    except (psutil.Error, OSError):
        pass
    return "another program"


def _claim(port: int) -> bool:
    """Whether nobody has chosen `port`, in no process; if so, reserves it by binding the UDP port of that number.

    Seconds pass between the choice and the server that listens: two servers that start could choose the same port.
    """
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind((HOST, port))
    except OSError:
        claim.close()
        return False
    if len(_claims) >= _HELD_AT_ONCE:
        # By now a server listens on the oldest one.
        _claims.pop(next(iter(_claims))).close()
    _claims[port] = claim
    return True


@atexit.register
def _let_go() -> None:
    while _claims:
        _claims.popitem()[1].close()


def choose_port(wanted: int | None, what: str, progress: Progress = quiet, taken: Collection[int] = ()) -> int:
    """`wanted` or the next free port after it; with None, any free one below the range of outgoing connections.

    The port is given to nobody else, here or in another process, until this one ends or has chosen many others.
    """
    first = wanted or random.randrange(20_000, 30_000)  # noqa: S311 - no secret, only spread
    for port in range(first, min(first + _TRIES, 65_536)):
        # A server that starts again asks for the port it has; no other choice of this process may return that one.
        again = port == wanted and port in _claims
        if port not in taken and is_free(port) and (again or _claim(port)):
            if wanted is not None and port != wanted:
                progress(f"port {wanted} is in use by {holder(wanted)}: {what} listens on {port} instead")
            return port
    raise OperatorError(f"no free port for {what} between {first} and {first + _TRIES}: stop programs that use them")
