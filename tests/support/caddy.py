"""A real Caddy with the example itself: only ports, certificates and services' addresses are this test's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificates import Signed
from tests.support.front import served

EXAMPLE = Path(__file__).parents[2] / "deploy" / "proxy" / "Caddyfile"


def configuration(folder: Path, tls: Signed, ports: tuple[int, int], services: Mapping[str, str]) -> str:
    """The example with what a test must change: `ports` for 80 and 443, addresses by the usual port of a service."""
    text = EXAMPLE.read_text()
    own = (
        f"admin off\n\tdefault_bind 127.0.0.1\n\thttp_port {ports[0]}\n\thttps_port {ports[1]}\n"
        f"\tlog {{\n\t\toutput file {folder}/caddy.log\n\t}}\n"
    )
    changes = {
        "\tauto_https disable_redirects\n": f"\tauto_https disable_redirects\n\t{own}",
        # Without HTTP/3: only TCP ports are chosen to be free.
        "\tservers {\n": "\tservers {\n\t\tprotocols h1 h2\n",
        # The redirects of the example are to the usual port, which is not this test's.
        "https://{host}{uri}": f"https://{{host}}:{ports[1]}{{uri}}",
        **{f"reverse_proxy 127.0.0.1:{usual} {{": f"reverse_proxy {address} {{" for usual, address in services.items()},
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return re.sub(r"^(\w+\.example\.com|https://) {$", rf"\g<0>\n\ttls {tls.certificate} {tls.key}", text, flags=re.M)


@contextmanager
def caddy(folder: Path, text: str) -> Iterator[None]:
    """Runs Caddy on a configuration until the end of the block."""
    program = shutil.which("caddy")
    assert program is not None
    file = folder / "Caddyfile"
    file.write_text(text)
    env = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    chosen = ["--config", str(file), "--adapter", "caddyfile"]
    with served([program, "validate", *chosen], [program, "run", *chosen], env):
        yield
