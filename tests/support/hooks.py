"""A provider of webhooks that stands in for Slack, Teams, Twilio or a customer's system, and messages to send there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notify_svc.channels import Message
from tests.support.stand_in import StandIn

AT = datetime(2026, 3, 8, 12, tzinfo=UTC)
DELIVERY = "0b0e7c1e-7a1f-5f9a-9f61-3d2a1a3f0c55"


def letter(address: str, **changes: Any) -> Message:
    """A message to an address."""
    said: dict[str, Any] = {
        "delivery_id": DELIVERY,
        "notice_id": "n1",
        "thread": "t1",
        "reply_to": "",
        "at": AT,
        "address": address,
        "name": "Pat",
        "subject": "Probably late: your install",
        "text": "We are probably going to be late.\n\nWe promised: by Friday.\n",
        "html": "",
    }
    return Message(**{**said, **changes})


@dataclass
class Hook(StandIn):
    """Takes whatever it is sent; `taken` are body and headers of what it took."""

    taken: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    said: Callable[[], Response] = field(default=lambda: JSONResponse({}))

    def __post_init__(self) -> None:
        super().__init__(self._take)

    async def _take(self, request: Request, _body: object) -> Response:
        self.taken.append((await request.body(), dict(request.headers)))
        return self.said()

    @property
    def documents(self) -> list[Any]:
        """The JSON that it took."""
        return [msgspec.json.decode(body) for body, _ in self.taken]

    @property
    def forms(self) -> list[dict[str, str]]:
        """The forms that it took."""
        return [dict(parse_qsl(body.decode(), strict_parsing=True)) for body, _ in self.taken]


@dataclass
class Begun:
    """Stands for the commit that sending begins; counts how often it was asked."""

    agrees: bool = True
    asked: int = 0

    async def __call__(self) -> bool:
        self.asked += 1
        return self.agrees
