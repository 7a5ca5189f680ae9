"""Public reviews: over HTTP, by webhook, as CSV; tagged, corrected, said anew, linked to promises, and removed."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest

from candor.contracts import ReviewChanged
from candor.contracts.market import ReviewState, Tag, Tagger
from promise_svc.api.matter_csv import REVIEWS
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import begun, review, shown
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

SAID = "Good machine. Nobody told us that it comes later, and no reply to our mails."
CORRECTION = {"tags": ["too_late"], "person": "ada", "reason": "they were told, on the day itself"}
HOUR = timedelta(hours=1)


async def posted(api: Api, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = await api.call("POST", path, body)
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_review_is_tagged_by_its_words_which_are_in_no_event(promise_api: Api) -> None:
    promise = await made(promise_api)
    body = review(promise_id=promise["promise_id"], words=SAID, rating=2, product="espresso-2", labels={"crew": "n"})
    found = await begun(promise_api, "/v1/reviews", body)
    tags = {"tags": ["not_told", "unreachable"], "evidence": ["nobody told", "no reply"], "tagged_by": "machine"}
    assert found == {
        **body,
        **tags,
        "review_id": f"reviews.example:{body['source_id']}",
        **{"customer_id": promise["customer_id"], "worst": 1.0, "best": 5.0},
        **{"state": "published", "version": 1},
    }
    message = (await sent(promise_api, promise["customer_id"]))[-1]
    assert message.data == ReviewChanged(
        review_id=found["review_id"],
        state=ReviewState.PUBLISHED,
        at=NOON - HOUR,
        source="reviews.example",
        customer_id=promise["customer_id"],
        promise_id=promise["promise_id"],
        rating=2.0,
        product="espresso-2",
        labels={"crew": "n"},
        tags=[Tag.NOT_TOLD, Tag.UNREACHABLE],
        tagged_by=Tagger.MACHINE,
        evidence=["nobody told", "no reply"],
    )


async def test_without_a_customer_it_goes_out_under_its_own_id(promise_api: Api) -> None:
    found = await begun(promise_api, "/v1/reviews", review())
    [message] = await sent(promise_api, found["review_id"])
    assert (message.envelope.subject, message.data.tags) == (found["review_id"], None)  # type: ignore[attr-defined]


async def test_it_is_taken_once_and_a_later_version_replaces_it(promise_api: Api) -> None:
    body = review(words="Slow.")
    first = await begun(promise_api, "/v1/reviews", body)
    again = await begun(promise_api, "/v1/reviews", body)
    assert again == first
    edited = await begun(promise_api, "/v1/reviews", body | {"words": SAID, "at": "2013-03-08T11:30:00Z"})
    assert (edited["version"], edited["tags"]) == (2, ["not_told", "unreachable"])
    # One that is older and comes late is kept and replaces nothing.
    late = await begun(promise_api, "/v1/reviews", body | {"words": "?", "at": "2013-03-08T10:00:00Z"})
    assert (late["version"], late["words"]) == (3, SAID)
    whole = await shown(promise_api, f"/v1/reviews/{first['review_id']}")
    assert [(one["number"], one["words"]) for one in whole["entries"]] == [(3, "?"), (1, "Slow."), (2, SAID)]
    assert len(await sent(promise_api, first["review_id"])) == 3


async def test_a_person_corrects_tags_and_says_who_and_why(promise_api: Api, promise_clock: ManualClock) -> None:
    promise_clock.set(NOON)
    found = await begun(promise_api, "/v1/reviews", review(words=SAID))
    path = f"/v1/reviews/{found['review_id']}"
    corrected = await posted(promise_api, f"{path}/tags", CORRECTION)
    assert (corrected["state"], corrected["tags"], corrected["tagged_by"]) == ("tagged", ["too_late"], "person")
    none = await posted(promise_api, f"{path}/tags", CORRECTION | {"tags": []})
    assert (none["tags"], none["version"]) == ([], 3)
    whole = await shown(promise_api, path)
    assert [(one["action"], one["tags"], one.get("person")) for one in whole["entries"]] == [
        ("published", ["not_told", "unreachable"], None),
        ("tagged", ["too_late"], "ada"),
        ("tagged", [], "ada"),
    ]
    last = (await sent(promise_api, found["review_id"]))[-1].data
    assert (last.tags, last.tagged_by, last.evidence) == ([], Tagger.PERSON, [])  # type: ignore[attr-defined]
    [row] = await promise_api.rows("SELECT action, object FROM audit_log ORDER BY id DESC LIMIT 1")
    assert (row["action"], row["object"]) == ("review.tagged", f"{path}/tags")
    unknown = await promise_api.call("POST", "/v1/reviews/reviews.example:none/tags", CORRECTION)
    assert (unknown.status_code, code(unknown)) == (404, "not_found")


async def test_of_one_that_was_removed_nothing_is_left_and_it_does_not_come_back(promise_api: Api) -> None:
    secret = new("secret")
    body = review(words=f"Nobody told me. {secret}", product=new("product"))
    found = await begun(promise_api, "/v1/reviews", body)
    path = f"/v1/reviews/{found['review_id']}"
    gone = await posted(promise_api, f"{path}/remove", {"reason": "its author asked for it"})
    kept = {"review_id": found["review_id"], "state": "removed", "version": 2, "at": found["at"]}
    assert gone == kept
    again = await promise_api.call("POST", "/v1/reviews", body)
    assert (again.status_code, code(again)) == (409, "not_now")
    by_webhook = await promise_api.webhook("review.published", body | {"rating": 1})
    assert by_webhook.json()["in_effect"] is False
    assert (await shown(promise_api, path)) | {"entries": []} == kept | {"version": 3, "entries": []}
    for table in ("matter", "matter_entry"):
        assert secret not in str([[*row.values()] for row in await promise_api.rows(f"SELECT * FROM {table}")])
    last = (await sent(promise_api, found["review_id"]))[-1].data
    assert last == ReviewChanged(review_id=found["review_id"], state=ReviewState.REMOVED, at=NOON - HOUR)


async def test_its_promise_may_be_known_later_and_is_never_another(promise_api: Api) -> None:
    promise, other = await made(promise_api), await made(promise_api)
    body = review(words=SAID)
    found = await begun(promise_api, "/v1/reviews", body)
    linked = await begun(promise_api, "/v1/reviews", body | {"promise_id": promise["promise_id"]})
    assert (linked["customer_id"], linked["version"]) == (promise["customer_id"], 2)
    listed = await shown(promise_api, "/v1/reviews", promise_id=promise["promise_id"])
    assert [one["review_id"] for one in listed["items"]] == [found["review_id"]]
    refused = await promise_api.call("POST", "/v1/reviews", body | {"promise_id": other["promise_id"]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/promise_id")
    unknown = await promise_api.call("POST", "/v1/reviews", review(promise_id=new("p")))
    assert (unknown.status_code, code(unknown)) == (404, "not_found")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"at": "2013-03-08T12:06:00Z"}, "/at"),
        ({"rating": 9}, "/rating"),
        ({"source": "a b"}, "/source"),
        ({"author": "Quentin"}, "/author"),
        ({"language": "English"}, "/language"),
    ],
)
async def test_a_bad_review_names_its_field(promise_api: Api, changes: dict[str, Any], pointer: str) -> None:
    refused = await promise_api.call("POST", "/v1/reviews", review(**changes))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_lists_are_filtered_and_refuse_what_they_do_not_know(promise_api: Api) -> None:
    site, customer = new("site"), new("c")
    for minutes, words in enumerate(("Nobody told us", "No reply", "Lovely")):
        about = {"customer_id": customer} if words == "Lovely" else {}
        at = f"2013-03-08T11:0{minutes}:00Z"
        await begun(promise_api, "/v1/reviews", review(source=site, words=words, at=at, **about))

    async def listed(**params: Any) -> list[str]:
        found = await shown(promise_api, "/v1/reviews", source=site, **params)
        assert found["total"] == len(found["items"])
        return [one["words"] for one in found["items"]]

    assert await listed() == ["Lovely", "No reply", "Nobody told us"]
    assert await listed(tag="unreachable") == ["No reply"]
    assert await listed(customer_id=customer) == ["Lovely"]
    assert await listed(said_from="2013-03-08T11:01:00Z", said_before="2013-03-08T11:02:00Z") == ["No reply"]
    assert await listed(state="removed") == []
    for params in ({"tag": "rude"}, {"state": "gone"}, {"author": "x"}, {"cursor": "x"}, {"limit": 0}):
        bad = await promise_api.call("GET", "/v1/reviews", params=params)
        assert bad.status_code == 422, params


async def put(api: Api, text: str, role: str = "operator") -> httpx.Response:
    return await api.call("POST", "/v1/reviews/csv", raw=text.encode(), role=role, headers={"content-type": "text/csv"})


async def test_what_is_given_as_csv_is_taken_as_csv_and_changes_nothing(promise_api: Api) -> None:
    site = new("site")
    body = review(source=site, words='=cmd|"x", told\nus too late', labels={"crew": "n", "express": True, "floor": 3})
    found = await begun(promise_api, "/v1/reviews", body)
    page = await promise_api.call("GET", "/v1/reviews", role="viewer", params={"source": site, "format": "csv"})
    names, row = csv.reader(io.StringIO(page.text))
    assert names == [*REVIEWS.columns]
    assert row[names.index("words")].startswith("'=cmd")
    assert (await put(promise_api, page.text)).json() == {"accepted": 1, "replayed": 0, "rejected": []}
    assert (await shown(promise_api, f"/v1/reviews/{found['review_id']}"))["version"] == 1
    changed = page.text.replace("too late", "at the last minute")
    assert (await put(promise_api, changed)).json()["accepted"] == 1
    after = await shown(promise_api, f"/v1/reviews/{found['review_id']}")
    assert (after["version"], after["tags"], after["labels"]) == (2, ["too_late"], body["labels"])
    # What was said first is said again: it is what stands now.
    assert (await put(promise_api, page.text)).json()["accepted"] == 1
    assert (await shown(promise_api, f"/v1/reviews/{found['review_id']}"))["words"] == body["words"]


async def test_each_row_of_a_file_is_taken_or_refused_on_its_own(promise_api: Api) -> None:
    site = new("site")
    lines = ["r1,2,,", "r2,9,,", "r3,2,berlin,", "r4,,,", "r5,3,,no pair"]
    rows = [f"{site},2013-03-08T11:00:00Z,{line}" for line in lines]
    answer = (await put(promise_api, "\n".join(["source,at,source_id,rating,place,labels", *rows]))).json()
    assert answer["accepted"] == 2
    assert [(one["index"], one["code"]) for one in answer["rejected"]] == [(at, "invalid_field") for at in (1, 3, 4)]
    assert (await put(promise_api, "source,source_id,at", role="viewer")).status_code == 403


async def test_a_signed_webhook_brings_corrects_and_removes_reviews(promise_api: Api) -> None:
    body = review(words=SAID)
    name = f"{body['source']}:{body['source_id']}"
    taken = await promise_api.webhook("review.published", body)
    assert taken.json() == {"state": "accepted", "review_id": name, "version": 1, "in_effect": True}
    assert (await promise_api.webhook("review.tagged", {"review_id": name, **CORRECTION})).json()["version"] == 2
    assert (await promise_api.webhook("review.removed", {"review_id": name, "reason": "r"})).json()["version"] == 3
    assert (await shown(promise_api, f"/v1/reviews/{name}"))["state"] == "removed"
