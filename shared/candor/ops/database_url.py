"""Addresses of PostgreSQL as libpq writes them: several hosts, TLS, and the parameters that providers add."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from candor.ops.loopback import is_loopback

EXAMPLE: Final = "postgresql://user:password@db.example.com:5432/?sslmode=verify-full"
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
VERIFYING: Final = ("verify-ca", "verify-full")
SUPPORTED: Final = frozenset(
    {
        "application_name",
        "gsslib",
        "host",
        "krbsrvname",
        "options",
        "passfile",
        "password",
        "port",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslnegotiation",
        "sslpassword",
        "sslrootcert",
        "target_session_attrs",
        "user",
    }
)
NOT_NEEDED: Final = frozenset(
    {
        "channel_binding",
        "client_encoding",
        "connect_timeout",
        "fallback_application_name",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""What libpq knows and our driver does not: Candor sets its own deadlines, and always speaks UTF-8."""

_FILED: Final = "candor_password_file"
"""A parameter of our own, by which an address says within a process where its password lies; never in DATABASE_URL."""


def checked(value: str) -> str:
    """Return the address as our driver takes it. Raises ValueError, in words, for one that could never work."""
    parts = urlsplit(value)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"must be a PostgreSQL server, such as {EXAMPLE}")
    _check_hosts(parts.netloc.rpartition("@")[2])
    given = parse_qsl(parts.query, keep_blank_values=True)
    for name, said in given:
        if name == "pgbouncer":
            raise ValueError(
                "pgbouncer is no parameter of PostgreSQL: leave it out, and see docs/operations for PgBouncer"
            )
        if name not in SUPPORTED | NOT_NEEDED:
            raise ValueError(f"there is no parameter {name[:40]}; there are {', '.join(sorted(SUPPORTED))}")
        if name == "sslmode" and said not in SSL_MODES:
            raise ValueError(f"sslmode must be one of {', '.join(SSL_MODES)}")
    query = urlencode([(name, _known(name, said)) for name, said in given if name in SUPPORTED], quote_via=quote)
    return _joined(parts.netloc, parts.path, query)


def named(url: str, database: str) -> str:
    """Return the address of another database on the same server."""
    parts = urlsplit(url)
    return _joined(parts.netloc, "/" + quote(database, safe=""), parts.query)


def with_password_file(url: str, file: Path | None) -> str:
    """Return the address with the file that holds its password, for `parted` to take out again."""
    parts = urlsplit(url)
    added = urlencode({_FILED: str(file)}, quote_via=quote) if file else ""
    return _joined(parts.netloc, parts.path, "&".join(filter(None, [parts.query, added])))


def parted(url: str) -> tuple[str, Path | None]:
    """Return the address as our driver takes it, and the file that holds its password, if any."""
    parts = urlsplit(url)
    file = _parameter(url, _FILED)
    kept = [part for part in parts.query.split("&") if part and not part.startswith(f"{_FILED}=")]
    return _joined(parts.netloc, parts.path, "&".join(kept)), Path(file) if file else None


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def database_of(url: str) -> str:
    """Return the name of the database, "" if there is none."""
    return unquote(urlsplit(url).path.lstrip("/"))


def password_of(url: str) -> str:
    """Return the password in the address, "" if there is none."""
    user = urlsplit(url).netloc.rpartition("@")[0]
    return unquote(user.partition(":")[2]) or _parameter(url, "password")


def hosts_of(url: str) -> list[str]:
    """Return the host names, without their ports; a folder of sockets counts as none."""
    listed = urlsplit(url).netloc.rpartition("@")[2] or _parameter(url, "host")
    hosts = [unquote(_host_and_port(part)[0]) for part in listed.split(",")]
    return [host for host in hosts if not host.startswith("/")]


def is_remote(url: str) -> bool:
    """Whether any host is another machine."""
    return any(host and not is_loopback(host) for host in hosts_of(url))


def verifies(url: str) -> bool:
    """Whether the server must prove who it is."""
    return _parameter(url, "sslmode") in VERIFYING


def _parameter(url: str, name: str) -> str:
    return dict(parse_qsl(urlsplit(url).query)).get(name, "")


def _known(name: str, said: str) -> str:
    # Only libpq knows this word: the authorities that the operating system trusts.
    return ssl.get_default_verify_paths().cafile or said if (name, said) == ("sslrootcert", "system") else said


def _joined(netloc: str, path: str, query: str) -> str:
    return f"postgresql://{netloc}{path}{'?' + query if query else ''}"


def _host_and_port(part: str) -> tuple[str, str]:
    if part.endswith("]") or ":" not in part:
        return part, ""
    host, _, port = part.rpartition(":")
    return host, port


def _check_hosts(netloc: str) -> None:
    for host, port in map(_host_and_port, netloc.split(",")):
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            raise ValueError("an IPv6 address stands in brackets, such as [2001:db8::1]:5432")
        if port and not (port.isdecimal() and 0 < int(port) <= 65_535):
            raise ValueError(f"a port must be a number from 1 to 65535, such as in {EXAMPLE}")
