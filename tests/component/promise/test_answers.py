"""What customers answered on their pages changes their promises, once, in order, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import (
    AnswerGiven,
    AnswerKind,
    Choice,
    ClarificationAnswered,
    ClarificationChanged,
    Message,
    OptionTaken,
    PromiseSettled,
    SheetAnswered,
    SheetGiven,
    message,
)
from candor.contracts.matters import Beside, Side
from candor.messaging.consumer import Work
from candor.store.unit_of_work import unit_of_work
from promise_svc.handlers import AnswersHandler
from tests.component.promise.bodies import made, new, sent
from tests.component.promise.matters import begun, clarification, shown
from tests.support.api import Api
from tests.support.clocks import NOON


def said(promise: dict[str, Any], choice: Choice | None, minutes: int = 1, **changes: Any) -> Message:
    name = new("a")
    data = AnswerGiven(
        **{
            "answer_id": name,
            "promise_id": promise["promise_id"],
            "customer_id": promise["customer_id"],
            "kind": AnswerKind.VERDICT,
            "at": NOON + timedelta(minutes=minutes),
            "choice": choice,
            **changes,
        }
    )
    return message(name, "notify-svc", data.at, data.customer_id, 1, data)


async def take(api: Api, *messages: Message) -> None:
    async with unit_of_work(api.app.state.database) as uow:
        await AnswersHandler().apply(uow, [Work(0, list(messages))], tick=False)


async def state(api: Api, promise: dict[str, Any]) -> str:
    return str((await shown(api, f"/v1/promises/{promise['promise_id']}"))["state"])


@pytest.mark.parametrize(
    ("choice", "kept", "ends"),
    [
        (Choice.KEPT, False, "kept"),
        (Choice.IN_PART, False, "broken"),
        (Choice.NOT_KEPT, False, "broken"),
        (Choice.NOT_KEPT, True, "disputed"),
    ],
)
async def test_a_verdict_settles_the_promise_and_is_told_on(
    promise_api: Api, choice: Choice, kept: bool, ends: str
) -> None:
    promise = await made(promise_api, customer_id=new("c"))
    answer = said(promise, choice, kept=kept)
    await take(promise_api, answer)
    assert await state(promise_api, promise) == ends
    last = (await sent(promise_api, promise["customer_id"]))[-1]
    assert isinstance(last.data, PromiseSettled)
    assert (last.data.verdict, last.envelope.id, last.envelope.source) == (
        ends,
        answer.envelope.id,
        "promise-svc/customer",
    )


async def test_several_of_one_batch_follow_each_other_and_one_that_comes_again_changes_nothing(
    promise_api: Api,
) -> None:
    promise, other = [await made(promise_api, customer_id=new("c")) for _ in range(2)]
    first = said(promise, Choice.KEPT)
    await take(promise_api, first, said(other, Choice.NOT_KEPT), said(promise, Choice.IN_PART, 2))
    assert (await state(promise_api, promise), await state(promise_api, other)) == ("disputed", "broken")
    before = len(await sent(promise_api, other["customer_id"]))
    await take(promise_api, said(other, Choice.NOT_KEPT, 3))
    assert len(await sent(promise_api, other["customer_id"])) == before


async def test_a_completion_that_is_known_stays(promise_api: Api) -> None:
    promise = await made(promise_api, customer_id=new("c"))
    await promise_api.call(
        "POST",
        f"/v1/promises/{promise['promise_id']}/verdict",
        {"verdict": "kept", "completed_at": NOON.isoformat()},
        role="operator",
    )
    await take(promise_api, said(promise, Choice.NOT_KEPT))
    found = await shown(promise_api, f"/v1/promises/{promise['promise_id']}")
    assert (found["state"], found["completed_at"]) == ("disputed", "2013-03-08T12:00:00Z")


async def test_what_is_no_verdict_of_this_promises_customer_changes_nothing(promise_api: Api) -> None:
    promise = await made(promise_api, customer_id=new("c"))
    before = await sent(promise_api, promise["customer_id"])
    await take(
        promise_api,
        said(promise, None, kind=AnswerKind.QUESTION),
        said(promise, Choice.WRONG, kind=AnswerKind.READBACK),
        said(promise, Choice.NOT_KEPT, customer_id=new("c")),
        said(promise, Choice.NOT_KEPT, promise_id=new("p")),
        said(promise, None),
    )
    assert await state(promise_api, promise) == "made"
    assert await sent(promise_api, promise["customer_id"]) == before


async def test_of_a_withdrawn_promise_and_an_erased_customer_nothing_is_left_to_judge(promise_api: Api) -> None:
    promise, gone = [await made(promise_api, customer_id=new("c")) for _ in range(2)]
    withdrawal = {"reason": "called off"}
    way = f"/v1/promises/{promise['promise_id']}/withdraw"
    assert (await promise_api.call("POST", way, withdrawal, role="operator")).status_code == 200
    erased = await promise_api.call("DELETE", f"/v1/customers/{gone['customer_id']}", role="admin")
    assert erased.status_code < 300
    await take(promise_api, said(promise, Choice.NOT_KEPT), said(gone, Choice.NOT_KEPT))
    assert await state(promise_api, promise) == "withdrawn"
    assert (await promise_api.call("GET", f"/v1/promises/{gone['promise_id']}")).status_code == 404


async def test_an_option_is_taken_as_staff_take_it_once_and_only_of_an_open_offer(promise_api: Api) -> None:
    promise = await made(promise_api, customer_id=new("c"))
    name = new("o")
    body = {
        "offer_id": name,
        "promise_id": promise["promise_id"],
        "options": [{"name": "credit", "kind": "goodwill"}, {"name": "later", "kind": "revised_terms"}],
    }
    assert (await promise_api.call("POST", "/v1/offers", body, role="operator")).status_code == 201
    await take(promise_api, option(promise, name, "sooner"), option(promise, "no-such", "credit"))
    assert (await shown(promise_api, f"/v1/offers/{name}"))["state"] == "offered"
    await take(promise_api, option(promise, name, "later"), option(promise, name, "credit"))
    found = await shown(promise_api, f"/v1/offers/{name}")
    assert (found["state"], found["taken"]) == ("taken", "later")


def option(promise: dict[str, Any], offer: str, name: str) -> Message:
    data = OptionTaken(
        offer_id=offer,
        promise_id=promise["promise_id"],
        customer_id=promise["customer_id"],
        at=NOON + timedelta(minutes=1),
        option=name,
    )
    return message(new("a"), "notify-svc", data.at, data.customer_id, 1, data)


async def test_what_was_asked_is_answered_by_the_page_once_it_is_asked_and_without_its_words(promise_api: Api) -> None:
    promise = await made(promise_api, customer_id=new("c"))
    names = [
        (await begun(promise_api, "/v1/clarifications", clarification(promise["promise_id"])))["clarification_id"]
        for _ in range(2)
    ]
    path = f"/v1/clarifications/{names[1]}"
    await promise_api.call("POST", f"{path}/withdraw", {"reason": "r"}, role="operator")
    await take(promise_api, *(clarified(promise, name) for name in ("no-such", names[1], names[0])))
    found = await shown(promise_api, f"/v1/clarifications/{names[0]}")
    assert (found["state"], found["answer_id"], "words" in found) == ("answered", f"a-{names[0]}", False)
    assert (await shown(promise_api, path))["state"] == "withdrawn"
    last = (await sent(promise_api, promise["customer_id"]))[-1]
    assert isinstance(last.data, ClarificationChanged)
    assert (last.data.state, last.envelope.source) == ("answered", "promise-svc/customer")
    assert (await shown(promise_api, f"/v1/promises/{promise['promise_id']}"))["clarifications_open"] == 0


def clarified(promise: dict[str, Any], name: str) -> Message:
    data = ClarificationAnswered(
        clarification_id=name,
        promise_id=promise["promise_id"],
        customer_id=promise["customer_id"],
        at=NOON + timedelta(minutes=1),
        answer_id=f"a-{name}",
    )
    return message(new("a"), "notify-svc", data.at, data.customer_id, 1, data)


async def test_answers_to_the_four_questions_are_a_sheet_of_customers_as_by_the_form_and_once(promise_api: Api) -> None:
    name, customer = new("s"), new("c")
    first, again = sheet(name, customer, 1), sheet(name, customer, 2, well=1)
    await take(promise_api, first, again)
    await take(promise_api, first)
    found = await shown(promise_api, f"/v1/sheets/{name}")
    body = {"side": "customers", "people": 1, "customer_id": customer, "well": 4, "others": 2, "beside": "better"}
    by_form = await begun(promise_api, "/v1/sheets", {**body, "others_words": "they call"})
    assert found.keys() == {*by_form, "entries"}
    assert {key: found[key] for key in by_form if key not in ("sheet_id", "at")} == {
        key: value for key, value in by_form.items() if key not in ("sheet_id", "at")
    }
    told, _ = await sent(promise_api, customer)
    at = NOON + timedelta(minutes=1)
    ratings: dict[str, Any] = {"well": 4, "others": 2, "beside": Beside.BETTER}
    assert told.data == SheetAnswered(sheet_id=name, side=Side.CUSTOMERS, at=at, customer_id=customer, **ratings)
    listed = await shown(promise_api, "/v1/sheets", customer_id=customer, side="customers")
    assert [one["others_words"] for one in listed["items"]] == ["they call"] * 2


async def test_a_sheet_of_an_erased_customer_is_not_taken(promise_api: Api) -> None:
    promise, name = await made(promise_api, customer_id=new("c")), new("s")
    assert (await promise_api.call("DELETE", f"/v1/customers/{promise['customer_id']}", role="admin")).status_code < 300
    await take(promise_api, sheet(name, promise["customer_id"], 0))
    assert (await promise_api.call("GET", f"/v1/sheets/{name}", role="operator")).status_code == 404


def sheet(name: str, customer: str, minutes: int, **changes: Any) -> Message:
    said = {"well": 4, "others": 2, "others_words": "they call", "beside": Beside.BETTER, **changes}
    data = SheetGiven(sheet_id=name, customer_id=customer, at=NOON + timedelta(minutes=minutes), **said)
    return message(new("a"), "notify-svc", data.at, customer, 1, data)
