"""What was changed of a promise, on a real database: every kind of change once, with who wished it, in order."""

from __future__ import annotations

from datetime import timedelta

from candor.contracts import (
    AskedBy,
    Message,
    PromiseRestated,
    PromiseState,
    PromiseTerms,
    PromiseWithdrawn,
    ScopeItem,
    Verdict,
)
from risk_svc.insight import changes
from risk_svc.insight.changes import Changed
from risk_svc.web.board import change_words
from tests.support.insight import InsightDesk
from tests.support.risk import DUE, MADE, Story, erased

H = timedelta(hours=1)
LATER = DUE + 5 * H


async def shown(desk: InsightDesk, promise_id: str = "p1") -> list[Changed]:
    async with desk.database.reading() as session:
        return await changes.read(session, promise_id)


def told_again(story: Story, **terms: object) -> Message:
    data = PromiseRestated(
        promise_id=story.promise_id,
        customer_id=story.customer_id,
        state=PromiseState.MADE,
        latest_due=LATER,
        held_due=LATER,
        terms=PromiseTerms(**terms),  # type: ignore[arg-type]
    )
    return story._next(data, MADE + 2 * H)


async def test_every_change_is_kept_once_with_who_wished_it_and_when(insight: InsightDesk) -> None:
    story = Story()
    gone = PromiseWithdrawn("p1", "c1", "secret", asked_by=AskedBy.CUSTOMER)
    messages = [
        story.made(owner="ann"),
        story.revised(LATER),
        story.milestone("departed"),
        told_again(story, owner="bob", scope=[ScopeItem("seat")]),
        story.assigned("crew-8", accepted=False),
        story._next(gone, MADE + 9 * H),
    ]
    await insight.take(*messages[:2])
    await insight.take(*messages[2:], *messages)
    found = await shown(insight)
    assert [one.parts for one in found if one.after] == [["dates"]]
    [date, assigned, terms, withdrawn] = sorted(found, key=lambda one: (one.at, one.after is None))
    assert (date.asked_by, date.agreed, date.reason, date.before, date.after) == ("company", True, "crew", DUE, LATER)
    assert assigned.parts == ["deliverer", "asked"]
    # Terms come whole: what they no longer name is changed as well.
    assert {"owner", "scope", "labels", "value"} <= {*terms.parts}
    assert not {"dates", "steps", "withdrawn", "verdict"} & {*terms.parts}
    assert (withdrawn.parts, withdrawn.asked_by, withdrawn.at) == (["withdrawn"], "customer", MADE + 9 * H)
    assert len(change_words.entries(found, "UTC")) == 5


async def test_a_verdict_is_a_change_and_what_changes_nothing_is_none(insight: InsightDesk) -> None:
    story = Story("p2")
    same = PromiseRestated(promise_id="p2", customer_id="c1", state=PromiseState.MADE, latest_due=DUE, held_due=DUE)
    await insight.take(story.made(), story._next(same, MADE + H), story.settled(Verdict.KEPT))
    assert [one.parts for one in await shown(insight, "p2")] == [["verdict_kept"]]


async def test_changes_of_whom_was_forgotten_are_deleted(insight: InsightDesk) -> None:
    story = Story("p3", "c3")
    await insight.take(story.made(), story.withdrawn())
    assert await shown(insight, "p3")
    await insight.take(erased("c3", at=MADE + 40 * H))
    await insight.forget()
    assert await shown(insight, "p3") == []
