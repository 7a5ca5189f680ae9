"""The company's identity provider: Canaille, in a process of its own that restarts, changes its keys and hangs."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from joserfc.jwk import RSAKey

from candor.web.security.oidc import SIGNED_OUT
from tests.support.company_process import PASSWORD
from tests.support.signing_in import HOME, SITE, Browser, Site

# As providers give them: not every one reads letters that RFC 6749 has encoded.
CLIENT_ID, CLIENT_SECRET = "candor", "5c3c09d06a5b4b3fa1f2c8f7b0d1"
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@cache
def signing_key(name: str) -> dict[str, Any]:
    """A key by name, the same for the whole run, as making one takes a while."""
    return dict(RSAKey.generate_key(2048, {"kid": name}).as_dict(private=True))


def free_port() -> int:
    """A port that nobody listens on: the provider's address must be known before it starts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


class Company:
    """One provider at one address; `setup` counts from the next start."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = folder / "company.log"
        self._folder = folder
        self._starts = 0
        self.setup: dict[str, Any] = {
            "secret_key": secrets.token_hex(32),
            "people": {"robin": ["operator"], "kim": []},
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "audience": CLIENT_ID,
            "redirect_uri": f"{SITE}/signin/callback",
            "after_logout": f"{SITE}{SIGNED_OUT}",
            "keys": [signing_key("first")],
            "old_keys": [],
            "seconds_behind": 0,
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self, **setup: Any) -> None:
        """Start with some of the setup changed; returns when it listens."""
        self._starts += 1
        database = f"sqlite:///{self._folder}/company-{self._starts}.sqlite"
        self.setup |= setup
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.company_process", str(self.port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(self.setup | {"database": database}) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line == "listening\n":
                return
        raise AssertionError(self.log.read_text())

    def change(self, **setup: Any) -> None:
        """Change some of the setup while it runs."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.setup |= setup
        self._process.stdin.write(json.dumps(self.setup) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "changed\n", self.log.read_text()[-2000:]

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def restart(self, **setup: Any) -> None:
        """End it, and start it again with some of the setup changed."""
        self.stop()
        self.start(**setup)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Meanwhile it takes connections and answers nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def asked(self, path: str) -> int:
        """How many requests for a path it has answered."""
        return self.log.read_text().count(f" {path} HTTP/")

    def site(self, **changes: Any) -> Site:
        """Our site, registered here."""
        return Site(
            self.url, CLIENT_SECRET, client_id=CLIENT_ID, roles_claim="groups", scopes="openid groups", **changes
        )


async def back_from(browser: Browser, begun: httpx.Response, person: str) -> str:
    """The address at our site that the provider sends a browser to, once `person` has filled in its forms."""
    answer = begun
    for _ in range(12):
        where = urljoin(str(answer.url), answer.headers.get("location", ""))
        if answer.is_redirect and where.startswith(SITE):
            return str(where)
        if answer.is_redirect:
            answer = await browser.get(where)
            continue
        found = FIELD.search(answer.text)
        assert found, answer.text[:500]
        fields = {"csrf_token": found[1], "login": person, "password": PASSWORD}
        answer = await browser.post(str(answer.url), data=fields)
    raise AssertionError(f"not sent back: {answer.status_code} {answer.url}")


async def come_in(browser: Browser, person: str, goal: str = HOME) -> httpx.Response:
    """The whole way, forms included; what our site says in the end."""
    return await browser.get(await back_from(browser, await browser.to_the_provider(goal), person))
