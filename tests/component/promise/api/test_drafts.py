"""A promise that misses something is a draft: in sight, completed by whoever knows more, and told to nobody else."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from candor.contracts import PromiseMade, PromiseWithdrawn
from candor.intake import Origin, Submission
from candor.store.eraser import Eraser
from candor.store.erasing import MOST
from candor.store.unit_of_work import unit_of_work
from promise_svc.api import presenters
from promise_svc.api.requests import DraftIn
from promise_svc.service.use_cases import Statement, apply
from promise_svc.store import ledger
from tests.component.promise.api.test_expiry import cleared
from tests.component.promise.bodies import DUE, LATER, body, code, made, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

HOUR = timedelta(hours=1)


def part(name: str, *missing: str, **others: Any) -> dict[str, Any]:
    """A promise without some of its fields."""
    whole = body(promise_id=name, **others)
    return {field: value for field, value in whole.items() if field not in missing}


async def drafts(api: Api, **filters: Any) -> list[dict[str, Any]]:
    answer = await api.call("GET", "/v1/drafts", role="viewer", params=filters)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def begun(api: Api, *missing: str, **others: Any) -> tuple[str, str]:
    """A draft, and its customer."""
    name, customer = new("p"), others.pop("customer_id", new())
    answer = await api.webhook("promise.made", part(name, *missing, customer_id=customer, **others))
    assert answer.json()["state"] == "draft", answer.text
    return name, customer


async def test_a_promise_without_a_date_is_a_draft_of_which_nobody_else_hears(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due", value=120.0)
    found = (await promise_api.call("GET", f"/v1/drafts/{name}", role="viewer")).json()
    assert (found["state"], found["missing"], found["customer_id"], found["due"]) == ("draft", ["due"], customer, None)
    assert (found["what"], found["terms"], found["source"]) == ("UA 1, on time", {"value": 120.0}, "crm")
    assert found["said_at"]["what"] == "2013-03-08T12:00:00Z"
    assert await sent(promise_api, customer) == []
    assert (await promise_api.call("GET", f"/v1/promises/{name}")).status_code == 404


@pytest.mark.parametrize("empty", [{}, {"due": None}])
async def test_what_is_missing_comes_later_and_the_promise_was_made_then(
    promise_api: Api, empty: dict[str, Any]
) -> None:
    name, customer = new("p"), new()
    first = part(name, "due", customer_id=customer, value=120.0) | empty
    answer = await promise_api.webhook("promise.made", first, at=NOON - 2 * HOUR)
    assert answer.json() == {"state": "draft", "promise_id": name, "missing": ["due"]}
    answer = await promise_api.webhook("promise.made", {"promise_id": name, "due": DUE}, at=NOON - HOUR)
    assert answer.json() == {"state": "accepted", "promise_id": name, "version": 1}
    found = (await promise_api.call("GET", f"/v1/promises/{name}")).json()
    assert (found["made_at"], found["held_due"], found["value"]) == ("2013-03-08T11:00:00Z", DUE, 120.0)
    (message,) = await sent(promise_api, customer)
    assert isinstance(message.data, PromiseMade)
    assert await drafts(promise_api, customer_id=customer) == []
    again = await promise_api.webhook("promise.made", first | {"value": 1.0}, at=NOON)
    assert (again.json()["state"], again.json()["code"]) == ("rejected", "already_exists")


async def test_parts_and_what_is_said_of_it_may_come_in_any_order(promise_api: Api) -> None:
    ends = set()
    for order in permutations(range(4)):
        name, customer = new("p"), new()
        story = [
            ("promise.made", part(name, "due", "what", "kind", customer_id=customer), -60),
            ("promise.made", {"promise_id": name, "kind": "install", "what": "Two machines", "value": 80.0}, -50),
            ("promise.made", {"promise_id": name, "due": DUE, "what": "Three machines"}, -40),
            (
                "promise.revised",
                {"promise_id": name, "due": LATER, "asked_by": "customer", "reason": "away"},
                -30,
            ),
        ]
        for place in order:
            kind, data, minute = story[place]
            answer = await promise_api.webhook(kind, data, at=NOON + timedelta(minutes=minute))
            assert answer.json()["state"] in ("draft", "waiting", "accepted"), answer.text
        found = (await promise_api.call("GET", f"/v1/promises/{name}")).json()
        ends.add(repr({word: found[word] for word in ("made_at", "what", "value", "held_due", "version")}))
    assert len(ends) == 1, ends


async def test_an_import_counts_its_drafts_and_completes_them_within_itself(promise_api: Api) -> None:
    whole, left = new("p"), new("p")
    events = [
        {"id": new("h"), "type": "promise.made", "time": NOON - HOUR, "data": data}
        for data in (part(whole, "due"), {"promise_id": whole, "due": DUE}, part(left, "kind"))
    ]
    taken = (await promise_api.call("POST", "/v1/imports", {"events": events})).json()
    assert taken == {"accepted": 3, "replayed": 0, "rejected": [], "drafts": 1}
    assert (await promise_api.call("GET", f"/v1/promises/{whole}")).json()["historical"] is True


async def test_our_own_api_makes_no_drafts_and_a_draft_without_an_id_is_refused(promise_api: Api) -> None:
    refused = await promise_api.call("POST", "/v1/promises", part(new("p"), "due"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/due")
    nameless = await promise_api.webhook("promise.made", {"customer_id": new()})
    assert (nameless.json()["state"], nameless.json()["code"]) == ("rejected", "invalid_field")
    wrong = await promise_api.webhook("promise.made", part(new("p"), "due", value=-1))
    assert wrong.json()["detail"].startswith("/data/value")


async def test_a_person_completes_a_draft(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due", "kind")
    unfinished = await promise_api.call("POST", f"/v1/drafts/{name}", {"kind": "install"}, role="operator")
    assert (unfinished.status_code, unfinished.json()["errors"][0]["pointer"]) == (422, "/due")
    completion = {"kind": "install", "due": DUE, "what": "Two machines"}
    done = await promise_api.call("POST", f"/v1/drafts/{name}", completion, role="operator")
    assert (done.status_code, done.headers["etag"], done.headers["location"]) == (201, '"1"', f"/v1/promises/{name}")
    assert (done.json()["what"], done.json()["kind"]) == ("Two machines", "install")
    (message,) = await sent(promise_api, customer)
    assert message.envelope.source.startswith("promise-svc/test-operator")
    same = await promise_api.call("POST", f"/v1/drafts/{name}", completion, role="operator")
    assert (same.status_code, same.json()) == (201, done.json())
    for more in ({"what": "Three machines"}, {"value": 7.0, "currency": "EUR"}):
        gone = await promise_api.call("POST", f"/v1/drafts/{name}", completion | more, role="operator")
        assert (gone.status_code, code(gone)) == (409, "already_exists")
    unknown = await promise_api.call("POST", f"/v1/drafts/{new('p')}", completion, role="operator")
    assert (unknown.status_code, code(unknown)) == (404, "not_found")


async def test_what_a_person_says_counts_though_the_crms_clock_is_ahead(promise_api: Api) -> None:
    name = new("p")
    await promise_api.webhook("promise.made", part(name, "due"), at=NOON + timedelta(minutes=4))
    done = await promise_api.call("POST", f"/v1/drafts/{name}", {"due": DUE, "what": "Two machines"})
    assert done.json()["what"] == "Two machines"


async def test_a_person_makes_the_promise_whole_whatever_draft_there_was(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due")
    promise = await made(promise_api, promise_id=name, customer_id=customer, what="Two machines")
    assert promise["what"] == "Two machines"
    assert await drafts(promise_api, customer_id=customer) == []


async def test_a_draft_is_withdrawn_and_what_completes_it_later_is_withdrawn_at_once(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due")
    path = f"/v1/drafts/{name}"
    withdrawn = await promise_api.call("POST", f"{path}/withdraw", {"reason": "called off"}, role="operator")
    assert withdrawn.json() == {"promise_id": name, "state": "withdrawn", "missing": ["due"]}
    for action, data in (("", {"due": DUE}), ("/withdraw", {"reason": "called off"})):
        refused = await promise_api.call("POST", f"{path}{action}", data)
        assert (refused.status_code, code(refused)) == (409, "promise_closed")
    assert [found["state"] for found in await drafts(promise_api, customer_id=customer)] == ["withdrawn"]
    assert await drafts(promise_api, customer_id=customer, state="draft") == []
    await promise_api.webhook("promise.made", {"promise_id": name, "due": DUE})
    assert (await promise_api.call("GET", f"/v1/promises/{name}")).json()["state"] == "withdrawn"
    assert [type(message.data) for message in await sent(promise_api, customer)] == [PromiseMade, PromiseWithdrawn]
    nobody = await promise_api.call("POST", f"/v1/drafts/{new('p')}/withdraw", {"reason": "r"})
    assert (nobody.status_code, code(nobody)) == (404, "not_found")


async def test_a_sender_withdraws_a_draft_too_and_more_fields_do_not_bring_it_back(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due", "kind")
    answer = await promise_api.webhook("promise.withdrawn", {"promise_id": name, "reason": "called off"})
    assert answer.json()["state"] == "waiting"
    await promise_api.webhook("promise.made", {"promise_id": name, "kind": "install"})
    (found,) = await drafts(promise_api, customer_id=customer)
    assert (found["state"], found["missing"]) == ("withdrawn", ["due"])


SOME = {"what": "Two machines"}
REST = {"due": DUE}
WITHDRAW = {"reason": "called off"}
MOVES: list[tuple[str, str, dict[str, Any], str]] = [
    ("", "promise.made", part("", "due"), "draft"),
    ("", "promise.made", body(), "made"),
    ("draft", "promise.made", SOME, "draft"),
    ("draft", "promise.made", REST, "made"),
    ("draft", "promise.withdrawn", WITHDRAW, "withdrawn"),
    ("withdrawn", "promise.made", SOME, "withdrawn"),
    ("withdrawn", "promise.made", REST, "ended"),
    ("withdrawn", "promise.withdrawn", WITHDRAW, "withdrawn"),
    ("draft", "promise.revised", {"due": LATER, "asked_by": "customer", "reason": "away"}, "draft"),
    ("draft", "promise.settled", {"verdict": "kept"}, "draft"),
    ("made", "promise.made", SOME, "made"),
    ("ended", "promise.made", SOME, "ended"),
]


async def stands(api: Api, name: str) -> str:
    """Where a promise is: nowhere, a draft, withdrawn as a draft, made, or made and withdrawn."""
    draft = await api.call("GET", f"/v1/drafts/{name}", role="viewer")
    promise = await api.call("GET", f"/v1/promises/{name}", role="viewer")
    assert 404 in (draft.status_code, promise.status_code)
    if draft.status_code == 200:
        return str(draft.json()["state"])
    if promise.status_code == 200:
        return {"made": "made", "withdrawn": "ended"}[promise.json()["state"]]
    return ""


async def brought(api: Api, state: str) -> str:
    """The id of a promise that was brought there by webhooks."""
    name = new("p")
    ways: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "": [],
        "draft": [("promise.made", part(name, "due"))],
        "made": [("promise.made", part(name))],
    }
    ways["withdrawn"] = [*ways["draft"], ("promise.withdrawn", {"promise_id": name, **WITHDRAW})]
    ways["ended"] = [*ways["made"], ("promise.withdrawn", {"promise_id": name, **WITHDRAW})]
    for minute, (kind, data) in enumerate(ways[state]):
        await api.webhook(kind, data, at=NOON - HOUR + timedelta(minutes=minute))
    assert await stands(api, name) == state
    return name


@pytest.mark.parametrize(("before", "kind", "data", "after"), MOVES)
async def test_every_move_of_a_draft(
    promise_api: Api, before: str, kind: str, data: dict[str, Any], after: str
) -> None:
    name = await brought(promise_api, before)
    answer = await promise_api.webhook(kind, {**data, "promise_id": name})
    assert answer.status_code == 202
    assert await stands(promise_api, name) == after


@pytest.mark.parametrize(
    ("before", "action", "status", "after"),
    [
        ("draft", "", 201, "made"),
        ("draft", "/withdraw", 200, "withdrawn"),
        ("withdrawn", "", 409, "withdrawn"),
        ("withdrawn", "/withdraw", 409, "withdrawn"),
        ("", "", 404, ""),
        ("", "/withdraw", 404, ""),
        ("made", "", 201, "made"),
        ("made", "/withdraw", 404, "made"),
    ],
)
async def test_every_move_that_a_person_makes(
    promise_api: Api, before: str, action: str, status: int, after: str
) -> None:
    name = await brought(promise_api, before)
    answer = await promise_api.call("POST", f"/v1/drafts/{name}{action}", WITHDRAW if action else REST, role="operator")
    assert answer.status_code == status, answer.text
    assert await stands(promise_api, name) == after


async def test_a_viewer_reads_drafts_and_changes_none(promise_api: Api) -> None:
    name, _ = await begun(promise_api, "due")
    for action, data in (("", REST), ("/withdraw", WITHDRAW)):
        refused = await promise_api.call("POST", f"/v1/drafts/{name}{action}", data, role="viewer")
        assert (refused.status_code, code(refused)) == (403, "forbidden")
    wrong = await promise_api.call("POST", f"/v1/drafts/{name}", {"due": DUE, "colour": "red"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/colour")
    early = await promise_api.call("POST", f"/v1/drafts/{name}", {"due": "2013-03-01T00:00:00Z"})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "/due")
    assert await stands(promise_api, name) == "draft"


async def test_a_repeated_completion_is_answered_as_before(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due")
    key = {"idempotency-key": new("k")}
    answers = [await promise_api.call("POST", f"/v1/drafts/{name}", REST, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert len(await sent(promise_api, customer)) == 1


async def test_a_source_with_too_many_drafts_is_refused_by_name(promise_api: Api) -> None:
    said = DraftIn(kind="install").outline(new("p"), reported=True)
    one: Statement = Submission("promise.made", said, Origin(new("evt"), new("src"), NOON), presenters.accepted)
    async with unit_of_work(promise_api.intake.database) as uow:
        (refused,) = await apply(uow, [one], most_waiting=0)
    assert getattr(refused, "code", "") == "too_many_waiting"


async def test_a_killed_completion_leaves_the_draft(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due")
    said = DraftIn.model_validate_json('{"due": "2013-03-09T12:00:00Z"}').outline(name, reported=True)
    one: Statement = Submission("promise.made", said, Origin(new("evt"), "crm", NOON), presenters.accepted)
    with pytest.raises(RuntimeError, match="killed"):
        async with unit_of_work(promise_api.intake.database) as uow:
            await apply(uow, [one])
            raise RuntimeError("killed")
    assert (await stands(promise_api, name), await sent(promise_api, customer)) == ("draft", [])


async def test_what_staff_did_with_a_draft_is_in_the_audit_log(promise_api: Api) -> None:
    (name, _), (other, _) = await begun(promise_api, "due"), await begun(promise_api, "due")
    await promise_api.call("POST", f"/v1/drafts/{name}", REST, role="operator")
    await promise_api.call("POST", f"/v1/drafts/{other}/withdraw", WITHDRAW, role="operator")
    rows = await promise_api.rows("SELECT action, object FROM audit_log WHERE object LIKE '%/drafts/%'")
    acts = {(row["action"], row["object"].split("/drafts/")[1]) for row in rows}
    found = {(action, about) for action, about in acts if about.startswith((name, other))}
    assert found == {("promise.made", name), ("promise.withdrawn", f"{other}/withdraw")}


async def test_drafts_are_filtered_paged_and_read_as_csv(promise_api: Api) -> None:
    customer = new()
    names = [(await begun(promise_api, "due", customer_id=customer))[0] for _ in range(2)]
    names.append((await begun(promise_api, "due", "kind", customer_id=customer))[0])
    assert [one["promise_id"] for one in await drafts(promise_api, customer_id=customer)] == names
    assert [one["promise_id"] for one in await drafts(promise_api, customer_id=customer, missing="kind")] == names[2:]
    assert await drafts(promise_api, customer_id=customer, source="nobody") == []
    page = await promise_api.call("GET", f"/v1/drafts?limit=2&customer_id={customer}", role="viewer")
    assert page.json()["total"] == 3
    following = await promise_api.call("GET", page.headers["link"][1:].partition(">")[0], role="viewer")
    assert [one["promise_id"] for one in following.json()["items"]] == names[2:]
    table = await promise_api.call("GET", f"/v1/drafts?format=csv&customer_id={customer}", role="viewer")
    assert table.text.splitlines()[0].startswith("promise_id,state,customer_id,kind,what,due")
    assert len(table.text.splitlines()) == 4
    refused = await promise_api.call("GET", "/v1/drafts?missing=colour", role="viewer")
    assert refused.status_code == 422


async def test_an_erasure_takes_the_customers_drafts_and_what_waits_for_them(promise_api: Api) -> None:
    name, customer = await begun(promise_api, "due")
    waits = {"promise_id": name, "due": LATER, "asked_by": "customer", "reason": "Anna is away"}
    await promise_api.webhook("promise.revised", waits)
    erased = await promise_api.call("DELETE", f"/v1/customers/{customer}")
    assert erased.json()["state"] == "erased"
    assert await promise_api.rows("SELECT FROM draft WHERE promise_id = $1", name) == []
    assert await promise_api.rows("SELECT FROM waiting WHERE promise_id = $1", name) == []
    again = await promise_api.webhook("promise.made", part(name, "due", customer_id=customer), at=NOON - HOUR)
    assert (again.json()["state"], again.json()["code"]) == ("rejected", "erased")


_step = Eraser.step


async def _rests(_eraser: Eraser) -> bool:
    return False


async def test_drafts_of_a_customer_who_is_being_erased_are_gone_at_once(
    promise_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Eraser, "step", _rests)
    customer = new()
    rows = [f"{new('p')}" for _ in range(MOST + 1)]
    await promise_api.rows(
        """
