"""Every route, and the role below the one it needs."""

from __future__ import annotations

from typing import Any

import pytest

from promise_svc.api.matter_kinds import WAYS
from promise_svc.domain import Kind
from tests.component.promise.bodies import CONTACT, REVISION, body, code, made, new
from tests.component.promise.matters import registered
from tests.support.api import ROLES, Api

# (method, path, body, lowest role); {p} becomes a promise, {c} a customer, {e} an erased one, {s} one of the staff.
ROUTES: list[tuple[str, str, Any, str]] = [
    ("POST", "/v1/promises", "promise", "operator"),
    ("GET", "/v1/promises", None, "viewer"),
    ("GET", "/v1/promises/{p}", None, "viewer"),
    ("POST", "/v1/promises/{p}/revisions", REVISION, "operator"),
    ("POST", "/v1/promises/{p}/verdict", {"verdict": "kept"}, "operator"),
    ("POST", "/v1/promises/{p}/withdraw", {"reason": "r"}, "operator"),
    ("PUT", "/v1/customers/{c}/contact", CONTACT, "operator"),
    ("DELETE", "/v1/customers/{c}", None, "admin"),
    ("GET", "/v1/customers/{e}/erasure", None, "viewer"),
    ("PUT", "/v1/staff/{s}/contact", CONTACT, "operator"),
    ("DELETE", "/v1/staff/{s}/contact", None, "admin"),
    ("POST", "/v1/imports", {"events": [{}]}, "operator"),
    ("GET", "/v1/rejected", None, "viewer"),
    ("GET", "/v1/polls", None, "viewer"),
    ("GET", "/v1/sources", None, "viewer"),
    ("POST", "/v1/sources/{w}/try", {"body": "{}"}, "operator"),
    ("GET", "/v1/audit", None, "admin"),
    ("GET", "/v1/claims/recall?capability=x", None, "viewer"),
]
READ_BY = {Kind.SHEET: "operator"}
"""Who may read a kind that not everybody may: sheets have people's words."""
# Of matters (method, path, lowest role): with a body that says nothing, whoever may is answered otherwise.
MATTERS: list[tuple[str, str, str]] = [
    *(("GET", WAYS[kind].path, READ_BY.get(kind, "viewer")) for kind in Kind),
    *(("GET", f"{WAYS[kind].path}/{{matter_id}}", READ_BY.get(kind, "viewer")) for kind in Kind),
    *(("PUT", f"/v1/{name}/{{matter_id}}", "operator") for name in ("capabilities", "accounts")),
    *(
        ("POST", f"/v1/{name}", "operator")
        for name in ("handoffs", "claims", "statements", "offers", "sheets", "plans")
    ),
    *(("POST", f"/v1/{name}", "operator") for name in ("reviews", "lead-times")),
    *(("POST", f"/v1/reviews/{{matter_id}}/{verb}", "operator") for verb in ("tags", "remove")),
    ("POST", "/v1/lead-times/{matter_id}/withdraw", "operator"),
    ("GET", "/v1/sheets/themes", "viewer"),
    ("POST", "/v1/sheets/links", "operator"),
    ("POST", "/v1/challenges", "viewer"),
    *(
        ("POST", f"/v1/handoffs/{{matter_id}}/{verb}", "operator")
        for verb in ("accept", "decline", "counter", "agree", "reject", "withdraw")
    ),
    ("POST", "/v1/claims/{matter_id}/corrections", "operator"),
    *(("POST", f"/v1/challenges/{{matter_id}}/{verb}", "operator") for verb in ("answers", "settle")),
    *(("POST", f"/v1/offers/{{matter_id}}/{verb}", "operator") for verb in ("take", "decline", "withdraw")),
    ("POST", "/v1/clarifications", "operator"),
    ("POST", "/v1/wishes", "operator"),
    *(("POST", f"/v1/wishes/{{matter_id}}/{verb}", "operator") for verb in ("changes", "meet", "decline")),
    *(("POST", f"/v1/clarifications/{{matter_id}}/{verb}", "operator") for verb in ("answers", "withdraw")),
    *(("POST", f"/v1/plans/{{matter_id}}/{verb}", "operator") for verb in ("changes", "finish", "drop")),
    *(("GET", f"/v1/{name}", "viewer") for name in ("waiting", "drafts", "drafts/{promise_id}", "requests")),
    *(("POST", f"/v1/drafts/{{promise_id}}{verb}", "operator") for verb in ("", "/withdraw")),
    ("GET", "/v1/requests/{request_id}", "operator"),
    ("POST", "/v1/requests/{request_id}/replay", "operator"),
    ("PUT", "/v1/requests/{request_id}/body", "operator"),
]


