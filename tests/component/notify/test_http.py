"""The API over HTTP: what was said and why, what is held, and the switches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from candor.store.unit_of_work import unit_of_work
from candor.web.app import create_app
from notify_svc.api.routes import mass
from notify_svc.api.routes.notices import router
from notify_svc.delivery import switches
from notify_svc.delivery.figures import Figures
from notify_svc.domain.freshness import Freshness
from notify_svc.settings import NotifySettings
from tests.component.notify.channels.smtp_script import CUT, Script, serving
from tests.support.lists import MANY, copied, walk
from tests.support.notify import FINE, LATE, Desk, contact, departed_late, gap, promise, staff

ROLES = ("viewer", "operator", "approver", "admin")


@pytest_asyncio.fixture(loop_scope="session")
async def api(desk_: Desk, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service's routes on the desk's database; `role` keys are the role's name."""
    keys = [
        {"name": f"{role}-1", "sha256": hashlib.sha256(role.encode()).hexdigest(), "role": role, "scopes": []}
        for role in ROLES
    ]
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": keys}))
    app = create_app("notify", NotifySettings(api_keys_file=file), None, [router, mass.router])
    app.state.database = desk_.database
    app.state.clock = desk_.clock
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=key("admin")) as client:
        yield client


def key(role: str) -> dict[str, str]:
    return {"authorization": f"Bearer {role}"}


async def put(api: httpx.AsyncClient, path: str, enabled: object, role: str = "admin") -> httpx.Response:
    return await api.put(path, json={"enabled": enabled}, headers=key(role))


