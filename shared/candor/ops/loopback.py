"""Which hosts are this machine."""

from __future__ import annotations

from typing import Final

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def is_loopback(host: str) -> bool:
    """Whether a host, IPv6 in brackets or not, is this machine."""
    return host.removeprefix("[").removesuffix("]") in LOOPBACK
