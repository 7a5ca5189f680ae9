"""One POST that carries a message: bounded in time and size, never led elsewhere, and known to have left or not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from candor.clients.calling import retry_after
from candor.clients.exchange import client
from candor.clients.public_address import Guard, NotPublicError
from candor.ops.trust import authorities

MOST: Final = 64 * 1024
"""Bytes of an answer that are read: these interfaces answer a few words."""


class NotSentError(Exception):
    """No byte of the request left this machine: `str` says why in one word, without the address."""


class UnclearError(Exception):
    """The request had begun to leave and no whole answer came: nobody can know whether it was taken."""


class Reply(NamedTuple):
    """An answer; `wait`: the seconds for which it asks us to stay away (0: it does not)."""

    status: int
    body: bytes
    wait: float


class Posting:
    """Sends POSTs, each over a connection of its own; `seconds` bounds one with its answer.

    With a `guard` only addresses that it allows are connected to, whatever the name resolves to.
    """

    def __init__(self, *, seconds: float, guard: Guard | None = None) -> None:
        self._seconds = seconds
        self._guard = guard
        self._trust = authorities()

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """The answer, of any status. Raises NotSentError, UnclearError, and NotPublicError for a forbidden address."""
        left = False

        async def trace(event: str, _: Any) -> None:
            nonlocal left
            left |= event.endswith("send_request_headers.started")

        said = {"accept-encoding": "identity", "user-agent": "candor", **headers}
        try:
            async with asyncio.timeout(self._seconds):
                return await self._sent(url, content, said, {"trace": trace})
        except NotPublicError:
            raise
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            kind: type[Exception] = UnclearError if left else NotSentError
            raise kind(type(error).__name__) from None

    async def _sent(self, url: str, content: bytes, headers: dict[str, str], extensions: dict[str, Any]) -> Reply:
        if self._guard is not None:
            # The address that was looked at is the one connected to: a name may resolve differently a moment later.
            name = urlsplit(url).netloc
            url, host = await self._guard.pinned(url)
            headers, extensions = {**headers, "host": name}, {**extensions, "sni_hostname": host}
        async with (
            client(self._trust, self._seconds) as opened,
            opened.stream("POST", url, content=content, headers=headers, extensions=extensions) as response,
        ):
            return Reply(response.status_code, await _words(response), retry_after(response.headers))


async def _words(response: httpx.Response) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST:
                break
    except httpx.HTTPError:
        # Its status has said what became of the request.
        return b""
    return bytes(body[:MOST])