INSERT INTO draft (promise_id, customer_id, state, missing, fields, source, historical, newest_at)
SELECT name, $2, 'draft', '["due"]', '{}', 'crm', false, now() FROM unnest($1::text[]) AS name""",
        rows,
        customer,
    )
    assert (await promise_api.call("DELETE", f"/v1/customers/{customer}")).status_code == 202
    assert await drafts(promise_api, customer_id=customer) == []
    while await _step(Eraser(promise_api.intake.database, ledger.erasures())):
        pass
    assert await promise_api.rows("SELECT FROM draft WHERE customer_id = $1", customer) == []


async def test_drafts_and_what_waits_end_after_their_time(promise_api: Api, promise_clock: ManualClock) -> None:
    (name, _), (young, _) = await begun(promise_api, "due"), await begun(promise_api, "due")
    other = new("p")
    await promise_api.webhook("promise.withdrawn", {"promise_id": other, "reason": "called off"})
    old = "now() - interval '91 days'"
    await promise_api.rows(f"UPDATE draft SET draft_at = {old} WHERE promise_id = $1", name)
    await promise_api.rows(f"UPDATE waiting SET waiting_at = {old} WHERE promise_id = $1", other)
    gone = await cleared(promise_api, promise_clock)
    assert gone["draft"] == gone["waiting"] == 1
    left = await promise_api.rows("SELECT promise_id FROM draft WHERE promise_id = ANY($1::text[])", [name, young])
    assert [row["promise_id"] for row in left] == [young]
    assert await promise_api.rows("SELECT FROM waiting WHERE promise_id = $1", other) == []
