"""Stand-ins for Slack, Teams, Twilio and customers' own systems: they keep what they took, and can fail."""

from __future__ import annotations

import json
import socket
import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final, NamedTuple

from tests.faults.rig.story import HOOKED

ANSWERS: Final = {
    "slack": (200, "text/plain", "ok"),
    "teams": (202, "application/json", ""),
    "sms": (201, "application/json", '{"sid": "SM%032d", "status": "queued", "error_code": null}'),
    "webhook": (200, "application/json", "{}"),
}
"""What each says of a message that it takes, by its documentation."""
LATER: Final = {
    "slack": (429, "text/plain", "rate_limited"),
    "teams": (429, "application/json", ""),
    "sms": (429, "application/json", '{"code": 20429, "message": "Too Many Requests", "status": 429}'),
    "webhook": (503, "text/plain", ""),
}
"""What each says of one that it refuses for now."""
MOST: Final = 2
"""Failures of one address in a row; after five, notify-svc would leave a webhook alone for a minute or more."""


class Taken(NamedTuple):
    """A message that a sink took: the path it was posted to, its `webhook-id` (empty: none), and its body."""

    channel: str
    path: str
    id: str
    body: str


class Sinks:
    """What all of them took, in order and in a file; `base` is their address.

    A path begins with the channel's name; Twilio's is its own.
    """

    def __init__(self, file: Path, port: int = 0) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.taken: list[Taken] = []
        self._file = file.open("a")
        self._faults: dict[str, deque[str]] = {name: deque() for name in HOOKED}
        self._in_a_row: Counter[str] = Counter()
        self._lock = Lock()
        self.server = _Server(("127.0.0.1", port), self)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def fail(self, kind: str, count: int) -> None:
        """Fail each channel's next `count` messages, after those that are to fail already, as MAIL_FAULTS says."""
        with self._lock:
            for queued in self._faults.values():
                queued.extend([kind] * count)

    def fault(self, channel: str, path: str) -> str:
        """The fault of the next message; empty if there is none, or the path's last MOST failed: others are next."""
        with self._lock:
            queued = self._faults[channel]
            failing = bool(queued) and self._in_a_row[path] < MOST
            self._in_a_row[path] = self._in_a_row[path] + 1 if failing else 0
            return queued.popleft() if failing else ""

    def take(self, message: Taken) -> int:
        """How many were taken with this one, which is in the file now."""
        with self._lock:
            self._file.write(json.dumps(message._asdict()) + "\n")
            self._file.flush()
            self.taken.append(message)
            return len(self.taken)

    def close(self) -> None:
        self._file.close()


class _Server(ThreadingHTTPServer):
    def __init__(self, place: tuple[str, int], sinks: Sinks) -> None:
        self.sinks = sinks
        super().__init__(place, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A sender that was killed meanwhile is what these runs are about.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Take the message, unless a fault comes before, and answer, unless one comes between."""
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return
        channel, sinks = _channel(self.path), self.server.sinks
        fault = sinks.fault(channel, self.path)
        if fault == "refuse_for_now":
            self._answer(*LATER[channel], retry=1)
            return
        if fault == "drop_in_data":
            self._hang_up()
            return
        number = sinks.take(Taken(channel, self.path, self.headers.get("webhook-id", ""), body.decode()))
        if fault == "drop_before_reply":
            self._hang_up()
            return
        status, kind, text = ANSWERS[channel]
        self._answer(status, kind, text % number if "%" in text else text)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the file has what counts."""

    def _answer(self, status: int, kind: str, text: str, retry: int = 0) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        if retry:
            self.send_header("retry-after", str(retry))
        self.end_headers()
        self.wfile.write(text.encode())

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _channel(path: str) -> str:
    return "sms" if path.startswith("/2010-04-01/") else path.split("/")[1]


@contextmanager
def sinking(folder: Path) -> Iterator[Sinks]:
    """The sinks on a port of their own, in threads of their own; what they take is in `folder`."""
    sinks = Sinks(folder / "taken.jsonl")
    thread = Thread(target=sinks.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield sinks
    finally:
        sinks.server.shutdown()
        thread.join()
        sinks.server.server_close()
        sinks.close()
