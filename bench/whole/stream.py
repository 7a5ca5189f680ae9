"""What is sent: promises to deliver parcels, and two reports of each; and what of them an answer shows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

CUSTOMERS: Final = 5_000
SHOWN: Final = (b'"standing"', b"left the depot", b"the carrier says so")
"""What the answer of `GET /v1/gaps/{id}` contains once the promise, its first and its second report are scored."""
WAYS: Final = {"candor": ("/v1/webhooks/crm", "/v1/webhooks/field"), "usual": ("/v1/promises", "/v1/milestones")}
"""Where a side takes promises and reports: webhooks that are signed one by one, or a route with an API key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends to a side: the ports of what takes promises, reports and questions, and the senders' secrets."""

    side: str
    serial: str
    ports: tuple[int, int, int]
    secrets: tuple[str, str]
    key: str

    def name(self, number: int) -> str:
        """The promise of a number."""
        return f"{self.serial}-{number}"

    def request(self, number: int, part: int) -> bytes:
        """The request that makes a promise (`part` 0) or reports about it (1, 2), signed now."""
        data = _promise(self.name(number), number) if part == 0 else _report(self.name(number), number, part)
        path = WAYS[self.side][min(part, 1)]
        if self.side == "usual":
            raw, proof = _json(data), f"Authorization: Bearer {self.key}\r\n"
        else:
            kind = "milestone.reported" if part else "promise.made"
            raw = _json({"type": kind, "timestamp": datetime.now(UTC).isoformat(), "data": data})
            proof = _signature(self.secrets[min(part, 1)], f"{self.name(number)}-{part}", raw)
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        return f"{head}{proof}Content-Length: {len(raw)}\r\n\r\n".encode() + raw

    def question(self, number: int) -> bytes:
        """The request for the gap of a promise."""
        head = f"GET /v1/gaps/{self.name(number)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        return f"{head}Authorization: Bearer {self.key}\r\n\r\n".encode()


def mixed(promises: int, apart: int) -> Iterator[tuple[int, int]]:
    """(number, part) of promises, each followed by its two reports `apart` and twice `apart` promises later."""
    for number in range(promises + 2 * apart):
        for part in range(3):
            if 0 <= number - part * apart < promises:
                yield number - part * apart, part


def customer(number: int) -> str:
    """The customer to whom a promise is made."""
    return f"cust-{number % CUSTOMERS}"


def _promise(name: str, number: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    shipped, due = (now + timedelta(hours=hours + number % 20) for hours in (15, 36))
    return {
        "promise_id": name,
        "customer_id": customer(number),
        "kind": "parcel",
        "what": "Espresso machine delivered, water line and training included",
        "due": due.isoformat(),
        "labels": {"maker": "abcdefgh"[number % 8], "site": ("LEJ", "CGN", "EMA")[number % 3], "weight": 2.5},
        "milestones": [
            {"name": "shipped", "planned": shipped.isoformat(), "told": True},
            {"name": "delivered", "told": True},
        ],
        "depends_on": [{"kind": "site", "id": ("LEJ", "CGN", "EMA")[number % 3]}],
        "references": [{"system": "crm", "id": name}],
        "value": 4200.0,
        "currency": "EUR",
    }


def _report(name: str, number: int, part: int) -> dict[str, Any]:
    now = datetime.now(UTC)
    same = {"promise_id": name, "at": now.isoformat()}
    if part == 1:
        return {**same, "milestone": "shipped", "status": "reached", "reason": SHOWN[1].decode()}
    # Every other promise is to be delivered after the promised date.
    planned = now + timedelta(hours=20 + 40 * (number % 2))
    begun = {"milestone": "delivered", "status": "started", "planned": planned.isoformat()}
    return {**same, **begun, "reason": SHOWN[2].decode()}


def _signature(secret: str, name: str, raw: bytes) -> str:
    at = int(time.time())
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = base64.b64encode(hmac.digest(key, f"{name}.{at}.".encode() + raw, hashlib.sha256)).decode()
    return f"webhook-id: {name}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: v1,{signed}\r\n"


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
