"""Public reviews as the API lists and counts them: beside promises, by tag and month, never of who was forgotten."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Message, NoticeState, ReviewState, Statement, Tag, Tagger
from risk_svc.insight import review_months
from risk_svc.web.api import market_examples, market_responses
from tests.support.api import Api
from tests.support.insight import InsightDesk
from tests.support.lists import ask, walk
from tests.support.matters import review
from tests.support.risk import DEPARTS, DUE, MADE, Story, erased

TABLES = "insight_promise, insight_state, insight_milestone, insight_matter, insight_erased, insight_erasing"
H = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}")
    return desk


async def names(api: Api, **params: Any) -> list[str]:
    found = await ask(api, "/v1/reviews", **params)
    assert found["total"] == len(found["items"])
    return [item["review_id"].removeprefix("s1:") for item in found["items"]]


def late(
    name: str, customer: str = "c1", *, warned_at: Any = None, labels: dict[str, Any] | None = None
) -> list[Message]:
    """A promise that came an hour late, and whose customer was warned then, if they were."""
    story = Story(name, customer)
    found = [story.made(labels=labels or {})]
    if warned_at is not None:
        found.append(story.notice(notice_id=f"n-{name}", at=warned_at))
    return [*found, story.milestone("departed", 60), story.milestone("arrived", 60)]


def several() -> list[Message]:
    """Five reviews: two complain, one of a promise; one does not; one was corrected; one is not read."""
    return [
        *late("p1", warned_at=DUE + H),
        review("s1:a", Tag.NOT_TOLD, Tag.UNREACHABLE, customer="c1", promise_id="p1", product="x"),
        review("s1:b", Tag.TOO_LATE, day=1, place="berlin", labels={"crew": "north"}),
        review("s1:c", day=2, rating=5.0),
        review("s1:d", Tag.NOT_TOLD, day=3),
        review("s1:d", day=3, version=2, state=ReviewState.TAGGED, tagged_by=Tagger.PERSON),
        review("s1:e", day=4, read=False, product="x"),
        review("s1:f", Tag.NOT_TOLD, day=5),
        review("s1:f", day=5, version=2, state=ReviewState.REMOVED),
    ]


async def test_a_review_stands_beside_its_promise(api: Api, desk: InsightDesk) -> None:
    await desk.take(*several())
    found = (await ask(api, "/v1/reviews"))["items"]
    assert [one["review_id"] for one in found] == ["s1:e", "s1:d", "s1:c", "s1:b", "s1:a"]
    untagged, corrected, _, other, beside = found
    assert (beside["promise_id"], beside["promise_kind"], beside["promise_standing"]) == ("p1", "flight", "broken")
    assert (beside["warned"], beside["tags"], beside["evidence"]) == (
        False,
        ["not_told", "unreachable"],
        ["nobody told"],
    )
    assert (other["labels"], other["warned"], other["rating"], other["best"]) == ({"crew": "north"}, None, 2.0, 5.0)
    assert (corrected["tags"], corrected["tagged_by"]) == ([], "person")
    assert (untagged["tags"], untagged["tagged_by"], untagged["evidence"]) == (None, None, [])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"tag": "failure"}, ["b", "a"]),
        ({"tag": "not_told"}, ["a"]),
        ({"tag": "too_late"}, ["b"]),
        ({"tag": "none"}, ["d", "c"]),
        ({"tag": "untagged"}, ["e"]),
        ({"source": "s2"}, []),
        ({"product": "x"}, ["e", "a"]),
        ({"place": "berlin"}, ["b"]),
        ({"promise": "p1"}, ["a"]),
        ({"customer": "c1"}, ["a"]),
        ({"beside_promise": True}, ["a"]),
        ({"beside_promise": False}, ["e", "d", "c", "b"]),
        ({"said_from": (MADE + DAY).isoformat(), "said_before": (MADE + 3 * DAY).isoformat()}, ["c", "b"]),
    ],
)
async def test_reviews_are_filtered(api: Api, desk: InsightDesk, filters: dict[str, Any], expected: list[str]) -> None:
    await desk.take(*several())
    assert await names(api, **filters) == expected


async def test_they_page_to_the_end(api: Api, desk: InsightDesk) -> None:
    await desk.take(*(review(f"s1:{number}", day=number % 3) for number in range(7)))
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, "/v1/reviews", headers, limit=2)
    whole = (await ask(api, "/v1/reviews", limit=200))["items"]
    assert [item["review_id"] for item in items] == [item["review_id"] for item in whole]
    assert len(whole) == 7
    await desk.take(*(review(f"s1:p{number}", day=number, place="berlin", product="x") for number in range(5)))
    about = {"place": "berlin", "product": "x", "source": "s1", "said_from": MADE.isoformat()}
    items = await walk(api.client, "/v1/reviews", headers, limit=2, **about)
    assert [item["review_id"] for item in items] == [f"s1:p{number}" for number in (4, 3, 2, 1, 0)]


async def test_in_any_order_of_arrival_the_newest_version_stands(api: Api, desk: InsightDesk) -> None:
    await desk.take(*reversed(several()), *several())
    assert await names(api, tag="failure") == ["b", "a"]
    assert "f" not in await names(api)
    [row] = await desk.rows("SELECT content, verdict FROM insight_matter WHERE matter_id = 's1:f'")
    assert (row["content"], row["verdict"]) == ("{}", None)


@pytest.mark.parametrize(
    ("warned_at", "expected"),
    [(DEPARTS, True), (DUE, True), (DUE + H, False), (None, False)],
)
async def test_warned_is_before_the_date_that_the_customer_held(
    api: Api, desk: InsightDesk, warned_at: Any, expected: bool
) -> None:
    await desk.take(*late("p1", warned_at=warned_at), review("s1:a", customer="c1", promise_id="p1"))
    assert (await ask(api, "/v1/reviews"))["items"][0]["warned"] is expected


async def test_the_first_warning_counts_also_once_it_is_no_longer_known(api: Api, desk: InsightDesk) -> None:
    story = Story("p1")
    await desk.take(story.made(), story.notice(notice_id="n0", at=DEPARTS))
    for number in range(9):
        await desk.take(story.notice(Statement.UPDATE, notice_id=f"m{number}", at=DUE + number * H))
    unsent = story.notice(state=NoticeState.PREVIEW, notice_id="u", at=MADE + H)
    cleared = story.notice(Statement.ALL_CLEAR, notice_id="z", at=MADE + H)
    await desk.take(unsent, cleared)
    assert (await desk.one())["warned_at"] == DEPARTS


async def test_months_say_what_they_are_of(api: Api, desk: InsightDesk) -> None:
    reviews = [review(f"s1:{number}", *([Tag.NOT_TOLD] if number < 5 else [])) for number in range(20)]
    reviews += [review("s1:read", Tag.TOO_LATE, version=2, state=ReviewState.TAGGED, tagged_by=Tagger.PERSON)]
    reviews += [review("s1:unread", read=False), review("s1:next", day=31)]
    promises = [one for number in range(21) for one in late(f"p{number}", warned_at=DEPARTS if number < 7 else DUE + H)]
    kept = Story("kept")
    await desk.take(*reviews, *promises, kept.made(), kept.milestone("departed"), kept.milestone("arrived"))
    found = await ask(api, "/v1/reviews/trend")
    newer, older = found["items"]
    assert (found["total"], found["exact"]) == (2, True)
    counts = ("month", "reviews", "untagged", "by_machine", "not_told", "too_late", "contradictory", "unreachable")
    assert [older[name] for name in counts] == ["2013-02", 22, 1, 20, 5, 1, 0, 0]
    assert (older["failure"]["n"], older["failure"]["value"]) == (21, round(6 / 21, 4))
    assert 0 < older["failure"]["low"] < 6 / 21 < older["failure"]["high"] < 1
    assert (older["warned"]["n"], older["warned"]["value"]) == (21, round(7 / 21, 4))
    # Of too few it says no more than how many.
    assert (newer["month"], newer["failure"]) == ("2013-03", {"value": None, "low": None, "high": None, "n": 1})


async def test_months_are_filtered_and_promises_by_their_labels(api: Api, desk: InsightDesk) -> None:
    berlin = [one for number in range(2) for one in late(f"b{number}", labels={"place": "berlin", "product": "x"})]
    await desk.take(*berlin, *late("q1", labels={"place": "bonn"}), *several())

    async def month(**params: Any) -> tuple[int, int]:
        items = (await ask(api, "/v1/reviews/trend", **params))["items"]
        return (items[0]["reviews"], items[0]["warned"]["n"]) if items else (0, 0)

    assert await month() == (5, 4)
    assert await month(place="berlin") == (1, 2)
    assert await month(place="bonn") == (0, 1)
    assert await month(product="x", place="berlin") == (0, 2)
    assert await month(source="s2", place="paris") == (0, 0)
    assert await month(beside_promise=True) == (1, 4)


async def test_of_many_only_the_newest_are_counted_and_it_is_said(
    api: Api, desk: InsightDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.take(*several(), *(review(f"s1:m{month}", day=31 * month) for month in range(30)))
    months = (await ask(api, "/v1/reviews/trend", limit=200))["items"]
    assert len(months) == review_months.MONTHS
    assert months[-1]["month"] > "2013-07"
    monkeypatch.setattr(review_months, "MOST_REVIEWS", 3)
    assert (await ask(api, "/v1/reviews/trend"))["exact"] is False
    pages = await walk(api.client, "/v1/reviews/trend", {"authorization": f"Bearer {api.keys.keys['viewer']}"}, limit=7)
    assert [one["month"] for one in pages] == [one["month"] for one in months]


async def test_whoever_is_forgotten_is_in_none_of_them_from_that_moment_on(api: Api, desk: InsightDesk) -> None:
    await desk.take(*several(), erased("c1", at=MADE + 9 * DAY))
    assert await names(api) == ["e", "d", "c", "b"]
    assert (await ask(api, "/v1/reviews/trend"))["items"][0]["warned"]["n"] == 0
    await desk.forget()
    assert await desk.rows("SELECT FROM insight_matter WHERE customer_id = 'c1'") == []


async def test_what_has_lost_its_names_is_in_no_list_and_no_figure(api: Api, desk: InsightDesk) -> None:
    await desk.take(*several())
    await desk.database.pool.execute(
        "UPDATE insight_matter SET content = '{}', words_since = NULL WHERE matter_id = 's1:a'"
    )
    assert "a" not in await names(api)
    assert (await ask(api, "/v1/reviews/trend"))["items"][0]["reviews"] == 4


@pytest.mark.parametrize("path", ["/v1/reviews", "/v1/reviews/trend"])
async def test_as_csv_they_are_the_same_page(api: Api, desk: InsightDesk, path: str) -> None:
    empty = await api.call("GET", path, role="viewer", params={"format": "csv", "source": "none", "place": "none"})
    await desk.take(*several())
    answer = await api.call("GET", path, role="viewer", params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len((await ask(api, path))["items"]) > 0
    assert empty.text.strip() == answer.text.splitlines()[0]


async def test_in_csv_lists_and_labels_are_text(api: Api, desk: InsightDesk) -> None:
    await desk.take(*several())
    answer = await api.call("GET", "/v1/reviews", role="viewer", params={"format": "csv"})
    by_name = {row["review_id"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert by_name["s1:a"]["tags"] == "not_told; unreachable"
    assert by_name["s1:b"]["labels"] == "crew=north"


@pytest.mark.parametrize("path", ["/v1/reviews", "/v1/reviews/trend"])
async def test_what_it_does_not_know_is_refused(api: Api, path: str) -> None:
    for asked, code in (
        ("author=x", "unknown_parameter"),
        ("cursor=x", "invalid_field"),
        ("format=xls", "invalid_field"),
        ("limit=0", "invalid_field"),
        ("said_from=yesterday", "invalid_field"),
    ):
        answer = await api.call("GET", f"{path}?{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code), asked
    assert (await api.call("GET", path, role=None)).status_code == 401


def test_the_examples_are_answers() -> None:
    for model, example in (
        (market_responses.ReviewPage, market_examples.REVIEWS),
        (market_responses.TrendPage, market_examples.TREND),
        (market_responses.CompetitorPage, market_examples.COMPETITORS),
    ):
        assert model.model_validate(example).model_dump(mode="json") == example
