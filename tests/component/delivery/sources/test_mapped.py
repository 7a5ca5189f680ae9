"""Mapped webhooks the whole way: signed requests of a preset and of a file, and a file that changes while we run."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from candor.contracts import IncidentReported
from candor.web.security.schemes import SignedRequest
from delivery_svc.offered import OFFERED
from tests.component.delivery.reports import known as known_promise
from tests.component.delivery.reports import sent
from tests.component.delivery.sources.taking import taking
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.servers import Databases
from tests.support.waiting import until

AT: Final = datetime(2026, 11, 30, tzinfo=UTC)
SECRET, TOKEN = "a secret that PagerDuty chose", secrets.token_urlsafe(32)
INCIDENTS, MILESTONES = {"delivery-svc": ["incident.reported"]}, {"delivery-svc": ["milestone.reported"]}
SENDERS: Final = {
    "pager": {"source": "pagerduty", "secrets": [SECRET], "events": INCIDENTS},
    "am": {"source": "alertmanager", "secrets": [TOKEN], "events": INCIDENTS},
    "gate": {"source": "gate", "secrets": [TOKEN], "events": MILESTONES},
}
GATE: Final = """
sources:
  gate:
    service: delivery-svc
    proof: {bearer: {}}
    events:
      - type: milestone.reported
        id: {from: body.no, as: text}
        data:
          promise_id: body.order
          milestone: {value: loading}
          status: {from: body.event, map: {in: started, out: reached}}
          at: body.at
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("mapped") / "sources.yaml"
    made.write_text(GATE)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory, file: Path
) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("keys")
    async with taking(postgres, databases, folder, SENDERS, clock=ManualClock(AT), file=file) as made:
        yield made


def sample(name: str) -> bytes:
    return files(OFFERED.package).joinpath("samples", f"{name}.json").read_bytes()


async def post(api: Api, sender: str, raw: bytes, **headers: str) -> httpx.Response:
    return await api.client.post(
        f"/v1/webhooks/{sender}", content=raw, headers={"content-type": "application/json", **headers}
    )


def signed(raw: bytes) -> dict[str, str]:
    scheme = OFFERED.sources()["pagerduty"].schemes[0]
    return dict(scheme.sign(SignedRequest("POST", "", {}, raw), SECRET, AT))


async def test_a_signed_incident_of_pagerduty_is_one_and_its_repetition_is_none(api: Api) -> None:
    raw = sample("pagerduty")
    first, again = [await post(api, "pager", raw, **signed(raw)) for _ in range(2)]
    assert (first.status_code, first.json()["accepted"]) == (202, 1)
    assert (again.status_code, again.json()["replayed"]) == (202, 1)
    [event] = await sent(api, "Q1PROMISE20418")
    assert isinstance(event.data, IncidentReported)
    assert (event.data.title, event.data.severity, event.data.source) == ("Dispatch API p99 above 4 s", 0.7, "pager")


async def test_one_byte_more_is_nobodys(api: Api) -> None:
    raw = sample("pagerduty")
    refused = await post(api, "pager", raw + b" ", **signed(raw))
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")


async def test_an_alert_opens_and_ends_whatever_comes_first(api: Api) -> None:
    body = json.loads(sample("alertmanager"))
    firing = body["alerts"][0]
    over = {**firing, "status": "resolved", "endsAt": "2026-11-26T09:40:00Z"}
    for alerts in ([over], [firing], [firing, over]):
        said = await post(api, "am", json.dumps({**body, "alerts": alerts}).encode(), authorization=f"Bearer {TOKEN}")
        assert said.status_code == 202
        assert said.json()["rejected"] == []
    found = [one.data for one in await sent(api, f"{firing['fingerprint']}:{firing['startsAt']}")]
    assert [one.status for one in found if isinstance(one, IncidentReported)] == ["resolved"]


async def test_a_large_body_is_taken_whole(api: Api) -> None:
    body = json.loads(sample("alertmanager"))
    alerts = [{**body["alerts"][0], "fingerprint": f"many{number:04}"} for number in range(400)]
    said = await post(api, "am", json.dumps({**body, "alerts": alerts}).encode(), authorization=f"Bearer {TOKEN}")
    assert (said.status_code, said.json()["accepted"]) == (202, 400)


async def gate(api: Api, order: str, **more: Any) -> httpx.Response:
    body = {"no": 1, "order": order, "event": "in", "at": "2026-11-29T08:00:00Z", **more}
    return await post(api, "gate", json.dumps(body).encode(), authorization=f"Bearer {TOKEN}")


async def test_a_file_that_changes_counts_while_we_run(api: Api, file: Path) -> None:
    order, customer_id = await known_promise(api)
    assert (await gate(api, order)).json()["accepted"] == 1
    refused = (await gate(api, order, no=2, event="stuck")).json()
    assert "nothing for 'stuck'" in refused["rejected"][0]["detail"]
    listed = await api.call("GET", "/v1/rejected", role="viewer", params={"source": "gate"})
    assert "nothing for 'stuck'" in listed.json()["items"][0]["detail"]
    rewritten(file, GATE.replace("out: reached", "out: reached, stuck: missed"))

    async def taken() -> bool:
        return bool((await gate(api, order, no=3, event="stuck")).json()["accepted"])

    await until(taken)
    assert len(await sent(api, customer_id)) == 2


def rewritten(file: Path, text: str) -> None:
    file.write_text(text)
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))
