"""A service's app, run in the test's own event loop on real servers, and a client with a key of every role."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from fastapi import FastAPI
from nacl.public import PrivateKey

from candor.intake import Intake
from candor.local.secret_files import PROMISES, REPORTS
from candor.records.origin import new_keys
from candor.web.security.auth import new_key
from candor.web.security.signatures import signed_headers

ROLES = ("viewer", "operator", "approver", "admin")
SOURCE, FIELD, UNBOUND = "crm", "field", "unbound"
EVERYTHING = {"promise-svc": PROMISES, "delivery-svc": REPORTS}


@dataclass
class Keys:
    """Key files in a folder, as an operator would mount them."""

    folder: Path
    keys: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    private: PrivateKey = field(default_factory=PrivateKey.generate)

    def senders(self) -> dict[str, Any]:
        """One sender that may send everything, one that only reports, and one that may send nothing."""
        return {
            SOURCE: {"secrets": self.secrets, "events": EVERYTHING},
            FIELD: {"secrets": self.secrets, "events": {"delivery-svc": [REPORTS[0]]}},
            UNBOUND: {"secrets": self.secrets},
        }

    def write(self) -> dict[str, Any]:
        """Writes the files; returns the settings that name them."""
        entries = []
        for role in ROLES:
            self.keys[role], digest = new_key()
            entries.append({"name": f"test-{role}", "sha256": digest, "role": role, "scopes": []})
        self.secrets = ["whsec_" + base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2)]
        public = base64.b64encode(bytes(self.private.public_key))
        files = {
            "api_keys_file": msgspec.json.encode({"keys": entries}),
            "webhook_secrets_file": msgspec.json.encode({"sources": self.senders()}),
            "contact_public_key_file": public,
        }
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        return {name: self.folder / name for name in files}


def event_keys(folder: Path) -> dict[str, Any]:
    """Writes a producer's key and what it is recognised by; returns the settings that name the files."""
    found = {}
    for name, content in zip(("event_signing_key_file", "event_public_keys_file"), new_keys(), strict=True):
        (folder / name).write_text(content)
        found[name] = folder / name
    return found


class Api:
    """Calls an app as somebody with a role; `role=None` sends no key."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, keys: Keys) -> None:
        self.app = app
        self.client = client
        self.keys = keys

    @property
    def intake(self) -> Intake[Any, Any]:
        intake: Intake[Any, Any] = self.app.state.intake
        return intake

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = "admin",
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, Any] | None = None,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if role is not None:
            sent["authorization"] = f"Bearer {self.keys.keys[role]}"
        content = raw if raw is not None else (msgspec.json.encode(body) if body is not None else None)
        if content is not None:
            sent.setdefault("content-type", "application/json")
        return await self.client.request(method, path, content=content, headers=sent, params=params)

    async def webhook(
        self,
        kind: str,
        data: Any,
        *,
        webhook_id: str | None = None,
        at: datetime | None = None,
        signed_at: datetime | None = None,
        secret: str | None = None,
        raw: bytes | None = None,
        source: str = SOURCE,
    ) -> httpx.Response:
        said = at or self.intake.clock.now()
        content = msgspec.json.encode({"type": kind, "timestamp": said, "data": data}) if raw is None else raw
        signing = signed_headers(
            secret or self.keys.secrets[0], webhook_id or str(uuid4()), signed_at or datetime.now(UTC), content
        )
        headers = {**signing, "content-type": "application/json"}
        return await self.client.post(f"/v1/webhooks/{source}", content=content, headers=headers)

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """What the service's database holds."""
        return [dict(row) for row in await self.intake.database.pool.fetch(query, *arguments)]


@asynccontextmanager
async def running(app: FastAPI, keys: Keys) -> AsyncIterator[Api]:
    """The app between its start and its orderly end."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield Api(app, client, keys)
