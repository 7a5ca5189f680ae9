"""The example for nginx upgrades the board's socket to a websocket, and nothing else to anything."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import httpx
import pytest

from candor.local.ports import choose_port
from tests.support.certificates import Authority
from tests.support.nginx import configuration, nginx
from tests.support.servers import own_folder

pytestmark = pytest.mark.nginx
HOSTS = ("board.example.com", "www.example.com", "promises.example.com", "delivery.example.com", "notices.example.com")


class Service(BaseHTTPRequestHandler):
    """Stands for every service: says which upgrade it was asked for."""

    def do_GET(self) -> None:
        said = f"{self.headers.get('Upgrade')} {self.headers.get('Connection')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing is to be said in a test."""


class Site(NamedTuple):
    """An nginx with the example's configuration, and who asks it."""

    asked: httpx.Client
    port: int

    def get(self, host: str, path: str, upgrade: str = "websocket") -> httpx.Response:
        headers = {"Host": host, "Upgrade": upgrade, "Connection": "Upgrade"}
        return self.asked.get(
            f"https://127.0.0.1:{self.port}{path}", headers=headers, extensions={"sni_hostname": host}
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    ports = choose_port(None, "HTTP"), choose_port(None, "HTTPS")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    services = dict.fromkeys(("8101", "8102", "8103", "8105"), f"127.0.0.1:{server.server_port}")
    with own_folder("nginx") as folder:
        authority = Authority(folder.run)
        known = ssl.create_default_context(cafile=str(authority.file))
        with (
            nginx(folder.run, configuration(folder.run, authority.sign("edge", hosts=HOSTS), ports, services)),
            # It may not listen yet.
            httpx.Client(transport=httpx.HTTPTransport(verify=known, retries=8)) as asked,
        ):
            yield Site(asked, ports[1])
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("prefix", [("board.example.com", ""), ("www.example.com", "/candor")])
@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket"])
def test_the_boards_socket_is_upgraded(site: Site, prefix: tuple[str, str], upgrade: str) -> None:
    host, below = prefix
    assert site.get(host, f"{below}/board/_nicegui_ws/socket.io/?EIO=4", upgrade).text == "websocket upgrade"


@pytest.mark.parametrize(
    ("host", "path", "upgrade"),
    [
        ("promises.example.com", "/v1/promises", "websocket"),
        ("delivery.example.com", "/v1/milestones", "websocket"),
        ("notices.example.com", "/v1/board/_nicegui_ws/", "websocket"),
        ("board.example.com", "/v1/gaps", "websocket"),
        ("board.example.com", "/board/", "websocket"),
        ("board.example.com", "/board/_nicegui_ws/../../v1/gaps", "websocket"),
        ("board.example.com", "/board/_nicegui_ws/", "h2c"),
        ("board.example.com", "/board/_nicegui_ws/", "websocket, h2c"),
        ("www.example.com", "/promises/v1/promises", "websocket"),
    ],
)
def test_nothing_else_is_upgraded(site: Site, host: str, path: str, upgrade: str) -> None:
    found = site.get(host, path, upgrade)
    assert (found.status_code, found.text.startswith("None")) == (200, True), found.text


def test_a_redirect_leads_to_the_name_that_nginx_knows(site: Site) -> None:
    found = site.get("www.example.com:7", "/candor")
    assert (found.status_code, found.headers["location"]) == (308, f"https://www.example.com:{site.port}/candor/")
