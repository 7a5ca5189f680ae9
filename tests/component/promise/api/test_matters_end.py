"""What of matters has an end: all of an erased customer, words, what waits in vain; who may write, and the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import CustomerErased
from candor.store import eraser, erasing
from candor.store.retention import Retention
from promise_svc.service.expiry import expiries
from promise_svc.store import ledger
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import (
    begun,
    challenge,
    claim,
    clarification,
    handoff,
    lead_time,
    offer,
    plan,
    registered,
    review,
    sheet,
    shown,
    statement,
    wish,
)
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

TABLES = ("matter", "matter_entry", "outbox", "ingest", "promise", "change")
PATHS = (
    *("handoffs", "claims", "statements", "challenges", "offers", "accounts", "sheets", "plans", "reviews"),
    *("clarifications", "wishes"),
)


async def everything(api: Api) -> str:
    """All that the database holds of matters, as text."""
    found = []
    for table in TABLES:
        for row in await api.rows(f"SELECT * FROM {table}"):
            found += [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in row.values()]
    return "\n".join(found)


async def full(api: Api, customer: str, secret: str) -> dict[str, str]:
    """A customer about whom there is a matter of each kind; their ids by the last part of their path."""
    promise = (await made(api, customer_id=customer, what=secret))["promise_id"]
    hop = await begun(api, "/v1/statements", statement(promise_id=promise, words=secret))
    told = await begun(api, "/v1/claims", claim(new("cap"), customer_id=customer, words=secret))
    asked = await begun(api, "/v1/handoffs", handoff(promise, words=secret))
    doubt = await begun(api, "/v1/challenges", challenge("statement", hop["statement_id"], reason=secret))
    given = await begun(api, "/v1/offers", offer(promise, words=secret))
    await api.webhook("handoff.countered", {"handoff_id": asked["handoff_id"], "scope": [secret], "reason": secret})
    await api.call("PUT", f"/v1/accounts/{customer}", {"exposure": 1, "currency": "EUR"})
    told_us = await begun(api, "/v1/sheets", sheet(side="customers", customer_id=customer, well_words=secret))
    meant = await begun(api, "/v1/plans", plan(promise, words=secret, owner=secret, department=secret))
    seen = await begun(api, "/v1/reviews", review(promise_id=promise, words=f"Nobody told me. {secret}"))
    open_ = await begun(api, "/v1/clarifications", clarification(promise, question=secret, words=secret))
    unmet = await begun(api, "/v1/wishes", wish(promise_id=promise, words=secret, public_text=secret))
    names = (
        asked["handoff_id"],
        told["claim_id"],
        hop["statement_id"],
        doubt["challenge_id"],
        given["offer_id"],
        customer,
    )
    last = (told_us["sheet_id"], meant["plan_id"], seen["review_id"])
    asked_of = (open_["clarification_id"], unmet["wish_id"])
    return dict(zip(PATHS, (*names, *last, *asked_of), strict=True))


async def test_an_erasure_reaches_every_row_and_event(promise_api: Api) -> None:
    customer, neighbour, secret, other = new("c"), new("c"), new("secret"), new("secret")
    names, beside = await full(promise_api, customer, secret), await full(promise_api, neighbour, other)
    assert len(await sent(promise_api, customer)) == 14
    answer = await promise_api.call("DELETE", f"/v1/customers/{customer}")
    assert answer.json() == {"customer_id": customer, "promises_erased": 1, "state": "erased"}
    kept = await everything(promise_api)
    assert secret not in kept
    assert [name for path, name in names.items() if path != "accounts" and name in kept] == []
    assert other in kept
    assert isinstance((await sent(promise_api, customer))[0].data, CustomerErased)
    for path, name in names.items():
        assert (await promise_api.call("GET", f"/v1/{path}/{name}")).status_code == 404, path
        await shown(promise_api, f"/v1/{path}/{beside[path]}")
    orphans = "SELECT FROM matter_entry WHERE NOT EXISTS (SELECT FROM matter WHERE born = matter_entry.matter)"
    assert await promise_api.rows(orphans) == []


async def test_a_customer_without_promises_is_erased_too_and_stays_so(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    customer, before = new("c"), promise_clock.now()
    await promise_api.call("PUT", f"/v1/accounts/{customer}", {"renews_on": "2013-06-30"})
    assert (await promise_api.call("DELETE", f"/v1/customers/{customer}")).status_code == 200
    late = await promise_api.webhook("account.set", {"customer_id": customer, "renews_on": "2013-06-30"}, at=before)
    assert late.json()["code"] == "erased"
    for at in (before, before + timedelta(minutes=1)):
        # What was reported before is of before, whatever it says of itself.
        body = claim(new("cap"), customer_id=customer, at=at.isoformat())
        told = await promise_api.webhook("claim.made", body, at=before)
        assert told.json()["code"] == "erased"
    promise_clock.advance(timedelta(minutes=1))
    again = await promise_api.webhook("account.set", {"customer_id": customer, "renews_on": "2013-07-31"})
    assert again.json() == {"state": "accepted", "customer_id": customer, "version": 1, "in_effect": True}


async def _rests(_eraser: eraser.Eraser) -> bool:
    """What the app's own background does while a test takes its steps one by one."""
    return False


