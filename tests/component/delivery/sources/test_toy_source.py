"""A source that lives in this file alone: a signature of its own, several events a body, an answer in XML.

What docs/guide/write-a-source.md ends with; nothing outside this file knows of it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from candor.intake.event import Event
from candor.intake.source import Incoming, Items, Outcome, Reply, Unusable, canonical, derived_id
from candor.web.http import strict_json
from candor.web.http.problems import Problem
from candor.web.security.schemes import Basic, HmacSignature, PathToken, Scheme
from candor.web.security.webhooks import Webhook
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build
from tests.component.delivery.reports import incident, milestone, new, sent
from tests.component.delivery.reports import known as known_promise
from tests.support.api import Api, Keys, running
from tests.support.clocks import NOON, ManualClock
from tests.support.servers import Databases

SECRET, OTHER, TOKEN = "the toy's first secret", "the toy's second secret", secrets.token_urlsafe(32)
PAIR = "toy:a password of the toy"
MAY = {"delivery-svc": ["milestone.reported"]}
STEPS = {"left": "started", "there": "reached"}


class ToyVans:
    """Vans that report stops: `{"stops": [{"job", "what", "unix", "no"?}]}`."""

    name = "toyvans"
    media_types = ("application/json",)
    schemes: Sequence[Scheme] = (
        HmacSignature(
            header="x-toy-signature",
            algorithm="sha512",
            prefix="toy=",
            separator=" ",
            signed="{method} {uri} {timestamp} {body}",
            timestamp_header="x-toy-time",
            timestamp_unit="milliseconds",
        ),
        Basic(),
        PathToken(),
    )

    def read(self, webhook: Webhook, known: Collection[str], now: datetime) -> Items:
        stops = strict_json.loads_object(webhook.raw).get("stops")
        if not isinstance(stops, list):
            raise Problem.invalid_field("/stops", "must be a list")
        return [self._stop(stop) for stop in stops]

    def _stop(self, stop: Any) -> Incoming | Unusable:
        raw = canonical(stop)
        try:
            status, at = STEPS[stop["what"]], datetime.fromtimestamp(stop["unix"], UTC)
        except (KeyError, TypeError, ValueError):
            return Unusable(Problem.invalid_field("/stops", "a stop has job, what and unix"), raw=raw)
        name = str(stop.get("no") or "")
        data = {"promise_id": stop["job"], "milestone": "delivery", "status": status, "at": at.isoformat()}
        return Incoming(name, Event("candor.milestone.reported.v1", at, data), raw)

    def answer(self, webhook: Webhook, outcomes: Sequence[Outcome]) -> Reply:
        marks = "".join("n" if isinstance(one.result, Problem) else "y" for one in outcomes)
        return Reply(200, f"<ack>{marks}</ack>".encode(), "text/xml; charset=utf-8", {"X-Toy": webhook.source})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def toy_api(postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    keys = Keys(tmp_path_factory.mktemp("toy"))
    values = keys.write()
    senders = {
        "crm": {"secrets": keys.secrets, "events": MAY},
        "toyvans": {"source": "toyvans", "secrets": [SECRET, OTHER], "events": MAY},
        "toy-east": {"source": "toyvans", "scheme": "path_token", "secrets": [TOKEN], "events": MAY},
        "toy-west": {"source": "toyvans", "scheme": "basic", "secrets": [PAIR], "events": MAY},
        "relay": {"source": "cloudevents", "secrets": [TOKEN], "events": MAY},
        "elsewhere": {"source": "of-another-service", "secrets": ["x"]},
    }
    values["webhook_secrets_file"].write_bytes(msgspec.json.encode({"sources": senders}))
    settings = DeliverySettings(
        database_url=postgres,
        database_prefix=f"t{secrets.token_hex(5)}",
        publishing=False,
        public_url="https://candor.example/in/",
        **values,
    )
    async with running(build(settings, ManualClock(), consuming=False, sources=[ToyVans()]), keys) as api:
        yield api
    await databases.drop(settings.database)


def stop(job: str, what: str = "there", minutes: int = -30, **more: Any) -> dict[str, Any]:
    return {"job": job, "what": what, "unix": int((NOON + timedelta(minutes=minutes)).timestamp()), **more}


async def post(
    api: Api, body: Any, *, secret: str = SECRET, age: timedelta = timedelta(), kind: str = "application/json"
) -> httpx.Response:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    time = str(int((datetime.now(UTC) - age).timestamp() * 1000))
    text = b"POST https://candor.example/in/v1/webhooks/toyvans " + time.encode() + b" " + raw
    said = hmac.new(secret.encode(), text, hashlib.sha512).hexdigest()
    headers = {"x-toy-signature": f"toy=00 toy={said}", "x-toy-time": time, "content-type": kind}
    return await api.client.post("/v1/webhooks/toyvans", content=raw, headers=headers)


async def rejected(api: Api, source: str) -> list[dict[str, Any]]:
    found = await api.call("GET", "/v1/rejected", params={"source": source})
    items: list[dict[str, Any]] = found.json()["items"]
    return items


async def test_two_events_of_one_body_under_ids_and_times_of_their_own(toy_api: Api) -> None:
    promise_id, customer_id = await known_promise(toy_api)
    number = new("no")
    body = {"stops": [stop(promise_id, "left", -40, no=number), stop(promise_id)]}
    answer = await post(toy_api, body)
    assert (answer.status_code, answer.text) == (200, "<ack>yy</ack>")
    assert (answer.headers["content-type"], answer.headers["x-toy"]) == ("text/xml; charset=utf-8", "toyvans")
    first, second = await sent(toy_api, customer_id)
    assert (first.envelope.id, first.envelope.source) == (number, "delivery-svc/toyvans")
    assert second.envelope.id == derived_id(canonical(body["stops"][1]))
    assert [message.envelope.time for message in (first, second)] == [
        NOON - timedelta(minutes=40),
        NOON - timedelta(minutes=30),
    ]


async def test_a_body_sent_again_and_an_event_twice_in_one_body_have_one_effect(toy_api: Api) -> None:
    promise_id, customer_id = await known_promise(toy_api)
    once = stop(promise_id, no=new("no"))
    answers = [await post(toy_api, {"stops": [once, once]}, secret=secret) for secret in (SECRET, OTHER)]
    assert [answer.text for answer in answers] == ["<ack>yy</ack>"] * 2
    assert len(await sent(toy_api, customer_id)) == 1


async def test_an_id_that_no_index_takes_or_holds_an_address_is_rejected_under_one_of_ours(toy_api: Api) -> None:
    promise_id, _ = await known_promise(toy_api)
    bad = [stop(promise_id, no="x" * 9000), stop(promise_id, no="nul\x00"), stop("a b", no="pat@customer.example")]
    answer = await post(toy_api, {"stops": bad})
    assert (answer.status_code, answer.text) == (200, "<ack>nnn</ack>")
    ids = {item["event_id"] for item in await rejected(toy_api, "toyvans")}
    assert {derived_id(canonical(one)) for one in bad} <= ids


async def test_what_cannot_be_used_is_answered_the_senders_way_and_kept_in_sight(toy_api: Api) -> None:
    promise_id, customer_id = await known_promise(toy_api)
    number, reused = new("no"), new("no")
    good = stop(promise_id, no=reused)
    bodies: list[Any] = [
        {"stops": [stop("a b", no=number), 7, good, good | {"unix": good["unix"] + 1}, stop(promise_id, minutes=6)]},
        b'{"stops":',
        {"stops": []},
    ]
    answers = [await post(toy_api, body) for body in bodies]
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (200, "<ack>nnynn</ack>"),
        (200, "<ack>n</ack>"),
        (200, "<ack></ack>"),
    ]
    found = [(item["reason"], item["event_id"]) for item in await rejected(toy_api, "toyvans")]
    assert ("invalid_field", number) in found
    assert ("event_id_reused", reused) in found
    assert ("malformed_json", derived_id(b'{"stops":')) in found
    assert len(await sent(toy_api, customer_id)) == 1


async def test_what_a_body_is_refused_for_is_kept_in_one_transaction_and_counted(toy_api: Api) -> None:
    bad = [stop("a b", no=new("no")) for _ in range(20)]
    assert (await post(toy_api, {"stops": [*bad, bad[0], bad[0]]})).text == f"<ack>{'n' * 22}</ack>"
    rows = await toy_api.rows(
        "SELECT xmin::text AS transaction, event_id, type, times FROM rejected WHERE event_id = ANY($1)",
        [one["no"] for one in bad],
    )
    assert {row["event_id"]: row["times"] for row in rows} == {one["no"]: 1 for one in bad} | {bad[0]["no"]: 3}
    assert {row["type"] for row in rows} == {"milestone.reported"}
    assert len({row["transaction"] for row in rows}) == 1


async def test_what_is_not_genuine_is_refused_as_ever(toy_api: Api) -> None:
    body: dict[str, Any] = {"stops": []}
    forged, old = (
        await post(toy_api, body, secret="a secret of nobody"),
        await post(toy_api, body, age=timedelta(hours=1)),
    )
    standard = await toy_api.webhook("milestone.reported", {}, source="toyvans")
    assert [(one.status_code, one.json()["code"]) for one in (forged, old, standard)] == [
        (401, "bad_signature"),
        (401, "stale"),
        (401, "bad_signature"),
    ]
    other = await post(toy_api, b"<stops/>", kind="text/xml")
    assert (other.status_code, other.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/vnd.toy+json; charset=utf-8", "text/plain; charset=UTF-8", "text/json"])
async def test_json_by_another_name_is_taken_as_json(toy_api: Api, kind: str) -> None:
    promise_id, customer_id = await known_promise(toy_api)
    answer = await post(toy_api, {"stops": [stop(promise_id)]}, kind=kind)
    assert (answer.status_code, answer.text) == (200, "<ack>y</ack>")
    assert len(await sent(toy_api, customer_id)) == 1


async def test_a_token_in_the_path(toy_api: Api) -> None:
    promise_id, customer_id = await known_promise(toy_api)
    body = {"stops": [stop(promise_id)]}
    with capture_logs() as logs:
        answers = [
            await toy_api.call("POST", path, body, role=None)
            for path in (
                f"/v1/webhooks/toy-east/{TOKEN}",
                f"/v1/webhooks/toy-east/{TOKEN}x",
                "/v1/webhooks/toy-east",
                f"/v1/webhooks/nobody/{TOKEN}",
                f"/v1/webhooks/toyvans/{TOKEN}",
                f"/v1/webhooks/toy-east/{TOKEN}?a=1",
            )
        ]
    assert [answer.status_code for answer in answers] == [200, 401, 401, 401, 401, 200]
    assert "/v1/webhooks/toy-east/…" in [line.get("path") for line in logs]
    assert TOKEN not in str(logs)
    (message,) = await sent(toy_api, customer_id)
    assert message.envelope.source == "delivery-svc/toy-east"


async def test_user_and_password(toy_api: Api) -> None:
    for pair, path, status in (
        (PAIR, "toy-west", 200),
        ("toy:another password", "toy-west", 401),
        (PAIR, f"toy-west/{TOKEN}", 401),
    ):
        auth = httpx.BasicAuth(*pair.split(":"))
        answer = await toy_api.client.post(f"/v1/webhooks/{path}", json={"stops": []}, auth=auth)
        assert answer.status_code == status


async def test_standard_webhooks_stand_beside_it(toy_api: Api) -> None:
    answer = await toy_api.webhook("milestone.lost", {})
    assert (answer.status_code, answer.json()["code"]) == (202, "unknown_type")


async def test_of_a_batch_only_what_its_sender_may_not_send_is_refused(toy_api: Api) -> None:
    promise_id, customer_id = await known_promise(toy_api)
    kinds = (("milestone.reported", milestone(promise_id)), ("incident.reported", incident(new("i"))))
    events = [
        {"specversion": "1.0", "id": new("evt"), "source": "/vans", "type": kind, "data": data}
        for kind, data in (*kinds, kinds[0])
    ]
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/cloudevents-batch+json"}
    content = msgspec.json.encode(events)
    answer = await toy_api.client.post("/v1/webhooks/relay", content=content, headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
    [refused] = answer.json()["rejected"]
    assert (refused["index"], refused["code"]) == (1, "event_type_not_allowed")
    assert len(await sent(toy_api, customer_id)) == 2
    [kept] = await rejected(toy_api, "relay")
    assert (kept["event_id"], kept["reason"]) == (events[1]["id"], "event_type_not_allowed")
