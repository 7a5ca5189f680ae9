"""What customers answer on their page: taken once, bounded, and gone with the customer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from candor.contracts import AnswerKind, Choice, Standing
from candor.store.unit_of_work import unit_of_work
from notify_svc.page import texts
from notify_svc.page.answering import AN_HOUR
from notify_svc.service.expiry import expiries
from notify_svc.settings import NotifySettings
from tests.component.notify.page.test_page import ended, safe
from tests.support.customer_page import Customers, key
from tests.support.notify import DUE, erased, gap, withdrawn


async def test_a_question_is_taken_shown_and_listed_to_the_word(site: Customers) -> None:
    path = await site.warned()
    answer = await site.send(path, about="question", words="May the <crew> come\r\nearlier? ")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}#answered")
    assert answer.headers["referrer-policy"] == "no-referrer"
    page = await site.customer.get(path)
    safe(page)
    assert (
        f'<h2 id="answered">{texts.YOU_SAID}</h2>' in page.text and "May the &lt;crew&gt; come<br>earlier?" in page.text
    )
    [found] = await site.answers(promise_id="p1", kind="question")
    assert (found["customer_id"], found["choice"], found["words"]) == ("c1", "", "May the <crew> come\nearlier?")
    [event] = await site.events()
    assert (event.kind, event.choice, event.answer_id) == (AnswerKind.QUESTION, None, found["answer_id"])
    refused = await site.staff.get("/v1/answers", headers=key("viewer"))
    assert refused.status_code == 403
    assert (await site.staff.get("/v1/answers?kind=weather")).status_code == 422


async def test_sent_twice_or_at_once_it_is_taken_once(site: Customers) -> None:
    path = await site.warned()
    form = await site.form(path)
    sent = [site.send(path, form=form, about="readback", choice="right") for _ in range(5)]
    assert {answer.status_code for answer in await asyncio.gather(*sent)} == {303}
    again = await site.send(path, form=form, about="question", words="and another thing")
    assert again.status_code == 303
    assert [one["kind"] for one in await site.answers()] == ["readback"]
    assert len(await site.events()) == 1


async def test_an_answer_that_cannot_be_taken_says_why_and_keeps_what_was_written(site: Customers) -> None:
    path = await site.warned()
    wrong = await site.send(path, about="readback", choice="wrong")
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    assert 'value="wrong" checked' in wrong.text and texts.WHAT_IS_DIFFERENT in wrong.text
    safe(wrong)
    long = await site.send(path, about="question", words="x" * 2001)
    assert (long.status_code, 'href="#question_words"' in long.text) == (422, True)
    assert await site.answers() == []


@pytest.mark.parametrize("form", ["", "x", "x" * 300])
async def test_a_form_that_is_not_this_pages_is_not_taken(site: Customers, form: str) -> None:
    path = await site.warned()
    links = site.app.state.links
    for token in (form, links.form("another-link"), links._forms.dumps("p"), links._signing.dumps(["a", "b"])):
        answer = await site.send(path, form=token, about="question", words="when?")
        assert (answer.status_code, texts.NOT_THE_FORM in answer.text) == (422, True)
    strange = await site.send(path, about="question", words="when?", verdict="kept")
    assert strange.status_code == 400
    json_ = await site.customer.post(path, json={"about": "question"})
    assert json_.status_code == 415
    assert await site.answers() == []


async def test_pages_of_other_sites_give_no_answers(site: Customers) -> None:
    path = await site.warned()
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        refused = await site.send(path, headers, about="question", words="when?")
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
    own = {"origin": "null", "sec-fetch-site": "same-origin"}
    assert (await site.send(path, own, about="question", words="when?")).status_code == 303


async def test_a_link_takes_only_so_many_answers_within_an_hour(site: Customers) -> None:
    path = await site.warned()
    for number in range(AN_HOUR):
        assert (await site.send(path, about="question", words=f"{number}?")).status_code == 303
    more = await site.send(path, about="question", words="one more?")
    assert (more.status_code, texts.TOO_MANY % {"most": AN_HOUR} in more.text) == (429, True)
    assert ">one more?</textarea>" in more.text
    assert len(await site.answers()) == AN_HOUR
    statement = "UPDATE answer SET created_at = created_at - interval '1 hour' WHERE words = '0?'"
    await site.desk.database.pool.execute(statement)
    assert (await site.send(path, about="question", words="one more?")).status_code == 303


async def test_an_answer_about_what_has_ended_meanwhile_is_answered_in_plain_words(site: Customers) -> None:
    path = await site.warned()
    form = await site.form(path)
    await site.desk.take(withdrawn())
    late = await site.send(path, form=form, about="readback", choice="right")
    assert (late.status_code, texts.NOT_ANY_MORE in late.text) == (409, True)
    assert texts.STATES["withdrawn"] in late.text
    assert (await site.send(path, about="verdict", choice="kept")).status_code == 409
    assert (await site.send(path, about="question", words="why?")).status_code == 303
    assert [one["kind"] for one in await site.answers()] == ["question"]


async def test_the_verdict_is_asked_once_it_is_over_and_may_be_given_anew(site: Customers) -> None:
    path = await site.warned()
    assert (await site.send(path, about="verdict", choice="kept")).status_code == 409
    await site.desk.later(600, gap(2, None, Standing.BROKEN, completed=DUE + timedelta(hours=1)))
    page = (await site.customer.get(path)).text
    assert texts.VERDICT in page and texts.READBACK not in page
    assert (await site.send(path, about="verdict", choice="not_kept", words="one part is missing")).status_code == 303
    assert (await site.send(path, about="verdict", choice="in_part")).status_code == 303
    assert [one["choice"] for one in await site.answers(kind="verdict")] == ["in_part", "not_kept"]
    assert 'value="in_part" checked' in (await site.customer.get(path)).text
    assert [(one.choice, one.kept) for one in await site.events()] == [
        (Choice.NOT_KEPT, False),
        (Choice.IN_PART, False),
    ]


async def test_a_verdict_says_what_the_customer_saw(site: Customers) -> None:
    path = await site.warned()
    await site.desk.later(30, gap(2, None, Standing.KEPT, completed=DUE - timedelta(hours=1)))
    assert (await site.send(path, about="verdict", choice="not_kept")).status_code == 303
    assert [(one.choice, one.kept) for one in await site.events()] == [(Choice.NOT_KEPT, True)]


async def test_forged_and_revoked_links_take_nothing(site: Customers) -> None:
    path = await site.warned()
    form = await site.form(path)
    [link] = (await site.staff.get("/v1/page-links")).json()["items"]
    await site.staff.post(f"/v1/page-links/{link['link_id']}/revoke")
    for forged in (path, f"{path}x", "/p/none"):
        answer = await site.send(forged, form=form, about="question", words="when?")
        assert (answer.status_code, "This link has ended" in answer.text) == (401, True)
    assert await site.answers() == []


async def test_an_erasure_takes_answers_with_it_also_those_that_come_at_the_same_moment(site: Customers) -> None:
    path = await site.warned()
    form = await site.form(path)
    await site.send(path, about="question", words="my name is Pat")
    late, _ = await asyncio.gather(
        site.send(path, form=form, about="question", words="and I live here"), site.desk.take(erased())
    )
    assert late.status_code in (303, 401)
    await site.desk.end_erasures(most=1)
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM answer") == 0
    await ended(site, path)


async def test_words_have_an_end_and_what_was_chosen_stays(site: Customers) -> None:
    path = await site.warned()
    await site.send(path, about="readback", choice="wrong", words="two machines")
    await site.desk.database.pool.execute("UPDATE answer SET words_since = now() - interval '3000 days'")
    [rule] = [one for one in expiries(NotifySettings()) if one.table == "answer"]
    async with unit_of_work(site.desk.database) as uow:
        assert (await rule.step(uow, 10)).gone == 1
    [left] = await site.answers()
    assert (left["choice"], left["words"]) == ("wrong", "")