async def items(api: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/v1/notices", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_notice_shows_its_reason_and_its_message_verbatim(desk_: Desk, api: httpx.AsyncClient) -> None:
    await desk_.warned(gap(2, facts=[departed_late()]))
    await desk_.send()
    [shown] = await items(api)
    assert (shown["state"], shown["reason"], shown["spoken_for"]) == ("sent", "delivered", "slip_held")
    whole = (await api.get(f"/v1/notices/{shown['notice_id']}")).json()
    part = desk_.received()[0].parsed().get_body(("plain",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n") == whole["message"]
    assert {"says": "milestone_late departed", "event": "ev-d"} in whole["evidence"]["support"]
    assert whole["evidence"]["decision"]["p_slip"] == "0.860"


async def test_lists_are_filtered_and_paged(desk_: Desk, api: httpx.AsyncClient) -> None:
    for number in range(5):
        name, customer = f"p{number}", f"c{number}"
        await desk_.take(promise(name, customer), contact(customer), gap(1, name=name, customer=customer))
    await desk_.later(5)
    assert [item["promise_id"] for item in await items(api, promise_id="p3")] == ["p3"]
    assert [item["customer_id"] for item in await items(api, customer_id="c2")] == ["c2"]
    assert len(await items(api, state="pending", statement="warning")) == 5
    assert await items(api, state="sent") == []
    seen, path = [], "/v1/notices?limit=2"
    while path:
        answer = await api.get(path)
        seen += [item["promise_id"] for item in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert sorted(seen) == [f"p{number}" for number in range(5)]


async def test_a_list_shows_who_each_notice_is_for_and_can_be_of_one_audience(
    desk_: Desk, api: httpx.AsyncClient
) -> None:
    await desk_.warned(staff(), owner="anna")
    await desk_.send()
    assert [(item["audience"], item["addressee"], item["state"]) for item in await items(api)] == [
        ("customer", "c1", "pending"),
        ("owner", "staff/anna", "sent"),
    ]
    [owners] = await items(api, audience="owner")
    [customers] = await items(api, audience="customer")
    whole = (await api.get(f"/v1/notices/{owners['notice_id']}")).json()
    assert (whole["ahead_of"], customers["owner"]) == (customers["notice_id"], "waiting")
    assert whole["evidence"]["decision"]["p_slip"] == "0.860"


async def test_an_owners_notice_of_unknown_fate_that_a_person_settles_lets_the_customers_go(
    desk_: Desk, api: httpx.AsyncClient
) -> None:
    await desk_.warned(staff(), owner="anna")
    async with serving(Script(dot=CUT)) as script:
        await desk_.send(port=script.port)
    [shown] = await items(api, state="unknown")
    assert await desk_.send() == 0
    await api.post(f"/v1/notices/{shown['notice_id']}/resolve", json={"outcome": "sent"})
    assert await desk_.send() == 1
    [told] = await items(api, audience="customer")
    assert (told["state"], told["owner"]) == ("sent", "owner_told")


async def test_switched_on_both_are_said_afresh_the_owner_first(desk_: Desk, api: httpx.AsyncClient) -> None:
    await put(api, "/v1/sending", False)
    await desk_.warned(staff(), owner="anna")
    await put(api, "/v1/sending", True)
    # The sender forgets what was a preview before it claims anything.
    assert await desk_.send() == 0
    await desk_.later(1)
    while await desk_.send():
        pass
    assert [mail.recipients[0] for mail in desk_.received()] == ["anna@company.example", "pat@customer.example"]
    assert await items(api, state="preview") == []


@pytest.mark.parametrize(
    "query",
    ["audience=all", "state=lost", "statement=hello", "limit=0", "cursor=x", "promise_id=%00", "customer_id=a%20b"],
)
async def test_a_bad_query_is_named(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/v1/notices?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")


async def test_what_is_not_there_is_404(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/notices/none")).status_code == 404
    answer = await api.post("/v1/notices/none/resolve", json={"outcome": "sent"})
    assert answer.status_code == 404


ROUTES = [
    ("GET", "/v1/notices", None, "viewer"),
    ("GET", "/v1/notices/x", None, "viewer"),
    ("GET", "/v1/sending", None, "viewer"),
    ("POST", "/v1/notices/x/resolve", {"outcome": "sent"}, "operator"),
    ("PUT", "/v1/sending", {"enabled": True}, "admin"),
    ("PUT", "/v1/kill-switch", {"enabled": True}, "admin"),
]


@pytest.mark.parametrize(("method", "path", "body", "role"), ROUTES)
async def test_the_role_below_is_refused(api: httpx.AsyncClient, method: str, path: str, body: Any, role: str) -> None:
    below = ROLES[: ROLES.index(role)]
    refused = await api.request(method, path, json=body, headers=key(below[-1]) if below else {"authorization": ""})
    assert refused.status_code == (403 if below else 401)
    allowed = await api.request(method, path, json=body, headers=key(role))
    assert allowed.status_code in (200, 404)


@pytest.mark.parametrize("body", [{}, {"enabled": "yes"}, {"enabled": 1}, {"enabled": True, "x": 1}, [], "on"])
async def test_a_switch_takes_true_or_false_and_nothing_else(api: httpx.AsyncClient, body: Any) -> None:
    answer = await api.put("/v1/sending", json=body)
    assert answer.status_code in (400, 422)


async def unknown(desk: Desk, api: httpx.AsyncClient) -> str:
    await desk.warned()
    script = Script(dot=CUT)
    async with serving(script):
        await desk.send(port=script.port)
    [shown] = await items(api, state="unknown")
    identity: str = shown["notice_id"]
    return identity


async def test_a_person_who_knows_that_it_arrived_settles_an_unknown_one(desk_: Desk, api: httpx.AsyncClient) -> None:
    identity = await unknown(desk_, api)
    answer = await api.post(f"/v1/notices/{identity}/resolve", json={"outcome": "sent"}, headers=key("operator"))
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (200, "sent", "operator_sent")
    again = await api.post(f"/v1/notices/{identity}/resolve", json={"outcome": "not_sent"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    await desk_.later(10, gap(2, FINE, at=desk_.clock.now()))
    await desk_.send()
    assert [state[:2] for state in await desk_.states()] == [("warning", "sent"), ("all_clear", "sent")]
    rows = await desk_.database.pool.fetch("SELECT who, action, object FROM audit_log WHERE outcome = 'done'")
    assert [tuple(row) for row in rows] == [("operator-1", "notice.sent", f"/v1/notices/{identity}/resolve")]


async def test_one_that_did_not_arrive_is_said_again_with_the_same_id_if_it_still_holds(
    desk_: Desk, api: httpx.AsyncClient
) -> None:
    identity = await unknown(desk_, api)
    await api.post(f"/v1/notices/{identity}/resolve", json={"outcome": "not_sent"})
    await desk_.take(tick=True)
    await desk_.send()
    assert await desk_.states() == [("warning", "sent", "delivered")]
    [mail] = desk_.received()
    assert mail.parsed()["Message-ID"] == f"<{identity}@mail.test>"


async def test_one_that_did_not_arrive_and_no_longer_holds_is_left(desk_: Desk, api: httpx.AsyncClient) -> None:
    identity = await unknown(desk_, api)
    await api.post(f"/v1/notices/{identity}/resolve", json={"outcome": "not_sent"})
    await desk_.later(10, gap(2, FINE, at=desk_.clock.now()))
    assert await desk_.send() == 0
    assert await desk_.states() == [("warning", "suppressed", "operator_not_sent")]


async def test_sending_off_composes_previews_and_on_says_afresh_what_still_holds(
    desk_: Desk, api: httpx.AsyncClient
) -> None:
    assert (await put(api, "/v1/sending", False)).json() == {"sending": False, "kill_switch": False}
    await desk_.warned()
    await desk_.take(promise("p2", "c2"), contact("c2"), gap(1, name="p2", customer="c2"))
    await desk_.later(5)
    assert await desk_.send() == 0
    assert [item["state"] for item in await items(api)] == ["preview", "preview"]
    assert all(item["message"] for item in await items(api))
    await desk_.take(gap(2, FINE, at=desk_.clock.now(), name="p2", customer="c2"))
    assert (await put(api, "/v1/sending", True)).json()["sending"] is True
    assert await desk_.send() == 0
    await desk_.later(1)
    await desk_.send()
    [mail] = desk_.received()
    assert mail.recipients == ("pat@customer.example",)
    part = mail.parsed().get_body(("plain",))
    assert part is not None
    assert part.get_content().startswith("Hello Pat,\r\n\r\nWe are probably going to be late")
    assert await items(api, state="preview") == []


async def test_the_kill_switch_holds_everything_and_lets_it_go_again(desk_: Desk, api: httpx.AsyncClient) -> None:
    assert (await put(api, "/v1/kill-switch", True)).json() == {"sending": True, "kill_switch": True}
    await desk_.warned()
    assert await desk_.send() == 0
    assert [item["state"] for item in await items(api)] == ["pending"]
    await put(api, "/v1/kill-switch", False)
    assert await desk_.send() == 1
    assert (await api.get("/v1/sending")).json() == {"sending": True, "kill_switch": False}
    who = await desk_.database.pool.fetch("SELECT who, action FROM audit_log ORDER BY id")
    assert [tuple(row) for row in who] == [("admin-1", "kill_switch on"), ("admin-1", "kill_switch off")]


async def test_turning_a_switch_survives_a_restart(desk_: Desk, api: httpx.AsyncClient) -> None:

    await put(api, "/v1/sending", False)
    async with unit_of_work(desk_.database) as uow:
        await switches.begin(uow, sending=True)
        assert await switches.read(uow) == switches.Switch(sending=False, killed=False)


async def test_metrics_count_notices_by_state_and_the_age_of_unknown_ones(desk_: Desk, api: httpx.AsyncClient) -> None:
    await unknown(desk_, api)
    await desk_.take(promise("p2", "c2"), contact("c2"), gap(1, LATE, name="p2", customer="c2"))
    await desk_.later(5)
    await desk_.send()
    await Figures(desk_.database, ["email"], Freshness((), 60)).measure()
    page = (await api.get("/metrics")).text
    assert 'candor_notices_in_state{state="unknown"} 1.0' in page
    assert "candor_notice_unknown_oldest_age_seconds" in page
    assert "pat@" not in page


async def test_ten_thousand_notices_are_counted_and_paged_to_the_end(desk_: Desk, api: httpx.AsyncClient) -> None:
    await desk_.warned(gap(2))
    await copied(desk_.database.pool, "notice", "'notice_id', 'n' || n, 'seq', n + 10, 'episode', n + 10")
    found = await walk(api, "/v1/notices", key("viewer"))
    assert len({item["notice_id"] for item in found}) == MANY
    assert await walk(api, "/v1/notices", key("viewer"), state="failed") == []


async def test_a_notice_shows_its_deliveries_and_no_address(desk_: Desk, api: httpx.AsyncClient) -> None:
    await desk_.warned()
    await desk_.send()
    [listed] = await items(api)
    assert "deliveries" not in listed
    answer = await api.get(f"/v1/notices/{listed['notice_id']}")
    whole = answer.json()
    [delivery] = whole["deliveries"]
    about = ("channel", "state", "outcome", "phase", "attempts", "provider_code", "provider_id", "unknown_since")
    assert [delivery[name] for name in about] == ["email", "sent", "delivered", "final", 1, "250", "", None]
    assert (whole["state"], whole["attempts"], whole["smtp_code"]) == ("sent", 1, 250)
    assert "recipient" not in answer.text
    assert "customer.example" not in answer.text


async def test_a_notice_that_was_never_to_go_out_has_no_delivery(desk_: Desk, api: httpx.AsyncClient) -> None:
    await desk_.take(promise(), gap(1))
    await desk_.later(5)
    [listed] = await items(api)
    whole = (await api.get(f"/v1/notices/{listed['notice_id']}")).json()
    assert (whole["state"], whole["deliveries"], whole["attempts"], whole["smtp_code"]) == ("suppressed", [], 0, None)


async def figures(api: httpx.AsyncClient) -> dict[str, float]:
    """The values on the page that have no labels."""
    lines = [line.split(" ") for line in (await api.get("/metrics")).text.splitlines() if "{" not in line]
    return {line[0]: float(line[1]) for line in lines if len(line) == 2}


async def test_metrics_say_whether_messages_are_sent_at_all(desk_: Desk, api: httpx.AsyncClient) -> None:
    for path, enabled, expected in (
        ("/v1/kill-switch", True, (1, 1)),
        ("/v1/kill-switch", False, (1, 0)),
        ("/v1/sending", False, (0, 0)),
        ("/v1/sending", True, (1, 0)),
    ):
        await put(api, path, enabled)
        await desk_.send()
        await Figures(desk_.database, ["email"], Freshness((), 60)).measure()
        page = await figures(api)
        assert (page["candor_sending_enabled"], page["candor_kill_switch_engaged"]) == expected


async def test_metrics_have_the_age_of_what_has_not_gone_out_and_how_long_it_took(
    desk_: Desk, api: httpx.AsyncClient
) -> None:
    await desk_.warned()
    await desk_.database.pool.execute("UPDATE delivery SET created_at = created_at - interval '20 minutes'")
    await put(api, "/v1/kill-switch", True)
    await desk_.send()
    await Figures(desk_.database, ["email"], Freshness((), 60)).measure()
    before = await figures(api)
    assert 1200 <= before["candor_notice_unsent_oldest_age_seconds"] < 4000
    await put(api, "/v1/kill-switch", False)
    await desk_.send()
    await desk_.send()
    await Figures(desk_.database, ["email"], Freshness((), 60)).measure()
    after = await figures(api)
    assert after["candor_notice_unsent_oldest_age_seconds"] == 0
    assert after["candor_notice_seconds_count"] == before["candor_notice_seconds_count"] + 1
    assert after["candor_notice_seconds_sum"] >= before["candor_notice_seconds_sum"] + 1200


async def test_a_mass_is_shown_released_and_dropped_by_who_may(desk_: Desk, api: httpx.AsyncClient) -> None:
    async def decide(decision: str, role: str = "admin") -> httpx.Response:
        return await api.post("/v1/mass-hold", json={"decision": decision}, headers=key(role))

    answer = await api.get("/v1/mass-hold", headers=key("viewer"))
    assert (answer.status_code, answer.json()["held"]) == (200, False)
    assert (await decide("drop")).status_code == 409
    await desk_.database.pool.execute("UPDATE mass_hold SET held_since = now(), customers = 9, of_customers = 12")
    found = (await api.get("/v1/mass-hold", headers=key("viewer"))).json()
    assert (found["held"], found["customers"], found["of_customers"]) == (True, 9, 12)
    assert (await decide("release", "operator")).status_code == 403
    assert (await decide("perhaps")).status_code == 422
    assert (await decide("drop")).json()["held"]
    assert not (await decide("release")).json()["held"]
    assert (await decide("release")).json()["code"] == "conflict"
