"""What a sender hears, whichever way it proves itself: 401, 2xx, or 503 with the time after which to come again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import msgspec
import pytest
import pytest_asyncio

from candor.web.security.schemes import SignedRequest
from candor.web.security.signatures import signed_headers
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build
from tests.component.delivery.sources.test_toy_source import ToyVans, stop
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases

TOKEN = secrets.token_urlsafe(32)
KEY, PAIR = "the toy's only secret", "toy:a password of the toy"
MAY = {"delivery-svc": ["milestone.reported"]}
SENDERS = ("standard", "hmac", "basic", "path", "bearer")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    keys = Keys(tmp_path_factory.mktemp("expecting"))
    values = keys.write()
    senders = {
        "standard": {"secrets": keys.secrets, "events": MAY},
        "hmac": {"source": "toyvans", "secrets": [KEY], "events": MAY},
        "basic": {"source": "toyvans", "scheme": "basic", "secrets": [PAIR], "events": MAY},
        "path": {"source": "toyvans", "scheme": "path_token", "secrets": [TOKEN], "events": MAY},
        "bearer": {"source": "cloudevents", "secrets": [TOKEN], "events": MAY},
        "unbound": {"source": "toyvans", "scheme": "basic", "secrets": [PAIR]},
    }
    values["webhook_secrets_file"].write_bytes(msgspec.json.encode({"sources": senders}))
    settings = DeliverySettings(
        database_url=postgres,
        database_prefix=f"t{secrets.token_hex(5)}",
        publishing=False,
        address_rate_limit=0,
        public_url="https://candor.example/in/",
        **values,
    )
    async with running(build(settings, ManualClock(), consuming=False, sources=[ToyVans()]), keys) as started:
        yield started
    await databases.drop(settings.database)


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


async def post(api: Api, sender: str, raw: bytes, *, forged: bool = False) -> httpx.Response:
    """A request of a sender, proved as its scheme wants it, or by somebody who guesses."""
    path, headers = f"/v1/webhooks/{sender}", {"content-type": "application/json"}
    wrong = "x" if forged else ""
    now = datetime.now(UTC)
    match sender:
        case "standard":
            secret = "whsec_" + "QUFB" * 8 if forged else api.keys.secrets[0]
            headers |= signed_headers(secret, "evt-1", now, raw)
        case "hmac":
            request = SignedRequest("POST", f"https://candor.example/in{path}", {}, raw)
            headers |= ToyVans.schemes[0].sign(request, KEY + wrong, now)
        case "path":
            path += f"/{TOKEN}{wrong}"
        case "bearer":
            headers |= {
                "authorization": f"Bearer {TOKEN}{wrong}",
                "content-type": "application/cloudevents-batch+json",
            }
        case _:
            headers["authorization"] = basic(PAIR + wrong)
    return await api.client.post(path, content=raw, headers=headers)


@pytest.mark.parametrize("sender", SENDERS)
async def test_whoever_guesses_hears_401_whatever_they_say(api: Api, sender: str) -> None:
    for raw in (b"[]", b"{", b"\xff\x00"):
        answer = await post(api, sender, raw, forged=True)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert await api.rows("SELECT 1 FROM request WHERE source = $1", sender) == []


@pytest.mark.parametrize("sender", SENDERS)
async def test_what_is_genuine_hears_2xx_unreadable_unknown_or_known_already(api: Api, sender: str) -> None:
    for raw in (b"", b"{", b"[]", b"\xff\x00", b'{"type": "lunch.eaten"}', b"{", b"[" * 5_000):
        answer = await post(api, sender, raw)
        assert 200 <= answer.status_code < 300, (raw[:20], answer.text)
    (row,) = await api.rows("SELECT times, state FROM request WHERE source = $1 AND size = 1", sender)
    assert (row["times"], row["state"]) == (2, "refused")


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("limit", ["rates", "sizes"])
async def test_too_much_is_ours_and_says_when_to_come_again(api: Api, sender: str, limit: str) -> None:
    rates = getattr(api.app.state, limit)
    rates.charge(f"source:{sender}", 1e12)
    try:
        answer = await post(api, sender, b"{")
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1
        assert "try again" in answer.json()["detail"]
        # Whoever proves nothing is told so all the same.
        assert (await post(api, sender, b"{", forged=True)).status_code == 401
    finally:
        rates._buckets.clear()
    assert (await post(api, sender, b"{")).status_code < 300


async def test_a_vendor_that_may_not_send_an_event_hears_its_own_answer_and_staff_see_it(api: Api) -> None:
    raw = msgspec.json.encode({"stops": [stop("p-1")]})
    answer = await post(api, "unbound", raw)
    assert (answer.status_code, answer.text) == (200, "<ack>n</ack>")
    (row,) = await api.rows("SELECT state, reason FROM request WHERE source = 'unbound'")
    assert row["state"] == "refused"
    assert row["reason"].startswith("event_type_not_allowed: ")
