"""Every file of secrets is read again while its process runs, and said to be unreadable when it is."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from candor.ops.database_url import password_of
from candor.ops.secret_files import SecretFile
from candor.records.origin import new_keys
from tests.component.services.conftest import Started

EVERY = {"API_KEYS_FILE", "WEBHOOK_SECRETS_FILE", "DATABASE_PASSWORD_FILE"}
FILES = {
    "promise-svc": {*EVERY, "CONTACT_PUBLIC_KEY_FILE", "EVENT_SIGNING_KEY_FILE"},
    "delivery-svc": EVERY,
    "risk-worker": {*EVERY, "EVENT_PUBLIC_KEYS_FILE"},
    "risk-learner": EVERY,
    "risk-insight": {*EVERY, "EVENT_PUBLIC_KEYS_FILE"},
    "risk-web": EVERY,
    "notify-svc": {*EVERY, "CONTACT_PRIVATE_KEY_FILE", "EVENT_PUBLIC_KEYS_FILE"},
}


def files_of(app: FastAPI) -> dict[str, SecretFile[object]]:
    return {file.name: file for file in app.state.files}


@pytest.mark.parametrize("process", FILES)
async def test_each_unreadable_file_is_said_by_a_process_that_stays_ready(
    process: str, start: Started, postgres: str, tmp_path: Path
) -> None:
    signing, public, password = (tmp_path / name for name in ("signing.key", "public.keys", "password"))
    password.write_text(password_of(postgres))
    server = postgres.replace(f":{quote(password_of(postgres))}@", "@")
    signs = {"event_signing_key_file": signing, "event_public_keys_file": public}
    for path, content in zip((signing, public), new_keys(), strict=True):
        path.write_text(content)
    async with start(process, database_url=server, database_password_file=password, **signs) as api:
        files = files_of(api.app)
        assert set(files) == FILES[process]
        for name, file in files.items():
            before = file.path.read_bytes()
            file.path.write_bytes(b"\xfehalf a fi")
            file.look()
            api.app.state.health._asked = -10
            await api.app.state.health.problems()
            assert name in api.app.state.health.degraded["secret files"], name
            file.path.write_bytes(before)
            file.look()
            api.app.state.health._asked = -10
            await api.app.state.health.problems()
            assert "secret files" not in api.app.state.health.degraded


async def test_a_withdrawn_key_does_not_open_for_ever_because_of_a_broken_file(start: Started) -> None:
    async with start("promise-svc", secrets_unreadable_seconds=0) as api:
        keys = files_of(api.app)["API_KEYS_FILE"]
        before = keys.path.read_bytes()
        assert (await api.call("GET", "/v1/promises")).status_code == 200
        keys.path.write_bytes(before[:-9])
        keys.look()
        answer = await api.call("GET", "/v1/promises")
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        senders = files_of(api.app)["WEBHOOK_SECRETS_FILE"]
        senders.path.unlink()
        senders.look()
        answer = await api.webhook("promise.made", {})
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        keys.path.write_text(json.dumps({"keys": []}))
        keys.look()
        assert (await api.call("GET", "/v1/promises")).status_code == 401


async def test_a_wrong_entry_shuts_out_whom_it_is_about_and_nobody_else(start: Started) -> None:
    async with start("promise-svc", secrets_unreadable_seconds=0) as api:
        files = files_of(api.app)
        senders, keys = files["WEBHOOK_SECRETS_FILE"], files["API_KEYS_FILE"]
        said = json.loads(senders.path.read_bytes())
        said["sources"]["typo"] = {"secrets": ["s3cret"], "events": {"promise-svc": ["promise.made"]}}
        senders.path.write_text(json.dumps(said))
        said = json.loads(keys.path.read_bytes())
        said["keys"].append({"name": "typo", "sha256": "abc", "role": "viewer"})
        keys.path.write_text(json.dumps(said))
        for file in (senders, keys):
            file.look()
        assert (await api.call("GET", "/v1/promises")).status_code == 200
        assert (await api.webhook("promise.made", {})).status_code == 202
        answer = await api.client.post("/v1/webhooks/typo", content=b"{}", headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        assert answer.headers["retry-after"] == "60"
        for key, status in (("candor_unknown", 503), ("", 401)):
            headers = {"authorization": f"Bearer {key}"} if key else {}
            assert (await api.client.get("/v1/promises", headers=headers)).status_code == status
        api.app.state.health._asked = -10
        await api.app.state.health.problems()
        degraded = api.app.state.health.degraded["secret files"]
        assert "source 'typo': " in degraded
        assert "key 'typo': " in degraded
        assert "s3cret" not in degraded
