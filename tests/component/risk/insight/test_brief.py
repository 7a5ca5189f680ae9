"""The weekly brief over HTTP: made of what insight worked out last, each sentence with its evidence."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import typer

from candor.contracts import Message
from risk_svc.brief_command import written
from risk_svc.insight.brief_reading import departments
from risk_svc.insight.reckoning import Reckoning
from tests.support.api import Api
from tests.support.insight import InsightDesk, gap
from tests.support.matters import account, path_of
from tests.support.risk import MADE, Story, erased


async def sentences(api: Api, **params: str) -> dict[str, str]:
    answer = await api.call("GET", "/v1/brief", role="viewer", params=params)
    assert answer.status_code == 200, answer.text
    return {one["text"]: one["evidence"] for section in answer.json()["sections"] for one in section["sentences"]}


def at_risk() -> list[Message]:
    """c1 has a gap of 60 worth 10 EUR and renews in 30 days; c2 renews only after the brief's time."""
    found: list[Message] = []
    for name, customer, days in (("p1", "c1", 30), ("p2", "c2", 120)):
        found += [Story(name, customer).made(value=10.0, currency="EUR"), gap(name, customer, score=60.0, p_slip=0.5)]
        found.append(account(customer, renews_on=(MADE + timedelta(days=days)).date()))
    return found


async def test_the_brief_says_what_there_is_and_forgets_who_is_erased(served: tuple[Api, InsightDesk]) -> None:
    api, desk = served
    reckoning = Reckoning(desk.database, lambda: True, rates={}, loss_share=0.5)
    empty: Any = (await api.call("GET", "/v1/brief", role="viewer")).json()
    assert empty == {"made_at": None, "sections": []}
    hops = [one for number in range(20) for one in path_of(f"h{number}", "c9", 0, 6, 6)]
    await desk.take(*at_risk(), *hops)
    await reckoning.reckon()
    said = await sentences(api)
    assert said["c1 has a gap of 60 of 100 over 1 open promise. Its widest is p1."] == "/board/accounts?search=c1"
    renewals = [(text, page) for text, page in said.items() if "renews on" in text]
    [(text, page)] = renewals
    assert text.startswith("c1 renews on ")
    lost = "with a gap of 60. Expected to be lost: 2 EUR, from 1 open promise. In 95 of 100 cases it is at most 5 EUR."
    assert text.endswith(lost)
    assert page == "/board/accounts?search=c1"
    assert [page for text, page in said.items() if text.startswith("Messages change most from product to sales")] == [
        "/board/path"
    ]
    as_text = await api.call("GET", "/v1/brief", role="viewer", params={"format": "markdown"})
    assert as_text.headers["content-type"] == "text/markdown; charset=utf-8"
    # Each link opens from wherever the text is read.
    assert len(re.findall(r"\(\[evidence\]\(http://[^/]+/board/", as_text.text)) == len(said)
    printed = await written(desk.database, "https://candor.example.com")
    assert "([evidence](https://candor.example.com/board/accounts?search=c1))" in printed
    await desk.take(erased("c1", at=MADE + timedelta(days=1)))
    assert not any("c1" in text for text in await sentences(api))


async def test_a_department_has_a_brief_of_its_own(served: tuple[Api, InsightDesk]) -> None:
    api, desk = served
    await desk.database.pool.execute("TRUNCATE insight_promise, insight_statement, insight_matter, insight_erased")
    found: list[Message] = []
    for name, customer, department, score in (("q1", "d1", "sales", 60.0), ("q2", "d2", "success", 30.0)):
        found += [Story(name, customer).made(department=department), gap(name, customer, score=score)]
        found.append(account(customer, renews_on=(MADE + timedelta(days=30)).date()))
    hops = [one for number in range(20) for one in path_of(f"i{number}", "c9", 0, 0, 6)]
    await desk.take(*found, *hops)
    await Reckoning(desk.database, lambda: True, rates={}, loss_share=0.5).reckon()
    assert await departments(desk.database) == ["sales", "success"]
    said = await sentences(api, department="sales")
    assert said["sales has a gap of 60 of 100 over 1 open promise. Its widest is q1."] == "/board/groups?by=department"
    assert any(text.startswith("Messages change most from sales to customer") for text in said)
    # What others do is not theirs to align, nor are others' renewals.
    assert [text.partition(" renews")[0] for text in said if "renews on" in text] == ["d1"]
    assert not any("success" in text or "d2" in text for text in said)
    others = await sentences(api, department="success")
    assert not any("Messages change" in text or "d1" in text for text in others)
    for asked in ({"department": "nobody"}, {"department": "nobody", "format": "markdown"}):
        nobody = await api.call("GET", "/v1/brief", role="viewer", params=asked)
        assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")
    with pytest.raises(typer.BadParameter):
        await written(desk.database, "", "nobody")
    # Who has only passed on a message has nothing to hear, and is there.
    assert await sentences(api, department="engineering") == {}
    printed = await written(desk.database, "https://candor.example.com", "sales")
    assert printed.startswith("# Weekly brief for sales\n")


async def test_other_forms_are_refused(served: tuple[Api, InsightDesk]) -> None:
    api, _ = served
    for params in ({"format": "pdf"}, {"week": "1"}, {"department": "a b"}):
        assert (await api.call("GET", "/v1/brief", role="viewer", params=params)).status_code == 422
    assert (await api.call("GET", "/v1/brief", role=None)).status_code == 401
