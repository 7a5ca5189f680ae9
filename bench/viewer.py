"""Someone at the board without a browser: asks for a page, and opens the socket that its script would open."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self
from urllib.parse import urlencode

import aiohttp

from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions

CLIENT: Final = re.compile(rb"'client_id': '([0-9a-f-]{36})'")
SOCKET: Final = "/board/_nicegui_ws/socket.io/"
PATIENCE: Final = 30.0
Said = tuple[str, Any]


class Socket:
    """The open socket of a page."""

    def __init__(self, page: bytes, client_id: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.page = page
        self._client_id = client_id
        self._socket = socket

    async def until(self, kind: str, words: str = "") -> list[Said]:
        """What it says, up to a message of a kind with such words in it.

        Raises ValueError once it is refused, TimeoutError if no such message comes.
        """
        async with asyncio.timeout(PATIENCE):
            return await self._until(kind, words)

    async def _until(self, kind: str, words: str) -> list[Said]:
        found: list[Said] = []
        while True:
            text = await self._socket.receive_str()
            if text == "2":
                await self._socket.send_str("3")
            elif text.startswith("44"):
                raise ValueError(f"the board refused the socket: {text}")
            elif text.startswith("42"):
                name, data = json.loads(text[2:])
                found.append((name, data))
                if name == kind and words in text:
                    return found

    async def send(self, kind: str, **data: Any) -> None:
        """Say what the page's script says."""
        await self._socket.send_str("42" + json.dumps([kind, {"client_id": self._client_id, **data}]))


class Viewer:
    """A session of staff."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def sign_in(self, secret: str) -> None:
        """Sign in by a link."""
        link = Sessions(secret, secure=False).link_token(Role.VIEWER)
        async with self._client.get(f"{self.url}/signin", params={"token": link}) as answer:
            answer.raise_for_status()

    async def page(self, path: str) -> bytes:
        """The page alone. Raises aiohttp.ClientResponseError unless it is answered 200."""
        async with self._client.get(self.url + path) as answer:
            answer.raise_for_status()
            return await answer.read()

    @asynccontextmanager
    async def socket(self, page: bytes) -> AsyncIterator[Socket]:
        """The socket of a page that was got before."""
        found = CLIENT.search(page)
        if found is None:
            raise ValueError("the page names no client")
        query = {
            "client_id": found[1].decode(),
            "next_message_id": "0",
            "implicit_handshake": "true",
            "document_id": str(uuid.uuid4()),
            "tab_id": str(uuid.uuid4()),
            "EIO": "4",
            "transport": "websocket",
        }
        async with self._client.ws_connect(f"{self.url}{SOCKET}?{urlencode(query)}") as socket:
            await socket.receive_str(timeout=PATIENCE)
            await socket.send_str("40")
            yield Socket(page, query["client_id"], socket)

    @asynccontextmanager
    async def opened(self, path: str) -> AsyncIterator[Socket]:
        """A page and its socket."""
        async with self.socket(await self.page(path)) as socket:
            yield socket

    async def whole(self, path: str) -> None:
        """The page and its socket, until the first figures have come."""
        async with self.opened(path) as socket:
            await socket.until("update")
