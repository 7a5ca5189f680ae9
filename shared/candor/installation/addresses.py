"""The part of a server's URL that may be shown: its address, but no user or password."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

HOST: Final = "127.0.0.1"


def database_address(url: str) -> str:
    """`host:port` of a PostgreSQL URL; several (`postgresql://u:p@a,b/`, `…/?host=a&host=b`) separated by commas."""
    rest = url.partition("://")[2]
    netloc = rest.partition("/")[0].partition("?")[0] if "@" not in rest else rest.rpartition("@")[2]
    hosts = netloc.partition("/")[0].partition("?")[0]
    named = [host for host in hosts.split(",") if host]
    if not named:
        query = parse_qs(url.partition("?")[2])
        named = [host for value in query.get("host", []) for host in value.split(",") if host]
    return ",".join(_with_port(host) for host in named or [HOST])


def _with_port(host: str) -> str:
    last = host.rpartition("]")[2]
    return host if ":" in last else f"{host}:5432"
