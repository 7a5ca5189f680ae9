"""The register of capabilities, claims beside it as it stood, and the recall of false ones."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations, product
from typing import Any

import pytest

from candor.contracts import CapabilityChanged, Check, ClaimChanged, Claimed, Level
from promise_svc.domain import claims
from tests.component.promise.bodies import code, new, sent
from tests.component.promise.matters import begun, claim, registered, shown
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

EU = {"status": "available", "since_version": "4.2", "region": "eu"}
PRO = {"status": "beta", "edition": "pro"}
PLANNED = {"status": "planned"}


async def claimed(api: Api, capability: str, **changes: Any) -> dict[str, Any]:
    return await begun(api, "/v1/claims", claim(capability, **changes))


async def test_the_register_says_how_it_stood_and_keeps_its_history(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    name = new("cap")
    first = await registered(promise_api, name, PLANNED, wording="Telemetry is planned.")
    assert (first["version"], first["state"], first["wording"]) == (1, "registered", "Telemetry is planned.")
    promise_clock.advance(timedelta(hours=1))
    await registered(promise_api, name, EU, PLANNED)
    whole = await shown(promise_api, f"/v1/capabilities/{name}")
    assert whole["statuses"] == [EU, PLANNED]
    assert "wording" not in whole
    assert [entry["statuses"] for entry in whole["entries"]] == [[PLANNED], [EU, PLANNED]]
    before = await shown(promise_api, f"/v1/capabilities/{name}", stood_at=(NOON + timedelta(minutes=1)).isoformat())
    assert (before["statuses"], before["wording"]) == ([PLANNED], "Telemetry is planned.")
    never = await promise_api.call("GET", f"/v1/capabilities/{name}", params={"stood_at": "2013-03-08T11:00:00Z"})
    assert (never.status_code, code(never)) == (404, "not_found")
    listed = await shown(promise_api, "/v1/capabilities", limit=1)
    assert [item["capability_id"] for item in listed["items"]] == [name]
    messages = await sent(promise_api, name)
    assert [type(message.data) for message in messages] == [CapabilityChanged] * 2
    assert [message.envelope.version for message in messages] == [1, 2]


async def test_what_the_register_said_before_is_sent_as_it_was_said(promise_api: Api) -> None:
    name = new("cap")
    await registered(promise_api, name, PLANNED)
    await promise_api.webhook("capability.set", {"capability_id": name, "statuses": [EU]}, at=NOON - timedelta(1))
    first, late = [message.data for message in await sent(promise_api, name)]
    assert isinstance(first, CapabilityChanged)
    assert isinstance(late, CapabilityChanged)
    assert ([one.status for one in first.statuses], [one.status for one in late.statuses]) == (
        [Level.PLANNED],
        [Level.AVAILABLE],
    )
    assert late.at == NOON - timedelta(1)


async def test_a_correction_without_a_number_is_sent_as_one_of_all(promise_api: Api) -> None:
    customer = new("c")
    for number, (body, reached) in enumerate((({}, 40), ({"reached": 7}, 7))):
        made = await claimed(promise_api, new("cap"), customer_id=customer, recipients=40)
        path = f"/v1/claims/{made['claim_id']}/corrections"
        assert (await promise_api.call("POST", path, body)).status_code == 200
        data = (await sent(promise_api, customer))[2 * number + 1].data
        assert isinstance(data, ClaimChanged)
        assert (data.recipients, data.reached) == (40, reached)


async def test_a_register_is_changed_only_as_it_was_read(promise_api: Api) -> None:
    name, path = new("cap"), "/v1/capabilities/"
    for tag, status in (('"1"', 412), ('"0"', 200), ('"0"', 412), ('"1"', 200)):
        body = {"statuses": [PLANNED]}
        answer = await promise_api.call("PUT", path + name, body, headers={"if-match": tag})
        assert answer.status_code == status, tag
    late = await promise_api.webhook(
        "capability.set", {"capability_id": name, "statuses": [EU]}, at=NOON - timedelta(1)
    )
    assert late.json() == {"state": "accepted", "capability_id": name, "version": 3, "in_effect": True}
    assert (await shown(promise_api, path + name))["statuses"] == [PLANNED]


@pytest.mark.parametrize(
    ("where", "there"),
    [({}, "planned"), ({"region": "eu"}, "available"), ({"region": "us", "edition": "pro"}, "beta"),
     ({"region": "eu", "edition": "pro"}, "available"), ({"region": "us"}, "planned")],
)  # fmt: skip
async def test_a_claim_is_checked_where_it_was_made(promise_api: Api, where: dict[str, str], there: str) -> None:
    name = new("cap")
    await registered(promise_api, name, EU, PRO, PLANNED)
    for said in Claimed:
        found = await claimed(promise_api, name, said=said, **where)
        expected = claims.check(said, Level(there))
        # Decided when it was made, and read from the database.
        assert found["verdict"] == expected
        assert (await shown(promise_api, f"/v1/claims/{found['claim_id']}"))["verdict"] == expected


async def test_a_claim_that_is_made_once_more_is_answered_with_its_verdict(promise_api: Api) -> None:
    name = new("cap")
    await registered(promise_api, name, PLANNED)
    first = await claimed(promise_api, name, said="available")
    again = await claimed(promise_api, name, said="available", claim_id=first["claim_id"])
    assert again == first
    assert again["verdict"] == "over_claim"


async def test_what_the_database_says_of_every_claim_is_what_the_domain_says(promise_api: Api) -> None:
    # A value and its absence, of each part of a place.
    levels = [None, *Level]
    for level in levels:
        name = new("cap")
        if level is not None:
            await registered(promise_api, name, {"status": level})
        for said in Claimed:
            await claimed(promise_api, name, said=said)
        page = await shown(promise_api, "/v1/claims", capability_id=name)
        assert {(item["said"], item["verdict"]) for item in page["items"]} == {
            (said, claims.check(said, level)) for said in Claimed
        }
        for verdict in Check:
            some = await shown(promise_api, "/v1/claims", capability_id=name, verdict=verdict)
            assert {item["verdict"] for item in some["items"]} <= {verdict}
            assert some["total"] == sum(claims.check(said, level) is verdict for said in Claimed)


async def test_a_claim_is_judged_by_the_register_of_its_time_in_whatever_order_all_came(promise_api: Api) -> None:
    found = set()
    for order in permutations(range(3)):
        name, mine = new("cap"), new("cl")
        steps = [
            ("capability.set", {"capability_id": name, "statuses": [{"status": "none"}]}, 3),
            ("claim.made", claim(name, claim_id=mine), 2),
            ("capability.set", {"capability_id": name, "statuses": [{"status": "available"}]}, 1),
        ]
        for place in order:
            kind, data, hours = steps[place]
            answer = await promise_api.webhook(kind, data, at=NOON - timedelta(hours=hours))
            assert answer.json()["state"] == "accepted", answer.text
        found.add((await shown(promise_api, f"/v1/claims/{mine}"))["verdict"])
    assert found == {Check.OVER_CLAIM}


async def test_a_recall_names_whom_it_reached_and_who_is_left_and_writes_to_nobody(promise_api: Api) -> None:
    name, customer = new("cap"), new("c")
    await registered(promise_api, name, PLANNED)
    prospects = await claimed(promise_api, name, recipients=40, at=NOON - timedelta(0))
    to_customer = await claimed(promise_api, name, customer_id=customer, words="it is there already")
    await claimed(promise_api, name, said="planned", recipients=500)
    await claimed(promise_api, name, said="none", recipients=3)
    await claimed(promise_api, new("cap"), recipients=7)
    messages = len(await promise_api.rows("SELECT FROM outbox"))
    found = await shown(promise_api, "/v1/claims/recall", capability=name)
    assert (found["told"], found["corrected"], found["left"], found["total"]) == (44, 0, 44, 3)
    assert len(await promise_api.rows("SELECT FROM outbox")) == messages
    for claim_id, body in ((prospects["claim_id"], {"reached": 12}), (to_customer["claim_id"], {"words": "called"})):
        answer = await promise_api.call("POST", f"/v1/claims/{claim_id}/corrections", body)
        assert (answer.status_code, answer.json()["state"]) == (200, "corrected")
    found = await shown(promise_api, "/v1/claims/recall", capability=name, limit=1)
    assert (found["told"], found["corrected"], found["left"]) == (44, 13, 31)
    assert len(found["items"]) == 1
    # More than were told are as many as were told.
    await promise_api.call("POST", f"/v1/claims/{prospects['claim_id']}/corrections", {"reached": 90})
    found = await shown(promise_api, "/v1/claims/recall", capability=name)
    assert (found["told"], found["corrected"], found["left"]) == (44, 41, 3)
    assert {item.get("customer_id") for item in found["items"]} == {None, customer}
    told, corrected = await sent(promise_api, customer)
    assert isinstance(told.data, ClaimChanged)
    assert (told.data.verdict, told.data.customer_id, corrected.envelope.version) == (Check.OVER_CLAIM, customer, 2)
    assert [m.envelope.key for m in await sent(promise_api, prospects["claim_id"])] == [prospects["claim_id"]] * 3


async def test_words_are_in_no_event(promise_api: Api) -> None:
    customer, secret = new("c"), new("secret")
    await claimed(promise_api, new("cap"), customer_id=customer, words=secret, person="kim")
    [message] = await sent(promise_api, customer)
    assert secret not in repr(message)
    assert message.data.person == "kim"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"said": "soon"}, "/said"),
        ({"recipients": 0}, "/recipients"),
        ({"recipients": True}, "/recipients"),
        ({"channel": ""}, "/channel"),
        ({"capability_id": "a/b"}, "/capability_id"),
        ({"promise_id": "p1"}, "/promise_id"),
    ],
)
async def test_a_bad_claim_names_its_field(promise_api: Api, body: dict[str, Any], pointer: str) -> None:
    refused = await promise_api.call("POST", "/v1/claims", claim(new("cap")) | body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("statuses", "pointer"),
    [
        ([], "/statuses"),
        ([PLANNED, PLANNED], "/statuses"),
        ([{"status": "there"}], "/statuses/0/status"),
        ([{"status": "beta", "region": str(n)} for n in range(51)], "/statuses"),
    ],
)
async def test_a_bad_register_names_its_field(promise_api: Api, statuses: list[Any], pointer: str) -> None:
    refused = await promise_api.call("PUT", f"/v1/capabilities/{new('cap')}", {"statuses": statuses})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_recall_of_what_the_register_does_not_know_names_what_may_be_meant(promise_api: Api) -> None:
    name = new("cap-")
    await registered(promise_api, name, PLANNED)
    await claimed(promise_api, f"{name}x")
    for mistyped in (f"{name}x", name[:-1], name.upper()):
        answer = await promise_api.call("GET", "/v1/claims/recall", role="viewer", params={"capability": mistyped})
        assert (answer.status_code, code(answer)) == (404, "unknown_capability")
        assert name in answer.json()["near"]
        assert name in answer.json()["detail"]
    far = await promise_api.call("GET", "/v1/claims/recall", role="viewer", params={"capability": "z" * 60})
    assert (far.status_code, far.json()["near"]) == (404, [])
    assert "near" not in far.json()["detail"]
    assert (await shown(promise_api, "/v1/claims/recall", capability=name))["told"] == 0


async def test_a_recall_is_of_one_capability(promise_api: Api) -> None:
    for params in ({}, {"capability": "a b"}, {"capability": "c", "verdict": "supported"}):
        assert (await promise_api.call("GET", "/v1/claims/recall", params=params)).status_code == 422


async def test_a_verdict_is_asked_for_of_one_capability(promise_api: Api) -> None:
    refused = await promise_api.call("GET", "/v1/claims", params={"verdict": "over_claim"})
    assert refused.status_code == 422
    assert [error["parameter"] for error in refused.json()["errors"]] == ["verdict"]


async def test_the_most_particular_status_applies_as_the_domain_says(promise_api: Api) -> None:
    name = new("cap")
    statuses = [
        {"status": level, **({"region": "eu"} if by_region else {}), **({"edition": "pro"} if by_edition else {})}
        for level, (by_region, by_edition) in zip(Level, product((True, False), repeat=2), strict=True)
    ]
    await registered(promise_api, name, *statuses)
    for region, edition in product((None, "eu", "us"), (None, "pro", "free")):
        where = {key: value for key, value in (("region", region), ("edition", edition)) if value}
        found = await claimed(promise_api, name, said="beta", **where)
        expected = claims.check(Claimed.BETA, claims.level(statuses, region, edition))
        assert found["verdict"] == expected
        assert (await shown(promise_api, f"/v1/claims/{found['claim_id']}"))["verdict"] == expected
