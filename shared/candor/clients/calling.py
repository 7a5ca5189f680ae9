"""One request to another system: bounded in time and size, never led elsewhere, and every failure in one word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx
import msgspec

from candor.clients.exchange import bounded, check_plain, client
from candor.ops.loopback import LOOPBACK
from candor.ops.trust import authorities

SECONDS: Final = 20.0
MAX_BYTES: Final = 8 * 1024 * 1024
LONGEST_WAIT: Final = 3_600.0
"""Seconds: a system that asks us to stay away for longer is asked again after so long."""


class CallError(Exception):
    """A request that gave nothing; `words` say why for people, and hold neither a secret nor a value of the other."""

    def __init__(self, words: str, wait: float = 0.0) -> None:
        super().__init__(words)
        self.words = words
        self.wait = wait


class AwayError(CallError):
    """The system is away, slow or asks for patience: `wait` seconds at least, as it says (0: it did not)."""


class RefusedError(CallError):
    """The system refuses the request itself, or answers what we cannot read: somebody must look at the settings."""


class DeniedError(RefusedError):
    """The system does not accept our token."""


class Answer(NamedTuple):
    """A JSON answer, and when the system says that it gave it; None if it does not say."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    at: datetime | None


def check_base(url: str) -> None:
    """Raises ValueError for an address without TLS (except on this machine), or with user, query or fragment in it."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname:
        raise ValueError("must be an address with https://")
    check_plain(parts)


class Calling:
    """Sends requests to addresses below one base, which the configuration names: no answer can lead elsewhere.

    `seconds` bounds a request with its answer, `most` the answer's bytes.
    """

    def __init__(self, base: str, *, seconds: float = SECONDS, most: int = MAX_BYTES) -> None:
        check_base(base)
        self._base = base.rstrip("/")
        self._seconds = seconds
        self._most = most
        self._trust = authorities()

    async def get(self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The JSON object at a path. Raises CallError."""
        return await self._send("GET", path, headers, params=parameters)

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """The answer to a JSON object. Raises CallError."""
        said = {**headers, "content-type": "application/json"}
        return await self._send("POST", path, said, content=msgspec.json.encode(body))

    async def form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """The answer to a form. Raises CallError."""
        return await self._send("POST", path, {}, data=fields)

    async def _send(self, method: str, path: str, headers: Mapping[str, str], **what: Any) -> Answer:
        url = f"{self._base}{path}"
        said = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "candor", **headers}
        try:
            async with (
                asyncio.timeout(self._seconds),
                client(self._trust, self._seconds) as opened,
                opened.stream(method, url, headers=said, **what) as response,
            ):
                raw = await self._bounded(response)
        except TimeoutError:
            raise AwayError(f"no whole answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise AwayError(f"not reached: {type(error).__name__}") from None
        return _answer(response, raw)

    async def _bounded(self, response: httpx.Response) -> bytes:
        # We asked for no compression: a small answer that unpacks to a large one is not read.
        if response.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError("the answer is compressed, which we did not ask for")
        body = await bounded(response, self._most)
        if body is None:
            raise RefusedError(f"the answer is larger than {self._most:,} bytes")
        return body


def _answer(response: httpx.Response, raw: bytes) -> Answer:
    status = response.status_code
    if status == 429 or status >= 500:
        raise AwayError(f"status {status}", retry_after(response.headers))
    if status in (401, 403):
        raise DeniedError(f"status {status}: it does not accept our token, or what that may read")
    if not 200 <= status < 300:
        raise RefusedError(f"status {status}{': it answers from another address' if 300 <= status < 400 else ''}")
    try:
        body = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise RefusedError("the answer is no JSON object") from None
    return Answer(body, response.headers, _moment(response.headers.get("date", "")))


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds of Retry-After (RFC 9110 10.2.3: a number or a date), else until X-RateLimit-Reset, else 0."""
    said = headers.get("retry-after", "").strip()
    now = _moment(headers.get("date", "")) or datetime.now(UTC)
    found = 0.0
    if said.isdigit():
        found = float(said[:9])
    elif (until := _moment(said)) is not None:
        found = (until - now).total_seconds()
    elif (reset := headers.get("x-ratelimit-reset", "").strip()).isdigit():
        # Some say a moment, some say how long: nobody means 30 years.
        found = float(reset[:12]) - (now.timestamp() if len(reset) > 8 else 0.0)
    return min(max(found, 0.0), LONGEST_WAIT)