@pytest.mark.parametrize(("method", "path", "document", "lowest"), ROUTES)
async def test_the_role_below_is_refused(promise_api: Api, method: str, path: str, document: Any, lowest: str) -> None:
    promise = await made(promise_api)
    await promise_api.call("PUT", "/v1/staff/anna/contact", CONTACT)
    if "capability=x" in path:
        await registered(promise_api, "x", {"status": "planned"})
    if "{e}" in path:
        await promise_api.call("DELETE", f"/v1/customers/{promise['customer_id']}")
    path = path.format(
        p=promise["promise_id"], c=promise["customer_id"], e=promise["customer_id"], s="anna", w="standard"
    )
    sent = body() if document == "promise" else document
    nobody = await promise_api.call(method, path, sent, role=None)
    assert (nobody.status_code, code(nobody)) == (401, "unauthenticated")
    rank = ROLES.index(lowest)
    if rank:
        below = await promise_api.call(method, path, sent, role=ROLES[rank - 1])
        assert (below.status_code, code(below)) == (403, "forbidden")
    assert (await promise_api.call(method, path, sent, role=lowest)).status_code in (200, 201)


@pytest.mark.parametrize(("method", "path", "lowest"), MATTERS)
async def test_the_role_below_is_refused_a_matter(promise_api: Api, method: str, path: str, lowest: str) -> None:
    name = new("m")
    path, sent = (
        path.format(matter_id=name, promise_id=name, request_id=name),
        None if method == "GET" else {"nothing": 1},
    )
    nobody = await promise_api.call(method, path, sent, role=None)
    assert (nobody.status_code, code(nobody)) == (401, "unauthenticated")
    rank = ROLES.index(lowest)
    if rank:
        below = await promise_api.call(method, path, sent, role=ROLES[rank - 1])
        assert (below.status_code, code(below)) == (403, "forbidden")
    assert (await promise_api.call(method, path, sent, role=lowest)).status_code in (200, 404, 422)


async def test_no_route_is_missing_above(promise_api: Api) -> None:
    known = {
        (method, path.format(p="{promise_id}", c="{customer_id}", e="{customer_id}", s="{staff_id}", w="{sender}"))
        for method, path, _, _ in ROUTES
    } | {(method, path) for method, path, _ in MATTERS}
    known = {(method, path.partition("?")[0]) for method, path in known}
    document = promise_api.app.openapi()
    there = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    # CSV has tests of its own, as its body is no JSON: test_sheets.py, test_reviews.py, test_lead_times.py.
    webhooks = {("POST", "/v1/webhooks/{sender}"), ("POST", "/v1/webhooks/{sender}/{token}")}
    assert there - known == {*webhooks, *(("POST", f"/v1/{name}/csv") for name in ("sheets", "reviews", "lead-times"))}
    assert known <= there


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic eA=="])
async def test_a_wrong_key_is_no_key(promise_api: Api, token: str) -> None:
    answer = await promise_api.call("GET", "/v1/promises", role=None, headers={"authorization": token})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_refused_caller_changes_nothing(promise_api: Api) -> None:
    customer = new()
    await promise_api.call("POST", "/v1/promises", body(customer_id=customer), role="viewer")
    assert await promise_api.rows("SELECT * FROM promise WHERE customer_id = $1", customer) == []
