"""Bodies of requests to promise-svc, with names that no other test uses."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec

from candor.contracts import Message, decode
from candor.records.packing import unpack
from tests.support.api import Api

DUE = "2013-03-09T12:00:00Z"
LATER = "2013-03-10T12:00:00Z"
REVISION = {"due": LATER, "asked_by": "company", "reason": "the part is late"}
CONTACT = {"email": "anna.smith@example.com", "name": "Anna", "language": "de", "zone": "Europe/Berlin"}


def new(kind: str = "c") -> str:
    return f"{kind}-{uuid4().hex[:12]}"


def body(**changes: Any) -> dict[str, Any]:
    return {"customer_id": new(), "kind": "flight", "what": "UA 1, on time", "due": DUE, **changes}


async def made(api: Api, **changes: Any) -> dict[str, Any]:
    """A promise made over HTTP."""
    response = await api.call("POST", "/v1/promises", body(**changes))
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


async def sent(api: Api, key: str) -> list[Message]:
    """What the outbox holds for a customer, in order."""
    rows = await api.rows("SELECT topic, records FROM outbox WHERE keys && ARRAY[$1]::text[] ORDER BY id", key)
    return [
        decode(row["topic"], record.headers, record.value)
        for row in rows
        for record in unpack(row["records"])
        if record.key == key.encode()
    ]


def code(response: Any) -> str:
    """A problem's code; asserts that it is one."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return str(msgspec.json.decode(response.content)["code"])
