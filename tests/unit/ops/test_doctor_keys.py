"""What `candor doctor` says of API keys and webhook secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from candor.diagnosis.keys import api_keys, webhooks
from candor.web.security.webhooks import Accepted

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
ACCEPTED = Accepted(events=("promise.made", "promise.revised"))


def keys(folder: Path, *ends: timedelta | None, scopes: tuple[str, ...] = ()) -> Path:
    entries = [
        {"name": f"k{number}", "sha256": f"{number:02x}" * 32, "role": "viewer", "scopes": scopes}
        | ({} if end is None else {"expires": (NOW + end).isoformat()})
        for number, end in enumerate(ends)
    ]
    return file(folder, {"keys": entries})


def file(folder: Path, content: Any) -> Path:
    path = folder / "file.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("ends", "ok", "detail"),
    [
        ((None, timedelta(days=15)), True, "2 open promise-svc, none ends within 14 days"),
        ((None, timedelta(days=13)), None, "k1 ends 2026-12-12"),
        ((timedelta(days=13), timedelta(days=-1)), False, "k0 ends 2026-12-12, k1 ended 2026-11-28"),
    ],
)
def test_keys_that_end_are_named(tmp_path: Path, ends: tuple[timedelta | None, ...], ok: object, detail: str) -> None:
    found = api_keys(keys(tmp_path, *ends), "promise-svc", NOW)
    assert (found.ok, found.detail) == (ok, detail)


def test_keys_of_other_services_do_not_count_and_a_file_that_is_none_is_bad(tmp_path: Path) -> None:
    path = keys(tmp_path, timedelta(days=-1), scopes=("risk-svc",))
    found = api_keys(path, "promise-svc", NOW)
    assert (found.ok, found.detail) == (None, f"no key in {path} opens promise-svc")
    path.write_text("keys")
    assert api_keys(path, "promise-svc", NOW).ok is False


def sender(*secrets: str, events: tuple[str, ...] = ("promise.made",)) -> dict[str, Any]:
    return {"secrets": list(secrets), "events": {"promise-svc": list(events)}}


@pytest.mark.parametrize(
    ("senders", "ok", "detail"),
    [
        ({"crm": sender(SECRET)}, True, "crm: one secret each"),
        ({"crm": sender(SECRET, SECRET)}, None, "several live secrets of crm; they never end by themselves"),
        ({"crm": sender()}, False, "no secret of crm"),
        ({"crm": sender(SECRET, events=())}, None, "may send anything to promise-svc"),
        ({"crm": sender(SECRET, events=("promise.mad",))}, False, "has no event type 'promise.mad'"),
        ({"crm": {"secret": SECRET}}, False, "source 'crm': not an entry"),
    ],
)
def test_senders(tmp_path: Path, senders: dict[str, Any], ok: object, detail: str) -> None:
    found = webhooks(file(tmp_path, {"sources": senders}), "promise-svc", ACCEPTED)
    assert found.ok is ok
    assert detail in found.detail
    assert (found.mend == "") is (ok is True)
    assert SECRET not in found.detail
