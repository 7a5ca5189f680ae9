"""How many connections a process has, in all and by address: who may open another one."""

from __future__ import annotations

import resource
from collections import Counter
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Protocol

from candor.ops.edge_settings import KEPT, LONGEST, Networks
from candor.web import metrics
from candor.web.http.problems import Problem

RESERVED: Final = 256
"""Open files that a process needs besides connections from outside: its database, Kafka, logs and secrets."""
OVER: Final = 64
"""Connections beyond the limit that are still told so; the next ones are cut without a word."""


class Connection(Protocol):
    """What may be closed to make room."""

    @property
    def idle(self) -> bool: ...

    def cut(self) -> None: ...


class Connections:
    """The open connections of a process.

    At the limit the longest open one on which nothing is being answered makes room, so that a probe comes through
    whoever holds the others. Proxies that are believed stand for many clients and have no limit of their own.
    """

    def __init__(self, most: int, most_an_address: int, believed: Networks) -> None:
        self.most = most
        self.most_an_address = most_an_address
        self._believed = believed
        self._open: dict[Connection, str] = {}
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, connection: Connection, host: str) -> Problem | None:
        """Count a new connection; return why it is not to be served, if so."""
        address = network_of(host)
        self._open[connection] = address
        self._by_address[address] += 1
        metrics.CONNECTIONS.set(len(self._open))
        if self._by_address[address] > self.most_an_address and host not in self._believed:
            return self._refusal("address", f"at most {self.most_an_address} connections from one address")
        if len(self._open) > self.most and not self._make_room(connection):
            return self._refusal("all", f"at most {self.most} connections")
        return None

    def leave(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        address = self._open.pop(connection, None)
        if address is None:
            return
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        metrics.CONNECTIONS.set(len(self._open))

    @property
    def overrun(self) -> bool:
        """Whether so many are open that another one is not even told."""
        return len(self._open) > self.most + OVER

    def _make_room(self, new: Connection) -> bool:
        found = next((one for one in self._open if one is not new and one.idle), None)
        if found is None:
            return False
        metrics.CONNECTIONS_CUT.labels("idle").inc()
        self.leave(found)
        found.cut()
        return True

    @staticmethod
    def _refusal(limit: str, words: str) -> Problem:
        metrics.CONNECTIONS_REFUSED.labels(limit).inc()
        return Problem("too_many_connections", words, headers={"Retry-After": "5"})


def network_of(host: str) -> str:
    """Return a client's address; for IPv6 its network of 64 bits, of which one machine has all addresses."""
    return _network_of(host) if len(host) <= LONGEST else host


@lru_cache(maxsize=KEPT)
def _network_of(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False).network_address)


def room_for(wanted: int) -> int:
    """Return how many connections the system's limit of open files leaves room for, raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OVER + RESERVED
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    most = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - OVER - RESERVED)
    return max(1, most)
