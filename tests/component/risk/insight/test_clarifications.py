"""What is still asked about a need, as the board reads it: the oldest first, never of whom was forgotten."""

from __future__ import annotations

from datetime import timedelta

from candor.contracts import ClarificationState
from risk_svc.insight.asking import Place
from risk_svc.insight.clarifications import still_open
from risk_svc.insight.words import heard
from tests.support.insight import InsightDesk
from tests.support.matters import clarification
from tests.support.risk import MADE, erased

H = timedelta(hours=1)


async def names(insight: InsightDesk, most: int = 10) -> tuple[list[str], int]:
    async with insight.database.reading() as session:
        rows, number = await still_open(session, "p1", Place(most))
    assert all((row["question"], row["department"]) == ("Which door?", "operations") for row in rows)
    return [row["clarification_id"] for row in rows], number.total


async def test_open_ones_of_one_promise_are_listed_the_oldest_first_and_all_are_counted(insight: InsightDesk) -> None:
    await insight.take(
        clarification("late", at=MADE + 2 * H),
        clarification("early", at=MADE),
        clarification("gone", ClarificationState.WITHDRAWN, 2),
        clarification("said", ClarificationState.ANSWERED, 2),
        clarification("said", ClarificationState.ASKED, 1),
        clarification("elsewhere", promise_id="p2"),
    )
    assert await names(insight) == (["early", "late"], 2)
    assert await names(insight, 1) == (["early"], 2)
    await insight.take(clarification("early", ClarificationState.ANSWERED, 2))
    assert await names(insight) == (["late"], 1)


async def test_an_answer_is_a_word_of_the_customers_and_a_question_is_none(insight: InsightDesk) -> None:
    await insight.take(clarification("a"), clarification("b", ClarificationState.WITHDRAWN, 2, at=MADE + H))
    assert [*(await heard(insight.database, ["c1"])).customer] == []
    await insight.take(clarification("a", ClarificationState.ANSWERED, 3))
    words = await heard(insight.database, ["c1"])
    assert ([*words.customer], [*words.at]) == (["c1"], [(MADE + 2 * H).timestamp()])


async def test_of_an_erased_customer_nothing_is_asked_any_more(insight: InsightDesk) -> None:
    await insight.take(clarification())
    await insight.take(erased("c1"))
    assert await names(insight) == ([], 0)
