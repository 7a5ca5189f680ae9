"""The hosts at which webhooks of one provider may be: an address in a contact leads nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from candor.clients.public_address import NotPublicError, https_parts
from candor.ops.loopback import is_loopback


class Hosts:
    """Names of hosts; one that begins with `*.` stands for all below it, and this machine needs no TLS.

    Raises ValueError for a name that is none.
    """

    def __init__(self, names: Sequence[str]) -> None:
        for name in names:
            if not name or any(sign in name for sign in "/@? ") or "*" in name.removeprefix("*."):
                raise ValueError("names of hosts, such as hooks.example.com or *.example.com")
        self._names = tuple(name.lower() for name in names)

    def accepted(self, address: str) -> str | None:
        """The address, if it is a webhook at one of the hosts; None if it is anything else."""
        address = address.strip()
        try:
            parts = urlsplit(address)
            host, place = parts.hostname or "", parts.netloc.lower()
            if is_loopback(host):
                # Only by name and port, as a setting has it: nobody else's address leads to this machine.
                return address if place in self._names and parts.scheme == "http" else None
            https_parts(address)
        except (NotPublicError, ValueError):
            return None
        known = any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in self._names)
        return address if known and len(parts.path) > 1 else None
