"""What ends a session before its time, and the sockets with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from starlette.types import Message, Receive, Send

from candor.ops.clock import SystemClock
from candor.store.errors import StoreUnavailable
from candor.web.security.auth import Principal
from candor.web.security.sessions import ABSOLUTE, Session

KEY: Final = "key:"


def vouched(session: Session, keys: Sequence[tuple[bytes, Principal]]) -> bool:
    """Whether the API key with whose link somebody signed in is still there and still has the session's role."""
    if not session.person.startswith(KEY):
        return True
    name, now = session.person.removeprefix(KEY), SystemClock().now()
    owners = (principal for _, principal in keys if principal.name == name)
    return any(one.role >= session.role and (one.expires is None or one.expires > now) for one in owners)


class EndingReceive:
    """Receives for a socket until its session is over: a page left open must not outlive its sign-in.

    Looks every `every` seconds, so that signing out in one tab closes the sockets of all others. While the database is
    away it is unknown, and the socket stays until the session's last moment: the page says that nothing is updating.
    """

    def __init__(
        self, session: Session, receive: Receive, send: Send, over: Callable[[Session], Awaitable[bool]], every: float
    ) -> None:
        self._session = session
        self._receive = receive
        self._send = send
        self._over = over
        self._every = every
        self._next: asyncio.Task[Message] | None = None

    async def __call__(self) -> Message:
        """The next message, or a disconnect once the session is over."""
        # One task outlives several looks: a message in the act of arriving is not lost.
        self._next = self._next or asyncio.ensure_future(cast(Coroutine[Any, Any, Message], self._receive()))
        while not await self._ended():
            left = (self._session.began + ABSOLUTE - datetime.now(UTC)).total_seconds()
            done, _ = await asyncio.wait({self._next}, timeout=min(self._every, max(left, 0)))
            if done:
                message, self._next = self._next.result(), None
                return message
        self.close()
        await self._send({"type": "websocket.close", "code": 1008})
        return {"type": "websocket.disconnect", "code": 1008}

    def close(self) -> None:
        """Wait for no further message."""
        if self._next is not None:
            self._next.cancel()

    async def _ended(self) -> bool:
        if datetime.now(UTC) >= self._session.began + ABSOLUTE:
            return True
        try:
            return await self._over(self._session)
        except StoreUnavailable:
            return False
