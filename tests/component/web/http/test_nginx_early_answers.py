"""An answer that comes before the end of a body reaches the sender through our nginx, not as its own 502."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest

from candor.local.ports import choose_port
from candor.web.http.limits import BODY_BYTES
from tests.component.web.sample import bearer, sample_app, serving
from tests.support.certificates import Authority
from tests.support.nginx import configuration, nginx
from tests.support.servers import own_folder

pytestmark = pytest.mark.nginx
HOST = "promises.example.com"
TRIES = 20


async def test_early_answers_pass_nginx(tmp_path: Path) -> None:
    ports = choose_port(None, "HTTP"), choose_port(None, "HTTPS")
    app = sample_app(tmp_path, trusted_hosts=(HOST,))
    async with serving(app) as port:
        with own_folder("nginx") as folder:
            authority = Authority(folder.run)
            services = dict.fromkeys(("8101", "8102", "8103", "8105"), f"127.0.0.1:{port}")
            written = configuration(folder.run, authority.sign("edge", hosts=[HOST]), ports, services)
            known = ssl.create_default_context(cafile=str(authority.file))
            with nginx(folder.run, written):
                found = await asyncio.to_thread(_asked, f"https://127.0.0.1:{ports[1]}/v1/things", known)
    expected = {("too_large", 413), ("unauthenticated", 401), ("method_not_allowed", 405)}
    assert found == dict.fromkeys(expected, TRIES)


def _asked(url: str, known: ssl.SSLContext) -> dict[tuple[str, int], int]:
    """How often each answer came."""
    found: dict[tuple[str, int], int] = {}
    headers = {"Host": HOST, "Content-Type": "application/json"}
    # It may not listen yet.
    with httpx.Client(transport=httpx.HTTPTransport(verify=known, retries=8), timeout=20) as client:
        for method, size, key in (
            ("POST", BODY_BYTES + 1, bearer("operator")),
            ("POST", 200_000, {}),
            ("PUT", 200_000, bearer("operator")),
        ):
            for number in range(TRIES):
                body = b" " * (size if number % 2 else max(size, 4_500_000 if size > BODY_BYTES else 0))
                got = client.request(
                    method, url, content=body, headers=headers | key, extensions={"sni_hostname": HOST}
                )
                code = got.json()["code"] if "json" in got.headers["content-type"] else got.text
                found[code, got.status_code] = found.get((code, got.status_code), 0) + 1
    return found
