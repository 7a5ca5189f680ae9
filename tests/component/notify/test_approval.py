"""Letters that wait for a person: approved, changed, held, snoozed, said by phone; and never silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from candor.contracts import Standing
from notify_svc.domain.approval import Approving
from tests.support.approving import act, approving, deciding, keyed, newest, waiting, waits
from tests.support.notify import DUE, FINE, LATE, Desk, contact, erased, gap, promise, staff


@pytest_asyncio.fixture(loop_scope="session")
async def api(desk_: Desk, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with deciding(approving(desk_), tmp_path) as client:
        yield client


async def inbox(api: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/v1/inbox", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def acts(desk: Desk) -> list[tuple[str, str]]:
    rows = await desk.database.pool.fetch("SELECT action, outcome FROM audit_log ORDER BY id")
    return [(row["action"], row["outcome"]) for row in rows]


async def test_a_letter_to_a_key_account_goes_out_once_a_person_says_so(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_, staff(), owner="anna")
    assert (one["state"], one["reason"], one["awaits"]) == ("pending", "awaits_approval", "key_account")
    await desk_.send()
    await desk_.later(30)
    await desk_.send()
    # The owner hears of it first, as ever; the customer does not until somebody has read it.
    assert [mail.recipients[0] for mail in desk_.received()] == ["anna@company.example"]
    [shown] = await inbox(api)
    assert shown["awaits"] == ["key_account"] and shown["waits_since"] is not None
    done = await act(api, await newest(desk_), "approve", by="Kim")
    assert done.status_code == 200, done.text
    assert (done.json()["reason"], done.json()["approved_by"]) == ("approved", "Kim by operator-1")
    assert await inbox(api) == []
    await desk_.send()
    assert [mail.recipients[0] for mail in desk_.received()][-1] == "pat@customer.example"
    after = await newest(desk_)
    assert (after["state"], after["approved_by"]) == ("sent", "Kim by operator-1")
    assert await acts(desk_) == [("notice.approve", "done")]


async def test_a_letter_to_others_waits_for_nobody(desk_: Desk, api: httpx.AsyncClient) -> None:
    await desk_.warned()
    assert await inbox(api) == []
    assert await desk_.send() == 1


async def test_of_two_who_press_at_once_one_wins(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    answers = await asyncio.gather(
        act(api, one, "approve"), act(api, one, "approve"), act(api, one, "hold", reason="no"), return_exceptions=False
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert sorted(outcome for _, outcome in await acts(desk_)) == ["conflict", "conflict", "done"]


async def test_what_changed_since_it_was_read_is_not_approved(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    changed = await act(api, one, "edit", subject="Late", text=str(one["body"]).replace("Hello Pat,", "Dear Pat,"))
    assert changed.status_code == 200, changed.text
    assert (await act(api, one, "approve")).status_code == 409
    assert (await act(api, await newest(desk_), "approve")).status_code == 200


async def test_what_is_no_longer_so_is_given_up_and_decided_anew(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    await desk_.take(gap(2, FINE), tick=True)
    await waiting(desk_).once()
    await desk_.later(1)
    assert await inbox(api) == []
    assert (await newest(desk_))["state"] == "suppressed"
    assert (await act(api, one, "approve")).status_code == 409
    assert await desk_.send() == 0


async def test_a_letter_whose_times_have_passed_comes_again_with_new_ones(desk_: Desk, api: httpx.AsyncClient) -> None:
    first = await waits(desk_)
    desk_.clock.advance(timedelta(hours=7))
    await waiting(desk_).once()
    later = DUE + timedelta(hours=3)
    moved = LATE.__class__(0.9, later, later + timedelta(minutes=40), None, n=412)
    await desk_.take(gap(2, moved, at=desk_.clock.now()), tick=True)
    again = await newest(desk_)
    assert again["notice_id"] != first["notice_id"]
    assert (again["state"], again["reason"]) == ("pending", "awaits_approval")
    # It has waited since the first of them: news does not begin the wait anew.
    assert again["waits_since"] == first["waits_since"]
    assert [row["state"] for row in await desk_.notices()] == ["suppressed", "pending"]


async def test_a_held_letter_is_not_said_again_but_what_else_there_is_is(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    held = await act(api, one, "hold", reason="They told us themselves", by="Kim")
    assert held.status_code == 200, held.text
    assert held.json()["withheld_for"] == "Kim by operator-1: They told us themselves"
    await desk_.later(10, gap(2))
    assert [(state, reason) for _, state, reason in await desk_.states()] == [("suppressed", "withheld")]
    await desk_.later(1, gap(3, None, Standing.CANCELLED))
    again = await newest(desk_)
    assert (again["statement"], again["reason"]) == ("cancelled", "awaits_approval")


async def test_whoever_held_it_by_mistake_lets_it_be_decided_anew(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    assert (await act(api, one, "hold", reason="oops")).status_code == 200
    again = await api.post(f"/v1/notices/{one['notice_id']}/resolve", json={"outcome": "not_sent"})
    assert again.status_code == 200, again.text
    await desk_.later(1)
    assert (await newest(desk_))["reason"] == "awaits_approval"


async def test_a_snoozed_letter_is_out_of_sight_until_its_time(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    until = desk_.clock.now() + timedelta(minutes=30)
    assert (await act(api, one, "snooze", until=until.isoformat())).status_code == 200
    assert await inbox(api) == [] and len(await inbox(api, snoozed="true")) == 1
    desk_.clock.advance(timedelta(minutes=30))
    assert len(await inbox(api)) == 1
    for wrong in (until - timedelta(hours=1), until + timedelta(days=8)):
        refused = await act(api, one, "snooze", until=wrong.isoformat())
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/until")


async def test_what_was_said_by_phone_counts_as_told(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    said = await act(api, one, "said", said="It comes between 6 and 7.", answered="Fine with me.", by="Kim")
    assert said.status_code == 200, said.text
    assert (said.json()["state"], said.json()["reason"]) == ("sent", "said_by_phone")
    assert said.json()["message"] == "It comes between 6 and 7."
    await desk_.later(10, gap(2))
    assert len(await desk_.notices()) == 1 and await desk_.send() == 0
    [call] = await desk_.database.pool.fetch("SELECT staff, said, answered, notice_id FROM phone_call")
    assert tuple(call) == ("Kim by operator-1", "It comes between 6 and 7.", "Fine with me.", one["notice_id"])
    # As it was told, it is taken back when it comes right.
    await desk_.later(1, gap(3, FINE))
    assert (await newest(desk_))["statement"] == "all_clear"
    assert (await act(api, one, "said", said="Again")).status_code == 409


async def test_a_call_is_of_the_past_and_says_something(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    ahead = (desk_.clock.now() + timedelta(hours=1)).isoformat()
    assert (await act(api, one, "said", said="x", at=ahead)).json()["errors"][0]["pointer"] == "/at"
    assert (await act(api, one, "said", said="")).json()["errors"][0]["pointer"] == "/said"


async def test_staffs_words_are_judged_before_they_go_out(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    text = str(one["body"])
    refused = await act(api, one, "edit", subject="Late", text=f"{text}\nIt will definitely come soon.")
    assert (refused.status_code, refused.json()["code"]) == (422, "letter_refused")
    assert {error["detail"].partition(":")[0] for error in refused.json()["errors"]} == {"certainty", "vague_time"}
    lost = await act(api, one, "edit", subject="Late", text="Your flight will be late.")
    assert "range" in {error["detail"].partition(":")[0] for error in lost.json()["errors"]}
    assert (await newest(desk_))["body"] == text
    before = await api.get(f"/v1/notices/{one['notice_id']}")
    taken = await act(api, one, "edit", subject="Late: your flight", text=f"{text}\nI am sorry. Anna <b>", by="Kim")
    assert taken.status_code == 200, taken.text
    assert taken.json()["edited_by"] == "Kim by operator-1"
    named = [delivery["delivery_id"] for delivery in taken.json()["deliveries"]]
    assert len(named) == 1 and named != [delivery["delivery_id"] for delivery in before.json()["deliveries"]]
    await act(api, await newest(desk_), "approve")
    await desk_.send()
    [mail] = desk_.received()
    plain, html = (mail.parsed().get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    assert "I am sorry. Anna <b>" in plain.get_content() and "I am sorry. Anna &lt;b&gt;" in html.get_content()


async def test_nobody_below_operator_sees_or_decides(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    viewer = {"authorization": "Bearer viewer"}
    assert (await api.get("/v1/inbox", headers=viewer)).status_code == 403
    path, body = f"/v1/notices/{one['notice_id']}/approve", {"version": 1}
    assert (await api.post(path, json=body, headers=viewer)).status_code == 403
    assert (await api.post("/v1/notices/none/approve", json=body)).status_code == 404


async def test_owner_and_then_the_escalation_hear_of_what_waits_too_long(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_, staff(), owner="anna")
    looking = waiting(desk_)
    # As if no update were due meanwhile, which would be decided anew.
    await desk_.database.pool.execute("UPDATE notice SET next_update_by = next_update_by + interval '1 day'")

    async def mails() -> list[tuple[str, str]]:
        rows = await desk_.database.pool.fetch("SELECT brief_id, department FROM brief ORDER BY brief_id")
        return [(row["brief_id"].partition(":")[2][:1], row["department"]) for row in rows]

    desk_.clock.advance(timedelta(minutes=54))
    await looking.once()
    assert await mails() == []
    desk_.clock.advance(timedelta(minutes=7))
    await looking.once()
    await looking.once()
    assert await mails() == [("1", "staff/anna")]
    # A snooze is no silence, but it moves the reminder.
    until = desk_.clock.now() + timedelta(minutes=90)
    await act(api, one, "snooze", until=until.isoformat())
    desk_.clock.advance(timedelta(minutes=100))
    await looking.once()
    assert await mails() == [("1", "staff/anna")]
    desk_.clock.advance(timedelta(minutes=120))
    await looking.once()
    assert await mails() == [("1", "staff/anna"), ("2", "!escalation")]


async def test_what_staff_changed_waits_on_though_its_first_wording_is_approved(
    desk_: Desk, api: httpx.AsyncClient
) -> None:
    approving(desk_, Approving(first=True))
    for number in range(2):
        name, customer = f"p{number}", f"c{number}"
        await desk_.take(promise(name, customer), contact(customer), gap(1, name=name, customer=customer))
    await desk_.later(5)
    changed, other = await inbox(api)
    assert (await act(api, changed, "edit", subject="Late", text=f"{changed['message']}\nAnna")).status_code == 200
    assert (await act(api, other, "approve", by="Kim")).status_code == 200
    await waiting(desk_).once()
    assert [one["notice_id"] for one in await inbox(api)] == [changed["notice_id"]]


async def test_letters_in_an_approved_wording_do_not_wait_on(desk_: Desk, api: httpx.AsyncClient) -> None:
    approving(desk_, Approving(first=True))
    for number in range(3):
        name, customer = f"p{number}", f"c{number}"
        await desk_.take(promise(name, customer), contact(customer), gap(1, name=name, customer=customer))
    await desk_.later(5)
    first, *_ = waiting_ones = await inbox(api)
    assert [one["awaits"] for one in waiting_ones] == [["new_wording"]] * 3
    text = first["message"]
    # What staff changed is no example of our wording.
    assert (await act(api, first, "edit", subject="Late", text=f"{text}\nAnna")).status_code == 200
    [changed] = [one for one in await inbox(api) if one["notice_id"] == first["notice_id"]]
    assert (await act(api, changed, "approve")).status_code == 200
    await waiting(desk_).once()
    second, _ = await inbox(api)
    assert (await act(api, second, "approve", by="Kim")).status_code == 200
    await waiting(desk_).once()
    assert await inbox(api) == []
    assert {row["approved_by"] for row in await desk_.notices()} == {"operator-1", "Kim by operator-1"}
    await desk_.take(promise("p9", "c9"), contact("c9"), gap(1, name="p9", customer="c9"))
    await desk_.later(5)
    assert (await newest(desk_))["reason"] == "slip_held"


async def test_an_erasure_reaches_what_waits_and_what_was_said(desk_: Desk, api: httpx.AsyncClient) -> None:
    one = await waits(desk_)
    await act(api, one, "said", said="It is late.")
    await desk_.take(erased(time=desk_.clock.now()))
    await desk_.end_erasures()
    assert await desk_.database.pool.fetchval("SELECT count(*) FROM phone_call") == 0
    await desk_.take(keyed("p2", "c2"), contact("c2"), gap(1, name="p2", customer="c2"))
    await desk_.later(5)
    two = await newest(desk_)
    await desk_.take(erased("c2", time=desk_.clock.now()))
    assert (await act(api, two, "said", said="It is late.")).status_code == 409
