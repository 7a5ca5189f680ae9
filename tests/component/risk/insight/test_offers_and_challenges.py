"""Offers and challenges as the API and the board's files list them: filters, pages, and never of whom was forgotten."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from starlette.requests import Request

from candor.contracts import Message, Verdict
from candor.contracts.matters import ChallengeState, OfferOption, OfferState
from risk_svc.web.board import downloads
from risk_svc.web.board.matter_data import MatterData
from risk_svc.web.board.matter_downloads import SHEETS, download_matters
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk, gap
from tests.support.lists import ask, names, walk
from tests.support.matters import capability, challenge, claim, handoff, offer, path_of
from tests.support.risk import DUE, MADE, Story, erased, incident

TABLES = "insight_promise, insight_state, insight_milestone, insight_matter, insight_capability, insight_statement"
LISTS = ("/v1/offers", "/v1/challenges")
H = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_erased, insight_erasing")
    return desk


def offered() -> list[Message]:
    """Three offers: one taken, about a promise that was requested two days earlier; one not answered; one declined."""
    later = OfferOption("in May", "revised_terms", due=DUE + 30 * DAY)
    return [
        Story("p1", "c1").made(requested_due=DUE - 2 * DAY),
        gap("p1", "c1", score=41.0),
        offer("taken", at=MADE + H),
        offer("taken", OfferState.TAKEN, 2, at=MADE + H, taken="half price"),
        offer("asked", OfferState.OFFERED, 1, later, customer="c2", promise_id="p2", at=MADE + 2 * H),
        offer("declined", OfferState.DECLINED, 2, department="sales", at=MADE),
    ]


def doubted() -> list[Message]:
    """Three challenges: one not answered, one answered about a claim, one upheld."""
    about = {"about": "claim", "about_id": "k1", "promise_id": None}
    return [
        challenge("new", at=MADE + 2 * H),
        challenge("answered", ChallengeState.ANSWERED, 2, customer=None, at=MADE + H, **about),
        challenge("upheld", ChallengeState.SETTLED, 3, customer="c2", promise_id="p2", about_id="p2", outcome="upheld"),
    ]


async def test_an_offer_says_what_was_taken_and_what_was_requested_beside_what_there_is(
    api: Api, desk: InsightDesk
) -> None:
    await desk.take(*offered())
    asked, taken, _ = (await ask(api, "/v1/offers"))["items"]
    assert (taken["offer_id"], taken["state"], taken["taken"]) == ("taken", "taken", "half price")
    assert taken["options"] == [
        {"name": "half price", "kind": "goodwill", "value": 250.0, "currency": "EUR", "due": None}
    ]
    assert (taken["days_apart"], taken["score"], taken["promise_kind"]) == (2.0, 41.0, "flight")
    # Its promise is not known here yet.
    assert (asked["promise_standing"], asked["days_apart"], asked["taken"]) == (None, None, None)
    assert asked["options"][0]["due"] == (DUE + 30 * DAY).isoformat().replace("+00:00", "Z")


async def test_what_was_requested_is_counted_against_what_was_got(api: Api, desk: InsightDesk) -> None:
    asked = {"as asked": DUE, "earlier": DUE - 2 * DAY, "later": DUE + DAY, "open": DUE, "none": None}
    stories = {what: Story(f"r{number}", "c5") for number, what in enumerate(asked)}
    made = [stories[what].made(requested_due=due) for what, due in asked.items()]
    # Done by its last step, judged with a time, judged without one; nothing is known of the others.
    done = [stories["as asked"].milestone(name) for name in ("departed", "arrived")]
    done += [
        stories["earlier"].settled(Verdict.KEPT, DUE),
        stories["later"].settled(Verdict.KEPT),
    ]
    options = (OfferOption("credit", "goodwill", 5.0, "EUR"), OfferOption("in May", "revised_terms", due=DUE + DAY))
    offers = [
        offer("taken", OfferState.TAKEN, 2, *options, customer="c5", promise_id="r0", taken="credit"),
        offer("open", OfferState.OFFERED, 1, *options, customer="c5", promise_id="r0"),
    ]
    await desk.take(*made, *done, *offers, *offered())
    assert await ask(api, "/v1/customers/c5/requested-against-got") == {
        **{"customer_id": "c5", "promises": 5, "requested": 4, "promised_as_requested": 3},
        **{"completed": 3, "completed_as_requested": 2, "exact": True},
        "offers": [
            {"kind": "goodwill", "offered": 2, "taken": 1},
            {"kind": "revised_terms", "offered": 2, "taken": 0},
        ],
    }
    assert await _unknown(api, "nobody")
    # Who was offered something for a promise that has not been heard of is known.
    assert not await _unknown(api, "c1")
    await desk.take(erased("c5", at=MADE + 9 * DAY))
    assert await _unknown(api, "c5")


async def _unknown(api: Api, customer_id: str) -> bool:
    answer = await api.call("GET", f"/v1/customers/{customer_id}/requested-against-got", role="viewer")
    assert answer.status_code in (200, 404)
    return answer.status_code == 404 and answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["asked", "taken", "declined"]),
        ({"state": "all"}, ["asked", "taken", "declined"]),
        ({"state": "offered"}, ["asked"]),
        ({"state": "taken"}, ["taken"]),
        ({"state": "withdrawn"}, []),
        ({"promise": "p1"}, ["taken", "declined"]),
        ({"customer": "c2"}, ["asked"]),
        ({"department": "sales"}, ["declined"]),
        ({"option": "revised_terms"}, ["asked"]),
        ({"option": "goodwill", "state": "taken"}, ["taken"]),
        ({"option": "other"}, []),
    ],
)
async def test_offers_are_filtered(api: Api, desk: InsightDesk, filters: dict[str, Any], expected: list[str]) -> None:
    await desk.take(*offered())
    assert await names(api, "/v1/offers", "offer_id", **filters) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["new", "answered", "upheld"]),
        ({"state": "all"}, ["new", "answered", "upheld"]),
        ({"state": "open"}, ["new", "answered"]),
        ({"state": "opened"}, ["new"]),
        ({"state": "settled"}, ["upheld"]),
        ({"outcome": "upheld"}, ["upheld"]),
        ({"outcome": "dismissed"}, []),
        ({"about": "claim"}, ["answered"]),
        ({"about_id": "k1"}, ["answered"]),
        ({"promise": "p1"}, ["new"]),
        ({"customer": "c2"}, ["upheld"]),
        ({"department": "sales"}, []),
    ],
)
async def test_challenges_are_filtered(
    api: Api, desk: InsightDesk, filters: dict[str, Any], expected: list[str]
) -> None:
    await desk.take(*doubted())
    assert await names(api, "/v1/challenges", "challenge_id", **filters) == expected


@pytest.mark.parametrize(("path", "key"), [("/v1/offers", "offer_id"), ("/v1/challenges", "challenge_id")])
async def test_they_page_to_the_end_newest_first(api: Api, desk: InsightDesk, path: str, key: str) -> None:
    for number in range(7):
        # Some at the same time: ids then decide.
        at = MADE + number % 3 * H
        await desk.take(offer(f"m{number}", at=at), challenge(f"m{number}", at=at))
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, path, headers, limit=2)
    places = [(item["at"], item[key]) for item in items]
    assert places == sorted(places, reverse=True)
    assert len({*places}) == 7


@pytest.mark.parametrize("path", LISTS)
async def test_as_csv_they_are_the_same_page(api: Api, desk: InsightDesk, path: str) -> None:
    await desk.take(*offered(), *doubted(), offer("=1+1", at=MADE - H), challenge("=1+1", at=MADE - H))
    answer = await api.call("GET", path, role="viewer", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    items = (await ask(api, path))["items"]
    assert [*rows[0]] == [*items[0]]
    assert len(rows) == len(items) == 4
    first = rows[-1]
    assert next(iter(first.values())) == "'=1+1"
    assert first.get("options", "half price (goodwill, 250 EUR)") == "half price (goodwill, 250 EUR)"


async def test_whoever_is_forgotten_is_in_none_of_them_from_that_moment_on(api: Api, desk: InsightDesk) -> None:
    await desk.take(*offered(), *doubted(), erased("c1", at=MADE + 9 * DAY))
    assert await names(api, "/v1/offers", "offer_id") == ["asked"]
    assert await names(api, "/v1/challenges", "challenge_id") == ["answered", "upheld"]


@pytest.mark.parametrize("path", LISTS)
async def test_what_it_does_not_know_is_refused(api: Api, path: str) -> None:
    for asked, code in (
        ("incident=i1", "unknown_parameter"),
        ("cursor=x", "invalid_field"),
        ("state=gone", "invalid_field"),
        ("promise=a%20b", "invalid_field"),
    ):
        answer = await api.call("GET", f"{path}?{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await api.call("GET", path, role=None)).status_code == 401


@pytest.mark.parametrize(
    ("name", "query", "first"),
    [
        ("hops", "promise=p1", "sales>customer"),
        ("path", "promise=p1", "p1-1-0"),
        ("claims", "capability=telemetry", "k1"),
        ("capabilities", "search=tele", "telemetry"),
        ("hand-offs", "state=open&sort=due", "h1"),
        ("offers", "state=taken", "taken"),
        ("challenges", "state=open", "new"),
        ("incidents", "place=site:EWR", "i1"),
    ],
)
async def test_the_boards_files_have_what_is_chosen_up_to_their_bound(
    desk: InsightDesk, name: str, query: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.take(*offered(), *doubted(), handoff(), capability(), claim(), incident(), *path_of("p1", "c1", 9, 3, 0))
    answer = await download_matters(asked(name, query), desk.database, name, matters_of(desk))
    rows = [*csv.DictReader(io.StringIO(bytes(answer.body).decode()))]
    assert next(iter(rows[0].values())) == first
    monkeypatch.setattr(downloads, "MOST", 0)
    answer = await download_matters(asked(name, query), desk.database, name, matters_of(desk))
    # Without a row the columns are there all the same.
    header, *rest = bytes(answer.body).decode().splitlines()
    assert rest == []
    assert next(csv.reader([header]))[0] == next(iter(rows[0]))


@pytest.mark.parametrize("name", [*SHEETS])
async def test_a_file_refuses_values_that_it_does_not_know(desk: InsightDesk, name: str) -> None:
    answer = await download_matters(asked(name, "limit=x"), desk.database, name, matters_of(desk))
    assert answer.status_code == 422


def matters_of(desk: InsightDesk) -> MatterData:
    return MatterData(desk.database, ManualClock(MADE))


def asked(name: str, query: str) -> Request:
    return Request({"type": "http", "path": f"/{name}.csv", "query_string": query.encode(), "headers": []})
