"""Health probes for the parts of a stack."""

from __future__ import annotations

import socket
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

SECONDS = 2.0


def answers_ready(url: str) -> bool:
    """Whether `url`/readyz returns 200 now."""
    parts = urlsplit(url)
    # Not httpx: it reads all certificate authorities for every probe, and a start probes often.
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def accepts(address: str) -> bool:
    """Whether something listens on `host:port`, or on one of several separated by commas."""
    return any(_listens(one) for one in address.split(","))


def _listens(address: str) -> bool:
    parts = urlsplit(f"//{address}")
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS):
            return True
    except OSError:
        return False
