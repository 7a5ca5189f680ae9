"""A company's templates by API: judged as they are saved, approved by a second person, used, failing in sight."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from candor.contracts import Statement
from candor.ops.metrics import REGISTRY
from candor.store.unit_of_work import unit_of_work
from notify_svc.compose.own_grammar import PARTS
from notify_svc.delivery.figures import Figures
from notify_svc.domain.freshness import Freshness
from notify_svc.store import templates
from tests.support.customer_page import Customers, customers, key
from tests.support.notify import Desk, gap, promise

WHOLE = "\n".join(f"{{{{ {name} }}}}" for name in PARTS if name != "greeting")
BODY = f"Dear {{{{ signer }}}} friend,\n\n{WHOLE}\nYours, the movers"
WARNING = "/v1/templates/warning/en"
OTHER = key("admin2")


@pytest_asyncio.fixture(loop_scope="session")
async def site(desk_: Desk, tmp_path: Path) -> AsyncIterator[Customers]:
    async with customers(desk_, tmp_path) as made:
        yield made


async def written(site: Customers, body: str = BODY, path: str = WARNING) -> dict[str, Any]:
    answer = await site.staff.put(path, json={"subject": "News of {{ what }}", "body": body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def act(site: Customers, number: int, what: str, *, by: dict[str, str] = OTHER) -> httpx.Response:
    return await site.staff.post(f"{WARNING}/{number}/{what}", headers=by)


async def used(site: Customers) -> int | None:
    found = (await site.staff.get(WARNING)).json()["in_use"]
    return None if found is None else int(found["number"])


async def letter(site: Customers) -> dict[str, Any]:
    """The newest notice to a customer, whole."""
    [newest, *_] = (await site.staff.get("/v1/notices", params={"audience": "customer"})).json()["items"]
    whole: dict[str, Any] = (await site.staff.get(f"/v1/notices/{newest['notice_id']}")).json()
    return whole


async def test_a_version_makes_letters_once_another_person_approved_it_until_it_is_withdrawn(site: Customers) -> None:
    first = await written(site)
    assert (first["number"], first["in_use"], first["written_by"]) == (1, False, "admin-1")
    assert await used(site) is None
    own = await act(site, 1, "approve", by=key("admin"))
    assert (own.status_code, own.json()["code"], await used(site)) == (409, "conflict", None)
    approved = (await act(site, 1, "approve")).json()
    assert (approved["approved_by"], approved["in_use"], await used(site)) == ("admin-2", True, 1)
    await site.desk.warned()
    made = await letter(site)
    assert made["subject"] == "News of Flight UA 1545, EWR to IAH"
    assert "Yours, the movers" in made["message"] and "<p>Yours, the movers</p>" in made["html"]
    assert made["evidence"]["template"] == "warning/en/1" and made["state"] == "pending"
    assert await site.desk.send() == 1
    assert "Yours, the movers" in site.letters()[0]
    second = await written(site, f"{WHOLE}\nYours, all of us")
    assert (second["number"], await used(site)) == (2, 1)
    await act(site, 2, "approve")
    assert await used(site) == 2
    assert (await act(site, 2, "withdraw")).json()["withdrawn_by"] == "admin-2"
    assert await used(site) == 1
    await act(site, 1, "withdraw")
    assert await used(site) is None
    await site.desk.take(promise("p2"), gap(1, name="p2"))
    await site.desk.later(5)
    assert "template" not in (await letter(site))["evidence"]


async def test_what_is_decided_stays_decided_and_all_of_it_is_in_the_audit_log(site: Customers) -> None:
    await written(site)
    await act(site, 1, "approve", by=key("admin"))
    await act(site, 1, "approve")
    assert (await act(site, 1, "approve")).status_code == 409
    await act(site, 1, "withdraw")
    for again in ("withdraw", "approve"):
        assert (await act(site, 1, again)).status_code == 409
    rows = await site.desk.database.pool.fetch(
        "SELECT who, action, outcome FROM audit_log WHERE action LIKE 'template.%' ORDER BY id"
    )
    assert [(row["who"], row["action"].removeprefix("template."), row["outcome"]) for row in rows] == [
        ("admin-1", "write", "done"),
        ("admin-1", "approve", "own_version"),
        ("admin-2", "approve", "done"),
        ("admin-2", "approve", "conflict"),
        ("admin-2", "withdraw", "done"),
        ("admin-2", "withdraw", "conflict"),
        ("admin-2", "approve", "conflict"),
    ]


async def test_what_makes_no_honest_letter_is_refused_with_every_finding(site: Customers) -> None:
    bad = f"It comes shortly.\n\n{WHOLE.replace('{{ zone }}', '')}"
    answer = await site.staff.put(WARNING, json={"subject": "At 14:00", "body": bad})
    found = answer.json()
    assert (answer.status_code, found["code"]) == (422, "invalid_field")
    said = {(one["pointer"], one["detail"].partition(":")[0]) for one in found["errors"]}
    assert said >= {
        ("/subject", "unsupported"),
        ("/body", "vague_time"),
        ("/body", "missing"),
        ("/body", "bad_news_first"),
    }
    no = await site.staff.put(WARNING, json={"subject": "x", "body": "{% for x in what %}x{% endfor %}"})
    assert (no.status_code, no.json()["errors"][0]["pointer"]) == (422, "/body")
    assert (await site.staff.get("/v1/templates")).json()["total"] == 0


async def test_a_preview_shows_a_real_promise_and_stores_nothing(site: Customers) -> None:
    await written(site)
    await site.desk.warned()
    before = await site.desk.states()
    answer = await site.staff.post(f"{WARNING}/1/preview", json={"promise_id": "p1"})
    seen = answer.json()
    assert answer.status_code == 200, answer.text
    assert "Flight UA 1545" in seen["subject"] and seen["findings"] == []
    assert "between Fri 8 Mar, 13:40 and 14:20" in seen["message"] and "Yours, the movers" in seen["html"]
    assert "All times are New York time" in seen["message"]
    assert await site.desk.states() == before and await used(site) is None
    assert (await site.staff.post(f"{WARNING}/1/preview", json={"promise_id": "none"})).status_code == 404
    assert (await site.staff.post(f"{WARNING}/9/preview", json={"promise_id": "p1"})).status_code == 404


async def test_a_preview_of_each_statement_is_a_letter_or_says_that_none_can_be_made(site: Customers) -> None:
    await site.desk.warned()
    for statement in ("update", "all_clear", "cancelled"):
        path = f"/v1/templates/{statement}/de"
        await written(site, WHOLE, path)
        answer = await site.staff.post(f"{path}/1/preview", json={"promise_id": "p1"})
        assert answer.status_code in (200, 409), answer.text
        assert answer.status_code == 409 or "Flight UA 1545" in answer.json()["message"]


async def test_one_that_fails_gives_way_to_the_built_in_template_and_stays_in_sight(site: Customers) -> None:
    silent = WHOLE.replace("{{ expected }}", "")
    async with unit_of_work(site.desk.database) as uow:
        await templates.write(uow, Statement.WARNING, "en", "x", silent, "somebody")
        own = await templates.version(uow, Statement.WARNING, "en", 1)
        assert own is not None
        await templates.approve(uow, own, "another")
    await site.desk.warned()
    made = await letter(site)
    assert "We now expect: between" in made["message"]
    assert made["evidence"]["template"] == "warning/en/1"
    assert made["evidence"]["template_failed"] == "range: the range is not in the letter"
    assert await site.desk.send() == 1
    shown = (await site.staff.get(WARNING)).json()["in_use"]
    assert shown["failed_at"] and shown["failed_why"] == "range: the range is not in the letter"
    figures = Figures(site.desk.database, ["email"], Freshness({}, 60))
    await figures.measure()
    assert REGISTRY.get_sample_value("candor_templates_failing") == 1
    await act(site, 1, "withdraw")
    await figures.measure()
    assert REGISTRY.get_sample_value("candor_templates_failing") == 0


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
async def test_admins_alone_change_templates(site: Customers, role: str) -> None:
    body = {"subject": "x", "body": WHOLE}
    assert (await site.staff.put(WARNING, json=body, headers=key(role))).status_code == 403
    read = await site.staff.get("/v1/templates", headers=key(role))
    assert read.status_code == (403 if role == "viewer" else 200)
    assert (await act(site, 1, "approve", by=key(role))).status_code == 403


async def test_there_is_no_other_language_version_or_statement(site: Customers) -> None:
    body = {"subject": "x", "body": WHOLE}
    for path, status in (("warning/sw", 422), ("warning/EN", 422), ("sorry/en", 422)):
        assert (await site.staff.put(f"/v1/templates/{path}", json=body)).status_code == status, path
    assert (await act(site, 7, "approve")).status_code == 404
    assert (await site.staff.get("/v1/templates", params={"state": "x"})).status_code == 422


async def test_versions_are_listed_newest_first_and_have_an_end(
    site: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await written(site, f"{WHOLE}\n{'Yours' * (number + 1)}")
    monkeypatch.setattr(templates, "MOST", 3)
    full = await site.staff.put(WARNING, json={"subject": "x", "body": WHOLE})
    assert (full.status_code, full.json()["code"]) == (422, "limit_reached")
    first = await site.staff.get("/v1/templates", params={"limit": 2, "statement": "warning", "language": "en"})
    assert [one["number"] for one in first.json()["items"]] == [3, 2]
    rest = await site.staff.get(first.links["next"]["url"])
    assert [one["number"] for one in rest.json()["items"]] == [1]
