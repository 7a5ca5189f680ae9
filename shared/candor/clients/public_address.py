"""Which addresses may be connected to when a customer names the host: public ones, and no machine of ours."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

PORTS: Final = (443, 8443)
_TRANSLATED: Final = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""IPv6 networks that hold an IPv4 address, which a gateway may turn into one of ours (RFC 6052, 8215, 3056, 4380)."""


class NotPublicError(ValueError):
    """An address that nothing is sent to; the text says which rule, not the address."""


def is_public(address: str) -> bool:
    """Whether an IP address is reached over the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif any(found in net for net in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def https_parts(url: str) -> SplitResult:
    """The parts of an address with https, a host that is a name with a dot, and no user; raises NotPublicError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotPublicError("is no address") from None
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise NotPublicError("must begin with https://")
    if "@" in parts.netloc or parts.fragment or not url.isascii() or any(sign <= " " for sign in url):
        raise NotPublicError("must be without user, fragment, blanks and signs that are not ASCII")
    # Numbers in other spellings (2130706433, 0x7f.1) are addresses too; a public name ends in letters.
    last = host.rpartition(".")[2]
    if "." not in host or not (last.isalpha() or last.startswith("xn--")):
        raise NotPublicError("must name a public host")
    if port not in (None, *PORTS):
        raise NotPublicError("must use port 443 or 8443")
    return parts


class Guard:
    """Allows addresses that are public now; `private` allows this machine too, with http and any port."""

    def __init__(self, *, private: bool = False) -> None:
        self._private = private

    def check(self, url: str) -> None:
        """Raises NotPublicError for an address that is wrong whatever its name resolves to."""
        if not (self._private and urlsplit(url).hostname in ("127.0.0.1", "localhost")):
            https_parts(url)

    async def pinned(self, url: str) -> tuple[str, str]:
        """The address with an IP address for its host, and the name. Raises NotPublicError; unresolved, OSError."""
        self.check(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        loop = asyncio.get_running_loop()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not self._private and not all(map(is_public, addresses)):
            raise NotPublicError("names a host of a private network")
        first = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        return parts._replace(netloc=f"{first}:{port}").geturl(), host
