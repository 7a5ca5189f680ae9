"""Every route of every process with every kind of caller, on running processes; the document says the same."""

from __future__ import annotations

import json
import re
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from candor.web.routes import PUBLIC, accesses
from candor.web.security.signatures import signed_headers
from tests.component.services.conftest import PROCESSES, Started
from tests.support.api import ROLES, SOURCE, Api
from tests.support.authorisation import CALLERS, WAY_IN, may, table
from tests.support.servers import HOME

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "authorisation.md"
REFUSED = {401, 403}


async def asked(api: Api, method: str, path: str, caller: str) -> httpx.Response:
    raw = b"{}"
    headers = {"content-type": "application/json"}
    if caller == "source":
        headers |= signed_headers(api.keys.secrets[0], f"evt-{path}", datetime.now(UTC), raw)
    role = caller if caller in ROLES else None
    body = raw if method in ("POST", "PUT", "PATCH") else None
    return await api.call(method, path, raw=body, role=role, headers=headers)


def example(path: str) -> str:
    """The path with something in place of each parameter; the sender is one that there is."""
    return re.sub(r"\{\w+\}", "x", path.replace("{sender}", SOURCE))


@pytest.mark.parametrize("process", PROCESSES)
async def test_every_cell(process: str, start: Started) -> None:
    async with start(process) as api:
        wrong = []
        for access in accesses(api.app):
            # Who goes the way in is in the tests of signing in.
            if access.path in WAY_IN:
                continue
            # A token in the path proves another kind of sender, which is not set up here: everybody is a stranger.
            strangers = "{token}" in access.path
            for caller in CALLERS:
                answer = await asked(api, access.method, example(access.path), caller)
                if (answer.status_code not in REFUSED) is not (may(access, caller) and not strangers):
                    wrong.append(f"{access.method} {access.path} as {caller}: {answer.status_code}")
        assert wrong == []


async def test_the_document_has_every_route_and_nothing_is_open_by_oversight(start: Started) -> None:
    async with AsyncExitStack() as running:
        apps = {name: (await running.enter_async_context(start(name))).app for name in PROCESSES}
        openly = {one.path for app in apps.values() for one in accesses(app) if one.open}
        assert openly <= PUBLIC | WAY_IN
        made = table(apps)
    if not DOCUMENT.exists() or DOCUMENT.read_text() != made:
        (HOME / DOCUMENT.name).write_text(made)
        pytest.fail(f"who may call what has changed: if it should, move {HOME / DOCUMENT.name} to docs/reference")


async def test_a_token_in_the_path_opens_for_its_sender_alone(start: Started, tmp_path: Path) -> None:
    token, file = "a1b2c3d4e5f6a7b8c9d0e1f2", tmp_path / "senders"
    entry = {"source": "cloudevents", "scheme": "path_token", "secrets": [token]}
    file.write_text(json.dumps({"sources": {"hooks": entry, "others": {**entry, "secrets": [token[::-1]]}}}))
    async with start("delivery-svc", webhook_secrets_file=file) as api:
        found = {}
        for sender, given in (("hooks", token), ("hooks", token[::-1]), ("others", token), ("nobody", token)):
            for role in (None, "admin"):
                path = f"/v1/webhooks/{sender}/{given}"
                kind = {"content-type": "application/cloudevents+json"}
                answer = await api.call("POST", path, raw=b"{}", role=role, headers=kind)
                found[sender, given == token, role] = answer.status_code in REFUSED
        assert list(found.values()) == [False, False, True, True, True, True, True, True]
