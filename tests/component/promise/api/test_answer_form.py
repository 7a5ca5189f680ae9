"""The form of four questions behind a signed link: no script, one answer a link, and an end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from candor.contracts.matters import Side
from promise_svc.service.answer_links import AnswerLinks, Asked
from tests.component.promise.bodies import code, new
from tests.component.promise.conftest import SECRET
from tests.component.promise.matters import shown
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock


async def link(api: Api, **body: Any) -> tuple[str, str]:
    """The path of a new link, and the sheet that it opens."""
    answer = await api.call("POST", "/v1/sheets/links", {"side": "customers", **body}, role="operator")
    assert answer.status_code == 200, answer.text
    parts = urlsplit(answer.json()["url"])
    assert f"{parts.scheme}://{parts.netloc}" == "http://localhost"
    return parts.path, answer.json()["sheet_id"]


async def send(api: Api, path: str, headers: dict[str, str] | None = None, /, **fields: str) -> httpx.Response:
    return await api.client.post(path, data=fields, headers=headers)


def safe(answer: httpx.Response) -> None:
    """A page with nothing that could run, be framed, be kept, or say its address to anybody."""
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    assert "<script" not in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_customer_answers_once_and_then_sees_what_was_said(promise_api: Api) -> None:
    customer = new("c")
    path, name = await link(promise_api, customer_id=customer)
    form = await promise_api.client.get(path)
    assert form.status_code == 200
    safe(form)
    given = {"well": "4", "well_words": "you <b>call</b>", "beside": "better", "onward": "5"}
    answer = await send(promise_api, path, **given)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert answer.headers["referrer-policy"] == "no-referrer"
    found = await shown(promise_api, f"/v1/sheets/{name}")
    said = {"side": "customers", "customer_id": customer, "people": 1, "well": 4, "well_words": "you <b>call</b>"}
    assert {field: found[field] for field in said} == said
    assert "improve" not in found
    again = await promise_api.client.get(path)
    safe(again)
    assert "<form" not in again.text
    assert "4 of 5" in again.text and "you &lt;b&gt;call&lt;/b&gt;" in again.text and "not answered" in again.text
    second = await send(promise_api, path, well="1")
    assert second.status_code == 303
    assert (await shown(promise_api, f"/v1/sheets/{name}"))["well"] == 4


async def test_every_field_has_a_label_and_what_was_given_stays_where_something_is_wrong(promise_api: Api) -> None:
    path, name = await link(promise_api, side="staff", department="sales")
    page = (await promise_api.client.get(path)).text
    inputs = re.findall(r"<(?:input|textarea)", page)
    labelled = re.findall(r"<label><input|<label for=\"(\w+)\"", page)
    assert len(inputs) == len(labelled) == 27
    assert page.count("<fieldset><legend>") == 5
    nothing = await send(promise_api, path, well_words="only words")
    assert nothing.status_code == 422
    assert 'role="alert"' in nothing.text and "at least one" in nothing.text
    assert ">only words</textarea>" in nothing.text
    long = await send(promise_api, path, well="2", improve_words="x" * 2001)
    assert (long.status_code, 'href="#improve_words"' in long.text) == (422, True)
    assert 'name="well" value="2" checked' in long.text
    assert (await promise_api.call("GET", f"/v1/sheets/{name}")).status_code == 404
    assert (await send(promise_api, path, well="2")).status_code == 303
    assert (await shown(promise_api, f"/v1/sheets/{name}"))["department"] == "sales"


def token(links: AnswerLinks, **changes: Any) -> str:
    asked = Asked(new("s"), Side.CUSTOMERS, None, None, NOON, links.now() + timedelta(days=1))
    return f"/answers/{links.token(asked._replace(**changes))}"


async def test_a_link_that_is_forged_over_or_of_another_secret_opens_nothing(promise_api: Api) -> None:
    links = AnswerLinks(SECRET)
    good = token(links)
    assert (await promise_api.client.get(good)).status_code == 200
    bad = [
        token(AnswerLinks("x" * 64)),
        token(links, ends=datetime(2026, 1, 1, tzinfo=UTC)),
        forged(good),
        f"/answers/{'x' * 40}",
        "/answers/" + links._signing.dumps(["s", "friends", None, None, 0, 4e9]),
        "/answers/" + links._signing.dumps({"sheet": 1}),
    ]
    for path in bad:
        for answer in (await promise_api.client.get(path), await send(promise_api, path, well="3")):
            assert (answer.status_code, "has ended" in answer.text) == (401, True), path
            safe(answer)


def forged(link: str) -> str:
    """A link with another signature: its first letter, as the last one holds bits that stand for nothing."""
    body, _, signature = link.rpartition(".")
    return f"{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def test_a_link_ends_to_the_second() -> None:
    clock = ManualClock(NOON)
    links = AnswerLinks(SECRET, clock=clock)
    asked = Asked("s1", Side.STAFF, None, "sales", NOON, NOON + timedelta(hours=1))
    text = links.token(asked)
    assert links.read(text) == asked
    clock.set(NOON + timedelta(minutes=59, seconds=59))
    assert links.read(text) == asked
    clock.set(NOON + timedelta(hours=1))
    assert links.read(text) is None


@pytest.mark.parametrize(
    ("url", "address"),
    [("", "http://here/answers/"), ("https://ask.example.com/candor", "https://ask.example.com/candor/answers/")],
)
def test_a_link_says_where_the_outside_reaches_it(url: str, address: str) -> None:
    asked = Asked("s1", Side.STAFF, None, None, NOON, NOON)
    assert AnswerLinks(SECRET, url).address(asked, "http://here/").startswith(address)


async def test_nobody_else_gives_the_order(promise_api: Api) -> None:
    path, name = await link(promise_api)
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        refused = await send(promise_api, path, headers, well="1")
        assert (refused.status_code, code(refused)) == (403, "cross_site")
    strange = await send(promise_api, path, well="1", people="50")
    assert (strange.status_code, code(strange)) == (400, "bad_request")
    assert (await promise_api.call("GET", f"/v1/sheets/{name}")).status_code == 404
    # What a browser sends that keeps the address to itself.
    own = await send(promise_api, path, {"origin": "null", "sec-fetch-site": "same-origin"}, well="1")
    assert own.status_code == 303


async def test_a_link_to_a_customer_who_was_erased_since_takes_nothing(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    customer = new("c")
    path, name = await link(promise_api, customer_id=customer)
    before, _ = await link(promise_api, customer_id=customer)
    await send(promise_api, before, well="3")
    promise_clock.advance(timedelta(minutes=1))
    assert (await promise_api.call("DELETE", f"/v1/customers/{customer}")).status_code == 200
    promise_clock.advance(timedelta(minutes=1))
    late = await send(promise_api, path, well="3", well_words="hello again")
    assert (late.status_code, "has ended" in late.text) == (401, True)
    assert (await promise_api.call("GET", f"/v1/sheets/{name}")).status_code == 404
    new_path, new_name = await link(promise_api, customer_id=customer)
    assert (await send(promise_api, new_path, well="3")).status_code == 303
    assert (await shown(promise_api, f"/v1/sheets/{new_name}"))["customer_id"] == customer


async def test_links_are_made_by_who_may_write_within_their_bounds_and_it_is_noted(promise_api: Api) -> None:
    refused = await promise_api.call("POST", "/v1/sheets/links", {"side": "staff"}, role="viewer")
    assert refused.status_code == 403
    for more, pointer in (
        ({"expires_at": (datetime.now(UTC) + timedelta(days=91)).isoformat()}, "/expires_at"),
        ({"expires_at": "2013-03-08T12:00:00Z"}, "/expires_at"),
        ({"department": "sales"}, "/department"),
        ({"sheet_id": "s1"}, "/sheet_id"),
    ):
        bad = await promise_api.call("POST", "/v1/sheets/links", {"side": "customers", **more})
        assert [error["pointer"] for error in bad.json()["errors"]] == [pointer]
    _, name = await link(promise_api)
    [row] = await promise_api.rows("SELECT who, action FROM audit_log WHERE object = $1", f"/v1/sheets/links/{name}")
    assert (row["who"], row["action"]) == ("test-operator", "sheet.link")