async def test_matters_of_a_large_customer_are_gone_at_once_and_erased_by_and_by(
    promise_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = eraser.Eraser.step
    monkeypatch.setattr(erasing, "MOST", 2)
    monkeypatch.setattr(eraser.Eraser, "step", _rests)
    customer, capability = new("c"), new("cap")
    await registered(promise_api, capability, {"status": "planned"})
    told = [await begun(promise_api, "/v1/claims", claim(capability, customer_id=customer)) for _ in range(7)]
    answer = await promise_api.call("DELETE", f"/v1/customers/{customer}")
    assert (answer.status_code, answer.json()["state"]) == (202, "erasing")
    last = told[-1]["claim_id"]
    assert (await shown(promise_api, "/v1/claims", capability_id=capability))["total"] == 0
    recall = await shown(promise_api, "/v1/claims/recall", capability=capability)
    assert (recall["told"], recall["items"]) == (0, [])
    refused = await promise_api.call("POST", f"/v1/claims/{last}/corrections", {})
    assert (refused.status_code, code(refused)) == (404, "not_found")
    while await step(eraser.Eraser(promise_api.intake.database, ledger.erasures())):
        pass
    assert await promise_api.rows("SELECT FROM matter WHERE capability_id = $1", capability) == []


async def cleared(api: Api, clock: ManualClock) -> dict[str, int]:
    settings = api.app.state.settings
    return await Retention(settings, api.app.state.database, expiries(settings, clock)).clear()


async def aged(api: Api, path: str, name: str, days: int) -> None:
    """As if the matter and its entries had been written so many days ago."""
    [row] = await api.rows("SELECT born FROM matter WHERE matter_id = $1", name)
    for table, key in (("matter", "born"), ("matter_entry", "matter")):
        statement = f"UPDATE {table} SET words_since = now() - make_interval(days => $1) WHERE {key} = $2"
        await api.app.state.database.pool.execute(statement, days, row["born"])


async def test_words_and_names_of_people_end_and_what_was_said_stays(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    promise, secret = (await made(promise_api))["promise_id"], new("secret")
    fields = {"promise_id": promise, "words": secret, "person": "kim", "certainty": 3}
    old, young = [await begun(promise_api, "/v1/statements", statement(**fields)) for _ in range(2)]
    await aged(promise_api, "statements", old["statement_id"], 731)
    await aged(promise_api, "statements", young["statement_id"], 729)
    gone = await cleared(promise_api, promise_clock)
    assert (gone["matter"], gone["matter_entry"]) == (1, 1)
    found = await shown(promise_api, f"/v1/statements/{old['statement_id']}")
    assert (found["certainty"], found["said_by"], found["version"]) == (3, "engineering", 1)
    assert {"words", "person"} & {*found, *found["entries"][0]} == set()
    assert (await shown(promise_api, f"/v1/statements/{young['statement_id']}"))["words"] == secret
    again = await promise_api.call("POST", "/v1/statements", statement(**fields, statement_id=old["statement_id"]))
    assert code(again) == "already_exists"
    assert (await cleared(promise_api, promise_clock))["matter"] == 0


async def test_what_waits_in_vain_ends(promise_api: Api, promise_clock: ManualClock) -> None:
    waiting, about = new("p"), statement(capability_id="telemetry")
    old, young = [await begun(promise_api, "/v1/statements", statement(promise_id=waiting)) for _ in range(2)]
    inside = await begun(promise_api, "/v1/statements", about)
    older = await begun(promise_api, "/v1/statements", statement(promise_id=waiting, words="soon"))
    for found, days in ((old, 91), (young, 89), (inside, 91), (older, 800)):
        await aged(promise_api, "statements", found["statement_id"], days)
    assert (await cleared(promise_api, promise_clock))["matter_waiting"] == 2
    answers = [await promise_api.call("GET", f"/v1/statements/{one['statement_id']}") for one in (old, young, inside)]
    assert [answer.status_code for answer in answers] == [404, 200, 200]


WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/handoffs", handoff("p1")),
    ("POST", "/v1/handoffs/x/accept", {}),
    ("PUT", "/v1/capabilities/x", {"statuses": [{"status": "none"}]}),
    ("POST", "/v1/claims", claim("x")),
    ("POST", "/v1/claims/x/corrections", {}),
    ("POST", "/v1/statements", statement(promise_id="p1")),
    ("POST", "/v1/challenges/x/settle", {"outcome": "upheld", "reason": "r"}),
    ("POST", "/v1/offers", offer("p1")),
    ("POST", "/v1/clarifications", clarification("p1")),
    ("POST", "/v1/clarifications/x/answers", {"words": "w"}),
    ("POST", "/v1/wishes", wish(customer_id="c1")),
    ("POST", "/v1/wishes/x/meet", {}),
    ("PUT", "/v1/accounts/x", {}),
    ("POST", "/v1/plans", plan("p1")),
    ("POST", "/v1/plans/x/finish", {}),
    ("POST", "/v1/reviews", review()),
    ("POST", "/v1/reviews/s:r/tags", {"tags": [], "person": "ada", "reason": "r"}),
    ("POST", "/v1/reviews/s:r/remove", {"reason": "r"}),
    ("POST", "/v1/lead-times", lead_time()),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES, ids=lambda one: one if isinstance(one, str) else "")
async def test_who_may_only_read_writes_nothing(promise_api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    refused = await promise_api.call(method, path, body, role="viewer")
    assert (refused.status_code, code(refused)) == (403, "forbidden")


async def test_the_log_names_what_staff_did_and_to_what(promise_api: Api) -> None:
    promise = (await made(promise_api))["promise_id"]
    asked = (await begun(promise_api, "/v1/handoffs", handoff(promise)))["handoff_id"]
    await promise_api.call("POST", f"/v1/handoffs/{asked}/accept", {})
    await promise_api.call("POST", f"/v1/handoffs/{asked}/accept", {})
    capability = new("cap")
    await registered(promise_api, capability, {"status": "none"})
    rows = await promise_api.rows("SELECT action, object, outcome FROM audit_log ORDER BY id DESC LIMIT 4")
    assert [(row["action"], row["object"], row["outcome"]) for row in reversed(rows)] == [
        ("handoff.requested", f"/v1/handoffs/{asked}", "done"),
        ("handoff.accepted", f"/v1/handoffs/{asked}/accept", "done"),
        ("handoff.accepted", f"/v1/handoffs/{asked}/accept", "not_now"),
        ("capability.set", f"/v1/capabilities/{capability}", "done"),
    ]


async def test_events_of_a_sender_count_once(promise_api: Api) -> None:
    promise, name = (await made(promise_api))["promise_id"], new("evt")
    body = handoff(promise, at=(NOON - timedelta(minutes=3)).isoformat())
    first = await promise_api.webhook("handoff.requested", body, webhook_id=name)
    again = await promise_api.webhook("handoff.requested", body, webhook_id=name)
    assert first.json() == again.json()
    other = await promise_api.webhook("handoff.requested", body | {"department": "success"}, webhook_id=name)
    assert other.json()["code"] == "event_id_reused"
    assert len(await promise_api.rows("SELECT FROM matter WHERE promise_id = $1", promise)) == 1
