"""Asking parts whether they are well."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx

SECONDS = 2.0


def answers_ready(url: str) -> bool:
    """Whether `url`/readyz answers 200 now."""
    try:
        # No proxy of the environment stands between us and loopback.
        return httpx.get(f"{url}/readyz", timeout=SECONDS, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def accepts(address: str) -> bool:
    """Whether something listens on `host:port`, or on one of several with commas between."""
    return any(_listens(one) for one in address.split(","))


def _listens(address: str) -> bool:
    parts = urlsplit(f"//{address}")
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS):
            return True
    except OSError:
        return False
