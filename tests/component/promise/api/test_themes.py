"""Words that several answer sheets share: counted by their stem, never one person's, the same every time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.component.promise.bodies import new
from tests.component.promise.matters import begun, sheet
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock


async def ask(api: Api, **params: Any) -> Any:
    answer = await api.call("GET", "/v1/sheets/themes", role="viewer", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def wrote(api: Api, *texts: str, side: str = "staff", **about: Any) -> None:
    for said in texts:
        await begun(api, "/v1/sheets", sheet(side=side, improve_words=said, **about))


async def test_words_that_five_share_are_counted_in_any_of_their_forms(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    # Later than all that other tests say on this database.
    promise_clock.set(since := NOON + timedelta(days=900))
    await wrote(promise_api, *["Dates move, and nobody says so"] * 3, *["the date moved again and again"] * 2)
    await wrote(promise_api, *["my colleague Quentin is tired"] * 4)
    later = {"said_from": since.isoformat()}
    found = await ask(promise_api, question="improve", **later)
    assert found == {"sheets": 9, "items": [{"word": "dates", "sheets": 5}, {"word": "move", "sheets": 5}]}
    assert "quentin" not in str(found).lower()
    assert found == await ask(promise_api, question="improve", **later)
    assert (await ask(promise_api, question="well", **later)) == {"sheets": 0, "items": []}


async def test_a_side_is_asked_alone_and_an_erased_customers_words_count_no_more(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    promise_clock.set(since := NOON + timedelta(days=800))
    customer, asked = new("c"), {"question": "improve", "side": "customers", "said_from": since.isoformat()}
    await wrote(promise_api, *["parking"] * 4, side="customers")
    await wrote(promise_api, "parking", side="customers", customer_id=customer)
    await wrote(promise_api, *["canteen"] * 6)
    assert (await ask(promise_api, **asked))["items"] == [{"word": "parking", "sheets": 5}]
    promise_clock.advance(timedelta(minutes=1))
    assert (await promise_api.call("DELETE", f"/v1/customers/{customer}")).status_code == 200
    assert (await ask(promise_api, **asked)) == {"sheets": 4, "items": []}


async def test_the_question_has_to_be_said(promise_api: Api) -> None:
    for params in ({}, {"question": "mood"}, {"question": "well", "word": "x"}):
        assert (await promise_api.call("GET", "/v1/sheets/themes", role="viewer", params=params)).status_code == 422
    missing = (await promise_api.call("GET", "/v1/sheets/themes", role="viewer", params={"side": "staff"})).json()
    assert missing["errors"] == [{"detail": "is missing", "parameter": "question"}]
