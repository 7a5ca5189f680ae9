"""What is asked about a need is on the customer's page, answered there once, and told on without words."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from candor.contracts import ClarificationAnswered, ClarificationChanged, ClarificationState, Message, Standing
from candor.store.unit_of_work import unit_of_work
from notify_svc.page import texts
from notify_svc.service.expiry import expiries
from notify_svc.settings import NotifySettings
from notify_svc.store.clarifications import SHOWN
from tests.support.clocks import NOON
from tests.support.customer_page import Customers
from tests.support.notify import DUE, erased, event, gap, withdrawn

ASKED, ANSWERED, WITHDRAWN = ClarificationState.ASKED, ClarificationState.ANSWERED, ClarificationState.WITHDRAWN


def question(
    version: int = 1, state: ClarificationState = ASKED, name: str = "CL-1", *, minutes: int = 0, words: str = ""
) -> Message:
    at = NOON + timedelta(minutes=minutes)
    data = ClarificationChanged(
        clarification_id=name,
        promise_id="p1",
        customer_id="c1",
        state=state,
        at=at,
        question=words or f"{name}: <which> door?",
        department="operations",
    )
    return event(data, version, at)


async def asked(site: Customers, *questions: Message) -> str:
    path = await site.warned()
    await site.desk.take(*questions)
    return path


async def answer(site: Customers, path: str, name: str = "CL-1", words: str = "the back door") -> int:
    return (await site.send(path, about="clarification", clarification=name, words=words)).status_code


async def test_a_question_is_shown_as_text_answered_and_told_on(site: Customers) -> None:
    path = await asked(site, question())
    text = (await site.customer.get(path)).text
    assert texts.CLARIFICATIONS in text and "1 question is still open." in text
    assert '<label for="clarification_CL-1">CL-1: &lt;which&gt; door?</label>' in text and "operations" not in text
    assert await answer(site, path) == 303
    [found] = await site.answers(kind="clarification")
    assert (found["clarification_id"], found["words"], found["choice"]) == ("CL-1", "the back door", "")
    [told] = await site.clarified()
    assert told == ClarificationAnswered(
        clarification_id="CL-1", promise_id="p1", customer_id="c1", at=told.at, answer_id=found["answer_id"]
    )
    again = (await site.customer.get(path)).text
    assert texts.CLARIFICATIONS not in again and texts.CLARIFICATIONS_NONE in again
    assert texts.CLARIFICATIONS_NONE not in text
    # What was asked stands beside what they said.
    assert "CL-1: &lt;which&gt; door?" in again and "the back door" in again and texts.SAID_OF["clarification"] in again


async def test_two_at_once_answer_once_and_nothing_is_no_answer(site: Customers) -> None:
    path = await asked(site, question())
    assert await answer(site, path, words="  ") == 422
    forms = [await site.form(path) for _ in range(2)]
    sent = [site.send(path, None, about="clarification", clarification="CL-1", words="w", form=form) for form in forms]
    assert sorted(one.status_code for one in await asyncio.gather(*sent)) == [303, 409]
    assert len(await site.clarified()) == 1


async def test_what_is_not_asked_or_not_any_more_takes_no_answer(site: Customers) -> None:
    path = await asked(site, question(), question(2, WITHDRAWN, "CL-2"), question(2, ANSWERED, "CL-3"))
    for name in ("", "CL-2", "CL-3", "CL-9", "x" * 300):
        assert await answer(site, path, name) == 409, name
    await site.desk.take(question(2, WITHDRAWN))
    assert await answer(site, path) == 409
    assert await site.clarified() == []


async def test_they_come_in_any_order_the_oldest_are_asked_and_all_are_counted(site: Customers) -> None:
    many = [question(name=f"Q{n:02}", minutes=n) for n in range(SHOWN + 2)]
    path = await asked(site, *reversed(many), question(2, WITHDRAWN), question(1))
    text = (await site.customer.get(path)).text
    assert f"{SHOWN + 2} questions are still open." in text and "2 more follow once" in text
    assert "Q00" in text and f"Q{SHOWN:02}" not in text and "CL-1" not in text
    assert text.count('value="clarification"') == SHOWN


async def test_of_a_promise_that_is_over_nothing_is_asked(site: Customers) -> None:
    path = await asked(site, question())
    await site.desk.take(withdrawn())
    assert texts.CLARIFICATIONS not in (await site.customer.get(path)).text
    assert await answer(site, path) == 409


async def test_an_erasure_takes_questions_and_nothing_of_before_comes_back(site: Customers) -> None:
    await asked(site, question())
    await site.desk.take(question(2, minutes=1), erased(time=NOON + timedelta(minutes=5)))
    await site.desk.end_erasures()
    await site.desk.take(question(3, minutes=2))
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM clarification") == 0
    await site.desk.take(question(1, name="CL-9", minutes=6))
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM clarification") == 1
    await site.desk.database.pool.execute("UPDATE clarification SET changed_at = now() - interval '3000 days'")
    [rule] = [one for one in expiries(NotifySettings()) if one.table == "clarification"]
    async with unit_of_work(site.desk.database) as uow:
        assert (await rule.step(uow, 10)).gone == 1


REMINDED = "We still need an answer from you: 1 question is open on the page behind the link below."


async def test_the_next_letter_reminds_of_what_is_open_and_of_nothing_else(site: Customers) -> None:
    await asked(site, question())
    # The warning went out before anything was asked.
    assert REMINDED not in site.letters()[-1]
    await site.desk.later(60, gap(2, None))
    [waits] = [one for one in await site.desk.notices() if one["state"] == "pending"]
    assert REMINDED in waits["body"] and json.loads(waits["evidence"])["asked"] == ["CL-1"]
    # Answered while it waits: it is composed anew, without.
    assert await answer(site, site.link()) == 303
    for _ in range(3):
        await site.desk.send()
        await site.desk.later(1)
    assert len(site.letters()) == 2 and REMINDED not in site.letters()[-1]


async def test_a_letter_that_reminds_goes_as_long_as_it_is_open(site: Customers) -> None:
    await site.desk.warned(question())
    await site.desk.send()
    assert REMINDED in site.letters()[-1]
    await site.desk.later(600, gap(2, None, Standing.BROKEN, completed=DUE + timedelta(hours=3)))
    await site.desk.send()
    assert len(site.letters()) == 2 and REMINDED not in site.letters()[-1]
