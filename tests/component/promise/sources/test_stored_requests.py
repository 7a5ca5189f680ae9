"""What senders sent is kept sealed, whatever became of it: listed, opened by operators, replayed as it is or mended."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from candor.intake import metrics
from candor.intake.requests.writing import Request
from candor.ops.retention_settings import RetentionSettings
from candor.store.eraser import Eraser
from candor.store.retention import request_rule
from candor.store.unit_of_work import unit_of_work
from promise_svc.domain.limits import WAITING
from promise_svc.store import ledger
from tests.component.promise.bodies import CONTACT, LATER, body, code, made, new, sent
from tests.support.api import UNBOUND, Api

SECRET_WORD = "the espresso machine of Mrs Confidential"


async def stored(api: Api, name: str) -> list[dict[str, Any]]:
    """The stored requests that came under a webhook id, oldest first."""
    found = []
    for row in await api.rows("SELECT * FROM request ORDER BY received_at, request_id"):
        content = api.intake.arrivals.vault.open(row["sealed"])
        if content is not None and content.webhook_id == name:
            found.append(row | {"content": content})
    return found


async def one(api: Api, name: str) -> dict[str, Any]:
    (row,) = await stored(api, name)
    return row


async def revision(api: Api, promise_id: str, name: str) -> Any:
    data = {"promise_id": promise_id, "due": LATER, "asked_by": "company", "reason": "r"}
    return await api.webhook("promise.revised", data, webhook_id=name)


async def many_wait(api: Api, promise_id: str) -> None:
    """As many revisions before their promise as wait for it: the next is refused until the promise is made."""
    for _ in range(WAITING):
        assert (await revision(api, promise_id, new("evt"))).json()["state"] == "waiting"


async def test_an_accepted_request_is_in_the_transaction_of_its_events(promise_api: Api) -> None:
    asked, name = body(promise_id=new("p"), what=SECRET_WORD), new("evt")
    assert (await promise_api.webhook("promise.made", asked, webhook_id=name)).status_code == 202
    row = await one(promise_api, name)
    assert (row["source"], row["read_as"], row["state"], row["times"], row["reason"]) == (
        *("crm", "standard", "processed", 1),
        "",
    )
    assert set(row["about"]) == {f"customer/{asked['customer_id']}", f"promise/{asked['promise_id']}"}
    both = await promise_api.rows(
        "SELECT r.xmin::text AS request, p.xmin::text AS promise FROM request r, promise p"
        " WHERE r.request_id = $1 AND p.promise_id = $2",
        *(row["request_id"], asked["promise_id"]),
    )
    assert both[0]["request"] == both[0]["promise"]


async def test_its_body_is_sealed_and_no_signature_is_in_it(promise_api: Api) -> None:
    name = new("evt")
    await promise_api.webhook("promise.made", body(what=SECRET_WORD), webhook_id=name)
    row = await one(promise_api, name)
    assert SECRET_WORD.encode() not in row["sealed"]
    assert SECRET_WORD.encode() in row["content"].body
    assert row["size"] == len(row["content"].body)
    assert set(row["content"].headers) == {"webhook-id", "webhook-timestamp"}


async def test_what_a_matter_alone_names_is_about_its_customer_too(promise_api: Api) -> None:
    promise = await made(promise_api)
    asked, taken = new("evt"), new("evt")
    handoff = {
        "handoff_id": new("h"),
        "promise_id": promise["promise_id"],
        "deliverer": "crew-7",
        "department": "sales",
    }
    answer = await promise_api.webhook("handoff.requested", handoff, webhook_id=asked)
    assert answer.json()["state"] not in ("rejected",), answer.text
    answer = await promise_api.webhook("handoff.accepted", {"handoff_id": handoff["handoff_id"]}, webhook_id=taken)
    assert answer.json()["state"] not in ("rejected",), answer.text
    for name in (asked, taken):
        assert f"customer/{promise['customer_id']}" in (await one(promise_api, name))["about"]


async def test_a_request_sent_again_is_one_row_that_counts(promise_api: Api) -> None:
    asked, name = body(), new("evt")
    for _ in range(3):
        await promise_api.webhook("promise.made", asked, webhook_id=name, at=promise_api.intake.clock.now())
    row = await one(promise_api, name)
    assert (row["times"], row["state"]) == (3, "processed")
    await promise_api.webhook("promise.made", body(), webhook_id=name)
    assert [row["state"] for row in await stored(promise_api, name)] == ["processed", "refused"]


async def test_what_was_refused_names_its_request_and_keeps_its_content(promise_api: Api) -> None:
    name, promise_id = new("evt"), new("p")
    await many_wait(promise_api, promise_id)
    for _ in range(2):
        assert (await revision(promise_api, promise_id, name)).json()["state"] == "rejected"
    row = await one(promise_api, name)
    assert (row["state"], row["times"], row["about"]) == ("refused", 2, [f"promise/{promise_id}"])
    assert row["reason"].startswith("limit_reached: ")
    items = (await promise_api.call("GET", "/v1/rejected", role="viewer", params={"limit": 200})).json()["items"]
    assert [item["request"] for item in items if item["event_id"] == name] == [row["request_id"]]
    shown = (await promise_api.call("GET", f"/v1/requests/{row['request_id']}", role="operator")).json()
    assert f'"promise_id":"{promise_id}"' in shown["sent"]["body"]
    assert (shown["sent"]["exact"], shown["completed"], shown["source"]) == (True, None, "crm")


async def test_bytes_that_are_no_text_are_shown_as_such(promise_api: Api) -> None:
    name = new("evt")
    await promise_api.webhook("promise.made", None, raw=b'{"type": "\xff\xfe', webhook_id=name)
    row = await one(promise_api, name)
    found = (await promise_api.call("GET", f"/v1/requests/{row['request_id']}")).json()["sent"]
    assert (found["body"], found["exact"]) == ('{"type": "\\xff\\xfe', False)


async def test_who_looked_who_replayed_and_who_mended_is_in_the_audit_log(promise_api: Api) -> None:
    name = new("evt")
    await revision(promise_api, new("p"), name)
    path = f"/v1/requests/{(await one(promise_api, name))['request_id']}"
    await promise_api.call("GET", path, role="operator")
    await promise_api.call("POST", f"{path}/replay", role="approver")
    await promise_api.call("PUT", f"{path}/body", {"body": "{}"}, role="admin")
    await promise_api.call("GET", f"/v1/requests/{'0' * 32}", role="operator")
    await promise_api.call("GET", path, role="viewer")
    rows = await promise_api.rows(
        "SELECT who, action, object, outcome FROM audit_log WHERE object LIKE $1 OR object LIKE $2 ORDER BY id",
        *(f"{path}%", f"/v1/requests/{'0' * 32}%"),
    )
    assert [(row["who"], row["action"], row["object"], row["outcome"]) for row in rows][:4] == [
        ("test-operator", "request.read", path, "done"),
        ("test-approver", "request.replay", f"{path}/replay", "done"),
        ("test-admin", "request.mend", f"{path}/body", "done"),
        ("test-operator", "request.read", f"/v1/requests/{'0' * 32}", "not_found"),
    ]
    assert (rows[4]["who"], rows[4]["outcome"]) == ("test-viewer", "role_too_low")


async def test_a_replay_takes_what_can_be_taken_by_now_and_nothing_twice(promise_api: Api) -> None:
    promise_id, name = new("p"), new("evt")
    await many_wait(promise_api, promise_id)
    await revision(promise_api, promise_id, name)
    path = f"/v1/requests/{(await one(promise_api, name))['request_id']}/replay"
    again = (await promise_api.call("POST", path, role="operator")).json()
    assert (again["state"], [item["code"] for item in again["rejected"]]) == ("refused", ["limit_reached"])
    promise = await made(promise_api, promise_id=promise_id)
    answers = [(await promise_api.call("POST", path, role="operator")).json() for _ in range(2)]
    assert [(one["state"], one["accepted"], one["replayed"]) for one in answers] == [
        ("processed", 1, 0),
        ("processed", 0, 1),
    ]
    row = await one(promise_api, name)
    assert (row["times"], row["state"], row["reason"]) == (1, "processed", "")
    assert f"customer/{promise['customer_id']}" in row["about"]
    shown = (await promise_api.call("GET", f"/v1/promises/{promise_id}")).json()
    assert (shown["version"], shown["latest_due"]) == (2, LATER)
    assert await rejections(promise_api, name) == []
    [item] = await rejections(promise_api, name, mended=True)
    assert item["mended_to"] == item["request"] == row["request_id"]


async def test_a_replay_is_no_sign_of_life_of_its_sender(promise_api: Api) -> None:
    name = new("evt")
    await promise_api.webhook("promise.made", body(), webhook_id=name)
    metrics.SOURCE_LAST_EVENT.clear()
    await promise_api.call("POST", f"/v1/requests/{(await one(promise_api, name))['request_id']}/replay")
    assert metrics.SOURCE_LAST_EVENT.labels("crm")._value.get() == 0


async def test_a_mended_request_is_one_of_its_own_and_the_original_stays(promise_api: Api) -> None:
    name, customer = new("evt"), new()
    await promise_api.webhook("promise.made", body(customer_id=customer, due="soon"), webhook_id=name)
    first = await one(promise_api, name)
    path = f"/v1/requests/{first['request_id']}/body"
    text = first["content"].body.decode()
    same = await promise_api.call("PUT", path, {"body": text})
    assert (same.status_code, code(same)) == (422, "invalid_field")
    wrong = (await promise_api.call("PUT", path, {"body": text.replace("soon", "later")})).json()
    assert (wrong["state"], wrong["request_id"] != first["request_id"]) == ("refused", True)
    mended = (await promise_api.call("PUT", path, {"body": text.replace("soon", LATER)}, role="operator")).json()
    assert (mended["state"], mended["accepted"]) == ("processed", 1)
    original, bad, good = await stored(promise_api, name)
    assert (original["state"], original["sealed"]) == ("mended", first["sealed"])
    # The try that was refused is nobody's task any more either.
    assert (bad["state"], good["state"]) == ("mended", "processed")
    assert original["mended_to"] == bad["mended_to"] == good["request_id"] == mended["request_id"]
    assert (good["mended_from"], good["mended_by"]) == (first["request_id"], "test-operator")
    assert len(await sent(promise_api, customer)) == 1
    await promise_api.webhook("promise.made", None, raw=original["content"].body, webhook_id=name)
    assert (await stored(promise_api, name))[0]["state"] == "mended"
    listed = await rejections(promise_api, name, mended=True)
    assert {(item["request"], item["mended_to"]) for item in listed} == {
        (first["request_id"], good["request_id"]),
        (bad["request_id"], good["request_id"]),
    }
    assert all(item["mended_at"] for item in listed)
    assert await rejections(promise_api, name) == []


async def rejections(api: Api, name: str, *, mended: bool = False) -> list[dict[str, Any]]:
    params = {"limit": 200, **({"mended": "true"} if mended else {})}
    items = (await api.call("GET", "/v1/rejected", role="viewer", params=params)).json()["items"]
    return [item for item in items if item["event_id"] == name]


async def test_what_was_mended_in_several_steps_is_refused_in_none_of_them(promise_api: Api) -> None:
    name = new("evt")
    await promise_api.webhook("promise.made", body(due="soon", kind="a b"), webhook_id=name)
    first = await one(promise_api, name)
    text = first["content"].body.decode().replace("soon", LATER)
    path = "/v1/requests/{}/body"
    second = (await promise_api.call("PUT", path.format(first["request_id"]), {"body": text})).json()
    assert (second["state"], len(await rejections(promise_api, name))) == ("refused", 2)
    third = (
        await promise_api.call("PUT", path.format(second["request_id"]), {"body": text.replace("a b", "ab")})
    ).json()
    assert third["state"] == "processed"
    assert [row["state"] for row in await stored(promise_api, name)] == ["mended", "mended", "processed"]
    assert await rejections(promise_api, name) == []


async def test_requests_are_listed_by_source_state_and_time_either_way(promise_api: Api) -> None:
    names = [new("evt") for _ in range(3)]
    for name in names:
        await promise_api.webhook("promise.lost", {}, webhook_id=name)
    ids = [(await one(promise_api, name))["request_id"] for name in names]
    times = [(await one(promise_api, name))["received_at"] for name in names]

    async def listed(**params: Any) -> list[str]:
        found: list[str] = []
        asked = {"limit": 1, "source": "crm", "state": "refused", "since": times[0].isoformat(), **params}
        answer = await promise_api.call("GET", "/v1/requests", role="viewer", params=asked)
        while True:
            assert answer.status_code == 200, answer.text
            found += [item["request_id"] for item in answer.json()["items"]]
            if "next" not in answer.links:
                return found
            answer = await promise_api.call("GET", answer.links["next"]["url"], role="viewer")

    assert await listed(order="oldest") == ids
    assert await listed() == ids[::-1]
    assert await listed(order="oldest", until=times[2].isoformat()) == ids[:2]
    assert await listed(state="waiting") == []
    assert await listed(source="field") == []
    for params in ({"state": "lost"}, {"order": "up"}, {"since": "yesterday"}, {"nonsense": "1"}, {"source": "a\0"}):
        answer = await promise_api.call("GET", "/v1/requests", params=params)
        assert answer.status_code == 422, params


async def test_what_a_sender_may_not_send_is_kept_as_well_and_it_alone_hears_of_it(promise_api: Api) -> None:
    name = new("evt")
    answer = await promise_api.webhook("promise.made", body(), webhook_id=name, source=UNBOUND)
    assert answer.status_code == 403
    row = await one(promise_api, name)
    assert (row["state"], row["source"]) == ("refused", UNBOUND)


async def erase(api: Api, customer: str) -> None:
    assert (await api.call("DELETE", f"/v1/customers/{customer}")).status_code == 200
    await Eraser(api.intake.database, ledger.erasures(), pause=0).clear()


async def test_an_erasure_reaches_all_requests_that_name_the_customer_or_a_promise(promise_api: Api) -> None:
    promise, other = await made(promise_api), await made(promise_api)
    names = [new("evt") for _ in range(4)]
    await promise_api.webhook("contact.set", {"customer_id": promise["customer_id"], **CONTACT}, webhook_id=names[0])
    await revision(promise_api, promise["promise_id"], names[1])
    wrong = {"promise_id": promise["promise_id"], "due": "2013-03-01T00:00:00Z", "asked_by": "company", "reason": "r"}
    await promise_api.webhook("promise.revised", wrong, webhook_id=names[2])
    await revision(promise_api, other["promise_id"], names[3])
    assert [len(await stored(promise_api, name)) for name in names] == [1, 1, 1, 1]
    await erase(promise_api, promise["customer_id"])
    assert [len(await stored(promise_api, name)) for name in names] == [0, 0, 0, 1]


async def test_a_customer_whom_requests_alone_name_can_be_erased(promise_api: Api) -> None:
    customer, name = new(), new("evt")
    wrong = body(customer_id=customer, due="2013-03-01T00:00:00Z")
    await promise_api.webhook("promise.made", wrong, webhook_id=name)
    assert f"customer/{customer}" in (await one(promise_api, name))["about"]
    await erase(promise_api, customer)
    assert await stored(promise_api, name) == []


@pytest.mark.parametrize("wrong", [{"due": "soon"}, {"nonsense": 1}, {"kind": 7, "customer_id": " {customer}\u200b"}])
async def test_an_erasure_reaches_what_could_not_be_read_of_the_customer(
    promise_api: Api, wrong: dict[str, object]
) -> None:
    customer, name = new(), new("evt")
    said = {key: value.format(customer=customer) if isinstance(value, str) else value for key, value in wrong.items()}
    await promise_api.webhook("promise.made", body(customer_id=customer) | said, webhook_id=name)
    assert (await one(promise_api, name))["state"] == "refused"
    await erase(promise_api, customer)
    assert await stored(promise_api, name) == []


@pytest.mark.parametrize("customer", ["a\0", "a\x1fb", "x" * 9_000, 7, None, {"id": "acme"}])
async def test_what_is_no_id_names_nobody(promise_api: Api, customer: object) -> None:
    name = new("evt")
    await promise_api.webhook("promise.made", body() | {"customer_id": customer}, webhook_id=name)
    row = await one(promise_api, name)
    assert row["state"] == "refused"
    assert [about for about in row["about"] if about.startswith("customer/")] == []


async def test_what_an_erased_customers_sender_repeats_is_refused_without_its_content(promise_api: Api) -> None:
    asked, name, late = body(), new("evt"), new("evt")
    at = promise_api.intake.clock.now()
    await promise_api.webhook("promise.made", asked, webhook_id=name, at=at)
    await erase(promise_api, asked["customer_id"])
    answer = await promise_api.webhook("promise.made", asked | {"what": SECRET_WORD}, webhook_id=late, at=at)
    assert answer.json()["code"] == "erased"
    assert await stored(promise_api, late) == []
    items = (await promise_api.call("GET", "/v1/rejected", params={"limit": 200})).json()["items"]
    assert [item["request"] for item in items if item["event_id"] == late] == [""]


async def test_a_replay_does_not_bring_back_what_was_erased_meanwhile(promise_api: Api) -> None:
    asked, name = body(), new("evt")
    await promise_api.webhook("promise.made", asked, webhook_id=name)
    row = await one(promise_api, name)
    await erase(promise_api, asked["customer_id"])
    gone = await promise_api.call("POST", f"/v1/requests/{row['request_id']}/replay")
    assert (gone.status_code, code(gone)) == (404, "not_found")
    # Read before the erasure and processed after it, as by another process.
    webhook = promise_api.app.state.replaying._opening.webhook("crm", row["content"])
    given = {name: row[name] for name in ("request_id", "source", "read_as", "sealed", "size", "received_at")}
    late = Request(**given, known=True)
    await promise_api.intake.process(webhook, late, heard=False)
    assert await stored(promise_api, name) == []


@pytest.mark.parametrize("days", [1, 7])
async def test_every_request_ends_with_its_time(promise_api: Api, days: float) -> None:
    rule = request_rule(RetentionSettings(requests_kept_days=days))
    names = [new("evt") for _ in range(3)]
    for name in names:
        await promise_api.webhook("promise.lost", {}, webhook_id=name)
    old = [(await one(promise_api, name))["request_id"] for name in names[:2]]
    await promise_api.rows(
        "UPDATE request SET received_at = now() - make_interval(secs => $2) WHERE request_id = ANY($1::text[])",
        *(old, days * 86_400 + 60),
    )
    async with unit_of_work(promise_api.intake.database) as uow:
        steps = [await rule.step(uow, 1) for _ in range(3)]
    assert [(step.gone, step.more) for step in steps] == [(1, True), (1, True), (0, False)]
    assert await kept(promise_api, names) == names[2:]


async def kept(api: Api, names: Collection[str]) -> list[str]:
    return [name for name in names if await stored(api, name)]
