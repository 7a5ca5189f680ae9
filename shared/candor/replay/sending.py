"""Sends events to the services as single signed webhooks or batches of history, retried until answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from candor.ops.clock import Clock, SystemClock
from candor.replay.stream import DELIVERY_TYPES, StreamEvent, as_json, utc_text
from candor.web.security.signatures import signed_headers

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
_RETRIED: Final = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Endpoints:
    """Addresses of the two services that take events, e.g. `http://127.0.0.1:8101`."""

    promise: str
    delivery: str

    def of(self, kind: str) -> str:
        """The address of the service that takes events of this type."""
        return self.delivery if kind in DELIVERY_TYPES else self.promise


@dataclass(frozen=True)
class Answer:
    """The outcome of a request: `status` of the last answer, its problem `code` and `detail` if it was refused.

    A genuine webhook always gets 202; one that could not be taken has the state `rejected`.
    """

    status: int
    tries: int
    body: dict[str, Any]

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300 and self.body.get("state") != "rejected"

    @property
    def code(self) -> str:
        return str(self.body.get("code", f"http_{self.status}"))

    @property
    def detail(self) -> str:
        return str(self.body.get("detail", ""))


class Unreachable(Exception):  # noqa: N818 - it says what is so, and the caller decides whether that is an error
    """A service gave no final answer within the allowed number of tries."""


class WebhookSender:
    """Sends an event as a signed Standard Webhook; every retry has the same id and a fresh timestamp."""

    def __init__(self, client: httpx.AsyncClient, endpoints: Endpoints, source: str, secret: str) -> None:
        self._client = client
        self._endpoints = endpoints
        self._source = source
        self._secret = secret
        self._system: Clock = SystemClock()

    async def send(self, event: StreamEvent) -> Answer:
        """Send until a 2xx, or an answer that no retry would change (any other 4xx)."""
        raw = msgspec.json.encode({"type": event.type, "timestamp": utc_text(event.time), "data": event.data})
        url = f"{self._endpoints.of(event.type)}/v1/webhooks/{self._source}"

        async def attempt() -> httpx.Response:
            # Signatures use the system clock: a retry minutes later with the first timestamp would be stale.
            headers = signed_headers(self._secret, event.id, self._system.now(), raw)
            return await self._client.post(url, content=raw, headers={"content-type": "application/json", **headers})

        return await until_answered(attempt)


class ImportSender:
    """Sends a batch of history to `POST /v1/imports`, with an operator's key."""

    def __init__(self, client: httpx.AsyncClient, key: str, tries: int = 12) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._tries = tries

    async def send(self, base_url: str, batch: list[StreamEvent]) -> Answer:
        """Send one batch. Raises Unreachable after `tries` attempts without an answer."""
        raw = msgspec.json.encode({"events": [as_json(event) for event in batch]})

        async def attempt() -> httpx.Response:
            return await self._client.post(f"{base_url}/v1/imports", content=raw, headers=self._headers)

        return await until_answered(attempt, tries=self._tries)


async def until_answered(
    attempt: Callable[[], Any], *, tries: int | None = None, pause: Callable[[float], Any] = asyncio.sleep
) -> Answer:
    """Repeat `attempt` on lost connections, 408, 425, 429 and 5xx, with growing jittered pauses (0.1 s to 5 s).

    A `Retry-After` in seconds is obeyed up to the longest pause. Raises Unreachable after `tries` attempts.
    """
    wait, count = FIRST_PAUSE_S, 0
    while True:
        count += 1
        response: httpx.Response | None = None
        try:
            response = await attempt()
        except httpx.TransportError as error:
            reason = type(error).__name__
        else:
            if response.status_code < 500 and response.status_code not in _RETRIED:
                return Answer(response.status_code, count, _body(response))
            reason = f"HTTP {response.status_code}"
        if tries is not None and count >= tries:
            raise Unreachable(f"no answer after {count} tries: {reason}")
        await pause(_pause(response, wait))
        wait = min(wait * 2, LONGEST_PAUSE_S)


def _pause(response: httpx.Response | None, wait: float) -> float:
    asked = response.headers.get("retry-after", "") if response is not None else ""
    if asked.isdigit():
        return min(float(asked), LONGEST_PAUSE_S)
    return wait * random.uniform(0.5, 1.0)  # noqa: S311


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
