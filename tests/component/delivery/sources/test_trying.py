"""Trying a captured request: whether its proof holds and what it would be taken as, and that nothing is stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, Final

import pytest
import pytest_asyncio

from candor.web.security.schemes import SignedRequest
from delivery_svc.offered import OFFERED
from tests.component.delivery.sources.taking import taking
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.servers import Databases

AT: Final = datetime(2026, 11, 30, tzinfo=UTC)
SECRET, TOKEN = "a secret that PagerDuty chose", "0123456789abcdef0123456789abcdef"
INCIDENTS: Final = {"delivery-svc": ["incident.reported"]}
SENDERS: Final = {
    "pager": {"source": "pagerduty", "secrets": [SECRET], "events": INCIDENTS},
    "am": {"source": "alertmanager", "secrets": [TOKEN], "scheme": "path_token", "events": INCIDENTS},
    "mute": {"source": "pagerduty", "secrets": [SECRET], "events": {}},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("keys")
    async with taking(postgres, databases, folder, SENDERS, clock=ManualClock(AT)) as made:
        yield made


def sample(name: str) -> str:
    return files(OFFERED.package).joinpath("samples", f"{name}.json").read_text()


def signed(raw: str, secret: str = SECRET) -> dict[str, str]:
    scheme = OFFERED.sources()["pagerduty"].schemes[0]
    return {
        "Content-Type": "application/json",
        **scheme.sign(SignedRequest("POST", "", {}, raw.encode()), secret, datetime.now(UTC)),
    }


async def tried(api: Api, sender: str, body: str, **said: Any) -> dict[str, Any]:
    answer = await api.call("POST", f"/v1/sources/{sender}/try", {"body": body, **said}, role="operator")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def everything(api: Api) -> list[int]:
    tables = ("request", "rejected", "incident", "parked", "receipt", "outbox", "rhythm", "unknown_label")
    known = {row["tablename"] for row in await api.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    return [(await api.rows(f"SELECT count(*) AS n FROM {name}"))[0]["n"] for name in tables if name in known]


async def test_a_genuine_request_shows_what_it_would_be_taken_as_and_leaves_nothing(api: Api) -> None:
    before = await everything(api)
    assert len(before) >= 6
    raw = sample("pagerduty")
    found = await tried(api, "pager", raw, headers=signed(raw))
    assert (found["source"], found["read_as"], found["proof"], found["reason"]) == ("pager", "pagerduty", "holds", "")
    (event,) = found["events"]
    assert (event["type"], event["refused"], found["completed"]) == ("incident.reported", None, False)
    assert event["data"]["title"] and event["event_id"]
    assert await everything(api) == before


async def test_a_signature_of_other_bytes_or_of_nobody_does_not_hold_and_the_mapping_is_shown_all_the_same(
    api: Api,
) -> None:
    raw = sample("pagerduty")
    for said in (signed(raw + " "), signed(raw, "another secret of somebody"), {}):
        found = await tried(api, "pager", raw, headers=said)
        assert (found["proof"], found["reason"]) == (
            "bad_signature",
            "none of the signatures is valid for this request",
        )
        assert found["events"][0]["refused"] is None


async def test_a_token_of_the_path_is_a_proof_where_the_sender_has_no_other(api: Api) -> None:
    raw = sample("alertmanager")
    assert (await tried(api, "am", raw, token=TOKEN))["proof"] == "holds"
    assert (await tried(api, "am", raw, token=TOKEN[:-1]))["proof"] == "bad_signature"
    assert (await tried(api, "am", raw))["proof"] == "bad_signature"
    refused = await tried(api, "pager", sample("pagerduty"), token=TOKEN)
    assert refused["reason"] == "its sender proves itself by a signature, not by a token in the path"


async def test_a_source_that_nobody_may_send_as_yet_is_read_and_said_to_have_no_secret(api: Api) -> None:
    found = await tried(api, "statuspage", sample("statuspage"))
    assert (found["proof"], found["reason"]) == ("no_secret", "WEBHOOK_SECRETS_FILE names no such sender")
    assert found["events"][0]["type"] == "incident.reported"


async def test_what_would_be_refused_says_why(api: Api) -> None:
    future = json.loads(sample("pagerduty"))
    future["event"]["occurred_at"] = (AT + timedelta(days=2)).isoformat()
    (event,) = (await tried(api, "pager", json.dumps(future)))["events"]
    assert event["refused"].startswith("/time")
    (event,) = (await tried(api, "mute", sample("pagerduty")))["events"]
    assert "mute may not send incident.reported here" in event["refused"]
    (event,) = (await tried(api, "pager", "no JSON"))["events"]
    assert (event["data"], event["type"]) == (None, "")
    assert event["refused"]


async def test_of_very_many_events_some_are_shown_and_the_others_counted(api: Api) -> None:
    body = json.loads(sample("alertmanager"))
    alert = body["alerts"][0]
    body["alerts"] = [{**alert, "fingerprint": f"f{at:03}"} for at in range(203)]
    found = await tried(api, "am", json.dumps(body))
    assert (len(found["events"]), found["events_more"]) == (200, 3)


async def test_only_operators_try_and_nobody_tries_what_there_is_not(api: Api) -> None:
    body = {"body": "{}"}
    assert (await api.call("POST", "/v1/sources/pager/try", body, role="viewer")).status_code == 403
    assert (await api.call("POST", "/v1/sources/nobody/try", body)).status_code == 404
    assert (await api.call("POST", "/v1/sources/pager/try", {})).status_code == 422
    wrong = await api.call("POST", "/v1/sources/pager/try", {"body": "", "headers": {"a b": "c"}})
    assert wrong.status_code == 422
    odd = await tried(api, "pager", "", headers={"x-signature": "ü ☕"})
    assert odd["proof"] == "bad_signature"
