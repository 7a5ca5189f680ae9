"""Ids without what nobody sees in them: pasted into a table, a mapping, a path or a filter, they stay the same ids."""

from __future__ import annotations

import sys
import unicodedata
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import BaseModel, TypeAdapter

from candor.intake.mapped.ids import as_id, as_slug
from candor.intake.mapped.labels import LabelRule
from candor.web.http.fields import EventId, Id, IdFilter, OriginFilter, PathId
from candor.web.http.hidden import _SEEN, bare
from delivery_svc.api.requests import MilestoneIn
from promise_svc.api.requests import PromiseIn

FORMAT = [sign for code in range(sys.maxunicode + 1) if unicodedata.category(sign := chr(code)) == "Cf"]
JOINERS = "\u200c\u200d"
HIDDEN = [sign for sign in FORMAT if sign not in _SEEN and sign not in JOINERS]
PASTED = ["\u200b", "\u2060", "\u00ad", "\ufeff", "\u200e", "\u202e", "\u2066", "\U000e0041", *JOINERS]
IDS = some.text("ABCxyz019._:-", min_size=1, max_size=20)
hidden, anywhere = some.sampled_from(HIDDEN), some.integers(0, 20)


def with_sign(text: str, sign: str, place: int) -> str:
    return text[:place] + sign + text[place:]


@settings(max_examples=400, print_blob=True)
@given(IDS, some.sampled_from(HIDDEN + list(JOINERS)), anywhere)
def test_no_such_sign_changes_an_id_wherever_it_stands(text: str, sign: str, place: int) -> None:
    pasted = with_sign(text, sign, place)
    assert TypeAdapter(Id).validate_python(pasted) == text
    assert TypeAdapter(EventId).validate_python(pasted) == text
    assert (as_id(pasted), as_slug(pasted)) == (as_id(text), as_slug(text))


@settings(max_examples=400, print_blob=True)
@given(some.text(max_size=12), hidden, anywhere)
def test_no_such_sign_changes_a_name_in_any_letters(text: str, sign: str, place: int) -> None:
    assert bare(with_sign(text, sign, place)) == bare(text)
    assert as_id(with_sign(text, sign, place)) == as_id(text)
    assert bare(bare(text)) == bare(text)


def test_what_is_seen_and_what_joins_the_letters_of_a_word_stays() -> None:
    word, number = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0600\u0661\u0662"
    assert bare(word) == word
    assert bare(number) == number
    assert bare(f"\u200d{word}\u200c") == word
    assert as_id(word) != as_id(word.replace("\u200c", ""))
    # Each of them shows: a reader tells such an id from one without it.
    assert {unicodedata.category(sign) for sign in _SEEN} == {"Cf"}


@pytest.mark.parametrize("sign", PASTED)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_pasted_order_number_meets_its_promise(sign: str, place: int) -> None:
    pasted = with_sign("SO-1", sign, place)
    made = PromiseIn.model_validate(
        {
            **{"promise_id": pasted, "customer_id": pasted, "kind": "install", "what": "Oven"},
            **{"due": "2026-12-24T10:00:00Z", "references": [{"system": pasted, "id": pasted}]},
        }
    )
    said = {"milestone": "done", "status": "reached", "at": "2026-12-24T10:00:00Z"}
    about = MilestoneIn.model_validate({**said, "reference": {"system": pasted, "id": pasted}}).reference
    assert (made.promise_id, made.customer_id) == ("SO-1", "SO-1")
    assert [(name.system, name.id) for name in made.references] == [("SO-1", "SO-1")]
    assert about is not None
    assert (about.system, about.id) == ("SO-1", "SO-1")
    assert MilestoneIn.model_validate({**said, "promise_id": pasted}).promise_id == "SO-1"


@pytest.mark.parametrize("sign", PASTED)
def test_a_label_that_was_pasted_means_the_same_place(sign: str) -> None:
    rule = LabelRule(label="site", value=f"LE{sign}J", kind="site")
    assert rule.place("LEJ") == rule.place(f"{sign}LEJ") == {"kind": "site", "id": "LEJ"}
    assert LabelRule(label="site", kind="site").place(f"LE{sign}J") == {"kind": "site", "id": "LEJ"}


class _Asked(BaseModel):
    customer: Id | None = None


def _client() -> httpx.AsyncClient:
    app = FastAPI()

    @app.get("/one/{promise_id}")
    def one(promise_id: PathId, customer: IdFilter = None, source: OriginFilter = None) -> list[str | None]:
        return [promise_id, customer, source]

    @app.get("/many")
    def many(asked: Annotated[_Asked, Query()]) -> list[str | None]:
        return [asked.customer]

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://candor.test")


@pytest.mark.parametrize("sign", PASTED)
async def test_paths_and_filters_find_what_was_pasted(sign: str) -> None:
    async with _client() as client:
        found = await client.get(f"/one/SO{sign}-1", params={"customer": f"{sign}acme", "source": f"crm{sign}"})
        assert found.json() == ["SO-1", "acme", "crm"]
        assert (await client.get("/many", params={"customer": f"acme{sign}"})).json() == ["acme"]
        for path in ("/one/S O", f"/one/{sign}", "/many?customer=a%20b"):
            assert (await client.get(path)).status_code == 422
