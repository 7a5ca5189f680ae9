"""How a process is reached: where it listens, the address that others know, and whom it believes in between."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from candor.ops.setting_types import Names

HOSTS = ("127.0.0.1", "localhost", "[::1]")
EXAMPLE: Final = "https://example.com/candor"
OWN: Final = frozenset(
    {"board", "docs", "livez", "metrics", "openapi.json", "problems", "readyz", "signin", "signout", "v1"}
)
"""First parts of our own paths: with one of them as a prefix nobody could tell whether a proxy has stripped it."""
PRIVATE: Final = (
    "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,fc00::/7,fe80::/10"
)
_host: Final = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*")
_prefix: Final = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


KEPT: Final = 1024
"""Addresses of which it is remembered what they are."""
LONGEST: Final = 64
"""No address is longer, with its scope."""


class Networks:
    """Addresses and networks; an IPv4 address is found in the form that an IPv6 socket gives it too."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(one) for one in networks]
        # The same few peers ask all the time.
        self._known = lru_cache(maxsize=KEPT)(self._look)

    def __contains__(self, host: str) -> bool:
        return len(host) <= LONGEST and self._known(host)

    def _look(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(plain_address(host))
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def plain_address(host: str) -> str:
    """Return an address as a log should have it: IPv4 not wrapped by an IPv6 socket, IPv6 without its scope."""
    return _plain(host) if len(host) <= LONGEST else host


@lru_cache(maxsize=KEPT)
def _plain(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(getattr(address, "ipv4_mapped", None) or address)


class OwnHost(NamedTuple):
    """A host, with a port where its address has one, that serves the paths with this start and nothing else.

    No other host serves them. Without a host there are no such pages.
    """

    host: str = ""
    prefix: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The host's name without its port, if there is one."""
        name = urlsplit(f"//{self.host}").hostname
        return (name,) if name else ()


class EdgeSettings(BaseSettings):
    """Part of every process's settings: its address and what stands in front of it."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)

    host: str = "127.0.0.1"
    """Address that the process listens on; loopback unless told otherwise, `::` for all. Example: 0.0.0.0"""
    public_url: str = ""
    """Address at which others reach this process, for links and signatures; its path is a reverse proxy's prefix.

    Example: https://example.com/candor
    """
    trusted_hosts: Annotated[Names, Field(min_length=1)] = HOSTS
    """Host names that requests may be addressed to, separated by commas; `*.` stands for any subdomain.

    Example: candor.example.com,*.candor.example.com
    """
    forwarded_allow_ips: Names = ("127.0.0.1", "::1")
    """Proxies whose X-Forwarded-For, -Proto and -Host are believed: addresses or networks, separated by commas.

    Example: 10.0.0.5,10.1.0.0/16
    """
    hsts_seconds: int = Field(default=31_536_000, ge=0, le=2_147_483_647)
    """Seconds for which browsers insist on https once they have seen it; 0 takes that back. Example: 86400"""
    hsts_subdomains: bool = True
    """Whether browsers insist on https for names below our host as well; `false` where one of them still needs http.

    Example: false
    """
    docs: Literal["", "open", "key", "off"] = ""
    """Whether /docs and /openapi.json are open, need a key or are off; empty: open, in production with a key.

    Example: key
    """
    metrics_allow_ips: Names = tuple(PRIVATE.split(","))
    """Who may read /metrics without a key, and reasons in /readyz, if not through a proxy: addresses or networks,
    separated by commas.

    Example: 10.2.0.0/16
    """

    @field_validator("host")
    @classmethod
    def _listening(cls, value: str) -> str:
        host = value.strip().removeprefix("[").removesuffix("]")
        if not _is_address(host) and not _host.fullmatch(host.lower()):
            raise ValueError(
                "must be an address or a name without a port, such as 127.0.0.1, ::1 or :: for all addresses"
            )
        return host

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        return public_address(value)

    @field_validator("trusted_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        hosts = tuple(_host_name(host.lower().rstrip(".")) for host in value)
        if wrong := [host for host in hosts if host != "*" and not _is_host(host)]:
            example = (
                "must be host names, such as candor.example.com, *.example.com or [::1], without https://, port or path"
            )
            raise ValueError(f"{example}: not {wrong[0][:60]!r}")
        return hosts

    @field_validator("forwarded_allow_ips", "metrics_allow_ips")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one)
            except ValueError:
                example = "must be addresses or networks, such as 10.0.0.5,10.1.0.0/16,fd00::/8"
                raise ValueError(f"{example}: not {one[:60]!r}") from None
        return value

    @property
    def prefix(self) -> str:
        """The path of `public_url` without its last slash, such as `/candor`; empty without one."""
        return urlsplit(self.public_url).path

    @property
    def own_host(self) -> OwnHost:
        """The host of pages for people without an account."""
        return OwnHost()

    @property
    def https(self) -> bool:
        """Whether browsers reach this process by https."""
        return self.public_url.startswith("https://")


def public_address(value: str) -> str:
    """An address that people reach us at, without a slash at its end; "" for none. Raises ValueError for another."""
    if not value:
        return ""
    address = value.strip().rstrip("/")
    if mistake := _mistake_in(address):
        raise ValueError(f"must be an address such as {EXAMPLE}: {mistake}")
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"


def _mistake_in(address: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "its host or port cannot be read"
    if parts.scheme not in ("http", "https") or not host:
        return "it begins with https:// and a host"
    if "@" in parts.netloc or parts.query or parts.fragment or address.endswith(("?", "#")):
        return "it has no user, ? or #"
    if not _prefix.fullmatch(parts.path):
        return "its path consists of letters, digits, - _ . and ~ between single slashes"
    first = parts.path.split("/")[1:2]
    if first and (first[0] in OWN or first[0].startswith("_nicegui")):
        return f"its path cannot begin with /{first[0]}, which is a path of Candor's own"
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host_name(host: str) -> str:
    """IPv6 in the one form that browsers send."""
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else ""
    return f"[{ipaddress.ip_address(inner)}]" if _is_address(inner) else host


def _is_host(host: str) -> bool:
    return _is_address(host[1:-1]) if host.startswith("[") else _host.fullmatch(host) is not None
