"""A real nginx with the example configuration itself: only ports, paths and services' addresses are this test's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificates import Signed
from tests.support.front import served

EXAMPLE = Path(__file__).parents[2] / "deploy" / "proxy" / "nginx.conf"
KEPT = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(folder: Path, tls: Signed, ports: tuple[int, int], services: Mapping[str, str]) -> str:
    """The example with what a test must change: `ports` for 80 and 443, addresses by the usual port of a service."""
    text = EXAMPLE.read_text()
    changes = {
        "/etc/nginx/tls/fullchain.pem": str(tls.certificate),
        "/etc/nginx/tls/privkey.pem": str(tls.key),
        "/var/log/nginx": str(folder),
        "/run/nginx.pid": str(folder / "nginx.pid"),
        **{f"server 127.0.0.1:{usual};": f"server {address};" for usual, address in services.items()},
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    text = re.sub(r"listen \[::\]:\d+.*;", "", text)
    text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{ports[0]}", text)
    text = re.sub(r"listen 443\b", f"listen 127.0.0.1:{ports[1]}", text)
    kept = "".join(f"{name}_temp_path {folder / name};" for name in KEPT)
    # The redirects of the example are to the usual port, which is not this test's.
    text = text.replace("return 308 https://$host", f"return 308 https://$host:{ports[1]}")
    return text.replace("http {", f"http {{ {kept}", 1)


@contextmanager
def nginx(folder: Path, text: str) -> Iterator[None]:
    """Runs nginx on a configuration until the end of the block."""
    program = shutil.which("nginx")
    assert program is not None
    file = folder / "nginx.conf"
    file.write_text(text)
    # As root its workers would be somebody else, who may not read a test's folder.
    only = "daemon off; user root;" if os.getuid() == 0 else "daemon off;"
    command = [program, "-e", str(folder / "error.log"), "-c", str(file), "-g", only]
    with served([*command, "-t"], command):
        yield
