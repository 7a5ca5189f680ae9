"""Signed webhooks: genuine ones are never refused for what they say, others always."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from candor.intake import metrics
from tests.component.promise.bodies import CONTACT, DUE, LATER, body, code, made, new, sent
from tests.component.promise.matters import begun, handoff
from tests.support.api import Api
from tests.support.clocks import NOON


async def rejected(api: Api, event_id: str) -> dict[str, Any] | None:
    items = (await api.call("GET", "/v1/rejected", role="viewer", params={"limit": 200})).json()["items"]
    found: list[dict[str, Any]] = [item for item in items if item["event_id"] == event_id]
    return found[0] if found else None


async def test_a_promise_by_webhook_is_sent_under_the_senders_id_and_time(promise_api: Api) -> None:
    asked, name = body(promise_id=new("p")), new("evt")
    at = NOON - timedelta(hours=2)
    answer = await promise_api.webhook("promise.made", asked, webhook_id=name, at=at)
    assert answer.status_code == 202
    assert answer.json() == {"state": "accepted", "promise_id": asked["promise_id"], "version": 1}
    (message,) = await sent(promise_api, asked["customer_id"])
    assert (message.envelope.id, message.envelope.source) == (name, "promise-svc/crm")
    assert (message.envelope.time, message.data.made_at) == (at, at)  # type: ignore[attr-defined]


async def test_the_life_of_a_promise_by_webhooks(promise_api: Api) -> None:
    asked = body(promise_id=new("p"))
    named = {"promise_id": asked["promise_id"]}
    for kind, data in (
        ("promise.made", asked),
        ("promise.revised", named | {"due": LATER, "asked_by": "customer", "reason": "away"}),
        ("promise.settled", named | {"verdict": "kept", "completed_at": "2013-03-08T12:00:00Z"}),
    ):
        assert (await promise_api.webhook(kind, data)).json()["state"] == "accepted"
    shown = (await promise_api.call("GET", f"/v1/promises/{asked['promise_id']}")).json()
    assert (shown["state"], shown["first_due"], shown["held_due"], shown["version"]) == ("kept", DUE, LATER, 3)
    other = await made(promise_api)
    withdrawn = {"promise_id": other["promise_id"], "reason": "called off"}
    assert (await promise_api.webhook("promise.withdrawn", withdrawn)).json()["version"] == 2


async def test_a_repeated_webhook_has_one_effect_and_the_same_answer(promise_api: Api) -> None:
    asked, name = body(), new("evt")
    turned = dict(reversed(asked.items()))
    answers = [await promise_api.webhook("promise.made", data, webhook_id=name) for data in (asked, asked, turned)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(await sent(promise_api, asked["customer_id"])) == 1


async def test_the_same_id_with_another_body_is_kept_in_sight(promise_api: Api) -> None:
    name, second = new("evt"), body()
    await promise_api.webhook("promise.made", body(), webhook_id=name)
    answer = await promise_api.webhook("promise.made", second, webhook_id=name)
    assert (answer.status_code, answer.json()["code"]) == (202, "event_id_reused")
    assert await sent(promise_api, second["customer_id"]) == []
    found = await rejected(promise_api, name)
    assert found is not None
    assert (found["reason"], found["type"]) == ("event_id_reused", "promise.made")


UNUSABLE: list[tuple[str, bytes | None, Any, str]] = [
    ("promise.made", b"", None, "malformed_json"),
    ("promise.made", b"[]", None, "malformed_json"),
    ("promise.made", b'{"type":', None, "malformed_json"),
    ("promise.made", b'{"type":"promise.made","timestamp":"2013-03-08T12:00:00Z"}', None, "invalid_field"),
    ("promise.made", b'{"type":"promise.made","timestamp":1,"data":{}}', None, "invalid_field"),
    ("promise.made", None, {"customer_id": "c1"}, "invalid_field"),
    ("promise.made", None, body(due="2013-03-01T00:00:00Z"), "invalid_field"),
    ("promise.made", None, body(admin=True), "invalid_field"),
    ("promise.lost", None, {}, "unknown_type"),
    ("candor.promise.made.v2", None, {}, "unsupported_version"),
    ("handoff.accepted", None, {"handoff_id": "nobody"}, "not_found"),
]


@pytest.mark.parametrize(("kind", "raw", "data", "reason"), UNUSABLE)
async def test_what_cannot_be_used_is_answered_202_and_kept(
    promise_api: Api, kind: str, raw: bytes | None, data: Any, reason: str
) -> None:
    name = new("evt")
    before = metrics.REFUSED.labels(reason)._value.get()
    for times in (1, 2):
        answer = await promise_api.webhook(kind, data, raw=raw, webhook_id=name, at=NOON)
        assert (answer.status_code, answer.json()["state"], answer.json()["code"]) == (202, "rejected", reason)
        found = await rejected(promise_api, name)
        assert found is not None
        assert (found["reason"], found["source"], found["times"]) == (reason, "crm", times)
    assert metrics.REFUSED.labels(reason)._value.get() == before + 2


async def test_a_rejected_webhook_can_be_sent_again_once_the_reason_is_gone(promise_api: Api) -> None:
    named, name = new("h"), new("evt")
    data = {"handoff_id": named}
    assert (await promise_api.webhook("handoff.accepted", data, webhook_id=name)).json()["state"] == "rejected"
    await begun(promise_api, "/v1/handoffs", handoff((await made(promise_api))["promise_id"], handoff_id=named))
    assert (await promise_api.webhook("handoff.accepted", data, webhook_id=name)).json()["state"] == "accepted"


@pytest.mark.parametrize(("minutes", "state"), [(5, "accepted"), (6, "rejected")])
async def test_business_time_may_run_five_minutes_ahead(promise_api: Api, minutes: int, state: str) -> None:
    answer = await promise_api.webhook("promise.made", body(), at=NOON + timedelta(minutes=minutes))
    assert answer.json()["state"] == state


async def test_a_newer_type_name_means_the_same(promise_api: Api) -> None:
    assert (await promise_api.webhook("candor.promise.made.v1", body())).json()["state"] == "accepted"


async def test_nothing_that_a_sender_wrote_is_kept_of_a_rejected_webhook(promise_api: Api) -> None:
    name = new("evt")
    data = {"customer_id": new(), **CONTACT, "email": "not an address anna.secret@example.com", "anna.secret@x.org": 1}
    assert (await promise_api.webhook("contact.set", data, webhook_id=name)).json()["state"] == "rejected"
    assert "anna.secret" not in str(await promise_api.rows("SELECT * FROM rejected WHERE event_id = $1", name))


async def test_both_live_secrets_hold(promise_api: Api) -> None:
    for secret in promise_api.keys.secrets:
        assert (await promise_api.webhook("promise.made", body(), secret=secret)).status_code == 202


@pytest.mark.parametrize(("size", "status"), [(400_000, 202), (1024 * 1024 + 1, 413)])
async def test_a_batch_of_a_crm_may_be_as_large_as_one_of_a_field_service(
    promise_api: Api, size: int, status: int
) -> None:
    said = msgspec.json.encode({"type": "promise.made", "timestamp": NOON, "data": body()})
    answer = await promise_api.webhook("promise.made", None, raw=said[:-1] + b" " * (size - len(said)) + b"}")
    assert answer.status_code == status, answer.text


FOREIGN = "whsec_" + "A" * 44


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"secret": FOREIGN}, "bad_signature"),
        ({"source": "nobody"}, "bad_signature"),
        ({"signed": timedelta(minutes=-6)}, "stale"),
        ({"signed": timedelta(minutes=9)}, "stale"),
    ],
)
async def test_what_is_not_genuine_is_refused(promise_api: Api, changes: dict[str, Any], expected: str) -> None:
    # Counted from now: the tests may have been collected many minutes ago.
    signed_at = datetime.now(UTC) + changes.get("signed", timedelta())
    others = {name: value for name, value in changes.items() if name != "signed"}
    answer = await promise_api.webhook("promise.made", body(), signed_at=signed_at, **others)
    assert (answer.status_code, code(answer)) == (401, expected)


async def test_a_genuine_webhook_under_an_id_that_we_cannot_keep_is_told_so(promise_api: Api) -> None:
    for name in ("x" * 257, "y" * 1000):
        answer = await promise_api.webhook("promise.made", body(), webhook_id=name)
        assert (answer.status_code, answer.json()["code"]) == (202, "invalid_field")
        assert answer.json()["detail"].startswith("/id: must be")
    found = await promise_api.call("GET", "/v1/rejected", role="viewer", params={"reason": "invalid_field"})
    assert found.json()["items"][0]["detail"].startswith("/id: must be")


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_a_missing_header_is_a_bad_signature(promise_api: Api, missing: str) -> None:
    headers = {"webhook-id": "e", "webhook-timestamp": "1", "webhook-signature": "v1,eA=="}
    del headers[missing]
    answer = await promise_api.call("POST", "/v1/webhooks/crm", {}, role=None, headers=headers)
    assert (answer.status_code, code(answer)) == (401, "bad_signature")


async def test_rejections_are_listed_newest_first_in_pages(promise_api: Api) -> None:
    names = [new("evt") for _ in range(3)]
    for name in names:
        await promise_api.webhook("promise.lost", {}, webhook_id=name)
    found: list[str] = []
    path = "/v1/rejected?limit=1&reason=unknown_type&source=crm"
    for _ in names:
        page = await promise_api.call("GET", path, role="viewer")
        found += [item["event_id"] for item in page.json()["items"]]
        path = page.headers["link"][1:].partition(">")[0] if "link" in page.headers else path
    assert found == names[::-1]
    nobody = await promise_api.call("GET", "/v1/rejected", role="viewer", params={"source": "nobody"})
    assert nobody.json()["items"] == []


async def test_when_a_sender_was_last_heard_is_on_the_page_and_not_what_was_not_genuine(promise_api: Api) -> None:
    def heard() -> float:
        seconds: float = metrics.SOURCE_LAST_EVENT.labels("crm")._value.get()
        return seconds

    metrics.SOURCE_LAST_EVENT.clear()
    stranger = "whsec_" + "QUFB" * 8
    assert (await promise_api.webhook("promise.made", body(), secret=stranger)).status_code == 401
    assert heard() == 0
    await promise_api.webhook("promise.made", body())
    first = heard()
    assert first > 0
    # A sender whose events cannot be used has not stopped: that is told elsewhere.
    await promise_api.webhook("promise.lost", {})
    assert heard() > first


async def test_history_is_no_sign_of_life_of_whoever_imports_it(promise_api: Api) -> None:
    metrics.SOURCE_LAST_EVENT.clear()
    event = {"id": new("h"), "type": "promise.made", "time": NOON - timedelta(hours=1), "data": body()}
    answer = await promise_api.call("POST", "/v1/imports", {"events": [event]})
    assert answer.status_code == 200, answer.text
    assert metrics.SOURCE_LAST_EVENT.labels("test-admin")._value.get() == 0
