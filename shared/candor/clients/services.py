"""Our own services, asked by one another's staff pages: a path below one address, with a key, and the problem in words.

Addresses come from the configuration and may be without TLS: between our processes the network is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from candor.clients.exchange import bounded, check_plain, client
from candor.ops.trust import authorities

SECONDS: Final = 10.0
MAX_BYTES: Final = 4 * 1024 * 1024
NO_KEY: Final = "the board has no key for it: see SERVICES_KEY_FILE"


class ServiceError(Exception):
    """A request that a service did not fulfil: `words` for people; `code` is the problem's, "" if it did not answer.

    `errors`: what is wrong, by the JSON pointer of the field it is about.
    """

    def __init__(self, words: str, code: str = "", status: int = 0, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.code = code
        self.status = status
        self.errors = dict(errors or {})


class Said(NamedTuple):
    """An answer's JSON object, and the cursor of the next page of a list; "" if there is none."""

    body: dict[str, Any]
    cursor: str


class _FieldError(msgspec.Struct):
    detail: str = ""
    pointer: str | None = None


class _Problem(msgspec.Struct):
    code: str = ""
    title: str = ""
    detail: str = ""
    errors: list[_FieldError] = []


class ServiceClient:
    """Asks one service: `seconds` bound a request with its answer, `most` the answer's bytes.

    Raises ValueError for an address that is none, or has user, query or fragment in it.
    """

    def __init__(self, base: str, key: Callable[[], str], *, seconds: float = SECONDS, most: int = MAX_BYTES) -> None:
        check_address(base)
        self._base = base.rstrip("/")
        self._key = key
        self._seconds = seconds
        self._most = most
        self._trust = authorities()

    async def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Said:
        """The answer at a path. Raises ServiceError."""
        return await self._ask("GET", path, params={**(parameters or {})})

    async def send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Said:
        """The answer to a JSON object, or to nothing, sent with more headers. Raises ServiceError."""
        if body is None:
            return await self._ask(method, path, headers)
        return await self._ask(method, path, headers, content=msgspec.json.encode(body))

    async def _ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **what: Any) -> Said:
        said = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "candor-board"}
        said |= {"authorization": f"Bearer {self._key()}", "content-type": "application/json", **(headers or {})}
        try:
            async with (
                asyncio.timeout(self._seconds),
                client(self._trust, self._seconds) as opened,
                opened.stream(method, f"{self._base}{path}", headers=said, **what) as response,
            ):
                raw = await bounded(response, self._most)
        except TimeoutError:
            raise ServiceError(f"it did not answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ServiceError(f"it is not reached: {type(error).__name__}") from None
        if raw is None:
            raise ServiceError(f"its answer is larger than {self._most:,} bytes")
        return _said(response, raw)


def check_address(url: str) -> None:
    """Raises ValueError for anything but http:// or https:// and a host, with a path at most."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address with http:// or https://")
    check_plain(parts)


def _said(response: httpx.Response, raw: bytes) -> Said:
    status = response.status_code
    try:
        if not 200 <= status < 300:
            problem = msgspec.json.decode(raw, type=_Problem)
            words = problem.detail or problem.title or f"it answered with status {status}"
            wrong = {one.pointer: one.detail for one in reversed(problem.errors) if one.pointer is not None}
            raise ServiceError(words, problem.code, status, wrong)
        return Said(msgspec.json.decode(raw, type=dict[str, Any]), _following(response.headers.get("link", "")))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        more = ", and no JSON object" if 200 <= status < 300 else ""
        raise ServiceError(f"it answered with status {status}{more}", "", status) from None


def _following(link: str) -> str:
    if 'rel="next"' not in link:
        return ""
    address = link.partition("<")[2].partition(">")[0]
    return parse_qs(urlsplit(address).query).get("cursor", [""])[0]
