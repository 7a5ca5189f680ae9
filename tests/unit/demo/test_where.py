"""Where a replay goes, with which secret and by which clock."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from candor.commands.replay import send
from candor.errors import OperatorError
from candor.ops.clock import BusinessClock, HeldClock, SystemClock
from candor.replay.where import WhereError, endpoints, pace, webhook_secret
from tests.component.demo.receiver import SECRET


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path))
    return tmp_path


def test_the_usual_addresses_where_nothing_runs(folder: Path) -> None:
    found = endpoints("", "http://elsewhere:1")
    assert (found.promise, found.delivery) == ("http://127.0.0.1:8101", "http://elsewhere:1")
    assert found.of("incident.reported") == "http://elsewhere:1"
    assert found.of("contact.set") == found.promise


def test_without_a_stack_a_replay_ends_at_once_and_says_what_to_start(folder: Path) -> None:
    # A stack that was stopped leaves its secrets.
    (folder / "secrets").mkdir()
    secrets = folder / "secrets" / "webhooks.json"
    secrets.write_text(json.dumps({"sources": {"replay": {"secrets": [SECRET]}}}))
    here = pace("", "")
    with pytest.raises(OperatorError, match="`candor up`"):
        send(list, 0, here, "", "", "replay", None, as_json=True)
    # Elsewhere nothing of this machine is asked; with secrets of their own the usual addresses are meant.
    send(list, 0, here, "http://127.0.0.1:1", "http://127.0.0.1:1", "replay", secrets, as_json=True)
    send(list, 0, here, "", "", "replay", secrets, as_json=True)


def test_the_running_stack_tells_its_addresses(folder: Path) -> None:
    (folder / "run").mkdir()
    part = {"pid": 1, "version": "1"}
    places = [
        {"name": "promise-svc", "address": "http://127.0.0.1:9001", **part},
        {"name": "delivery-svc", "address": "http://127.0.0.1:9002", **part},
    ]
    state = {"pid": 1, "ready": True, "started_at": "2026-01-01T00:00:00+00:00", "smtp": "", "places": places}
    (folder / "run" / "stack.json").write_text(json.dumps(state))
    found = endpoints("", "")
    assert (found.promise, found.delivery) == ("http://127.0.0.1:9001", "http://127.0.0.1:9002")


def test_the_newest_secret_of_a_source(tmp_path: Path) -> None:
    file = tmp_path / "webhooks.json"
    file.write_text(json.dumps({"sources": {"crm": {"secrets": [SECRET]}, "empty": {"secrets": []}}}))
    assert webhook_secret(file, "crm") == SECRET
    for source in ("empty", "erp"):
        with pytest.raises(WhereError, match=f"no secret of source '{source}'"):
            webhook_secret(file, source)


@pytest.mark.parametrize("text", ["", "[]", '{"sources": {"crm": {"secrets": ["short"]}}}'])
def test_a_file_that_holds_no_secrets(tmp_path: Path, text: str) -> None:
    file = tmp_path / "webhooks.json"
    file.write_text(text)
    with pytest.raises(WhereError, match=r"webhooks\.json"):
        webhook_secret(file, "crm")


def test_a_missing_file_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(WhereError, match="--secrets"):
        webhook_secret(tmp_path / "none.json", "crm")


def test_the_pace_is_the_services_clock(tmp_path: Path) -> None:
    start = "2013-03-07T17:00:00Z@1300"
    assert isinstance(pace("", "").clock, SystemClock)
    assert pace("", "").speed == 1
    running = pace(start, "2026-01-01T00:00:00+00:00")
    assert isinstance(running.clock, BusinessClock)
    assert running.speed == 1300
    assert isinstance(pace(start, "", str(tmp_path / "origin")).clock, HeldClock)
    for broken in ((start, ""), ("soon@1", "2026-01-01T00:00:00Z"), (start, "yesterday")):
        with pytest.raises(WhereError):
            pace(*broken)
    assert running.clock.now() > datetime(2013, 3, 7, tzinfo=UTC)
