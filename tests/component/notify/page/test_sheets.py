"""The four questions on the page: asked at the end, answered once in a while by whatever link, and told on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from candor.contracts import SheetGiven, Standing
from candor.contracts.matters import Beside
from notify_svc.page import texts
from tests.component.notify.page.test_page import safe
from tests.support.customer_page import Customers
from tests.support.notify import DUE, contact, erased, gap, promise

SAID = {"about": "sheet", "well": "4", "others": "2", "beside": "better", "others_words": "they <call>"}


async def over(site: Customers) -> list[str]:
    """Two promises of one customer came late: the paths of their links."""
    await site.desk.take(promise(), promise("p2"), contact(), gap(), gap(name="p2"))
    await site.desk.later(5)
    await site.desk.send()
    late = DUE + timedelta(hours=1)
    ends = [gap(2, None, Standing.BROKEN, name=name, completed=late) for name in ("p1", "p2")]
    await site.desk.later(600, *ends)
    await site.fresh()
    rows = await site.desk.database.pool.fetch("SELECT link_id FROM page_link ORDER BY promise_id")
    return [site.app.state.links.address(row["link_id"]).partition(".com")[2] for row in rows]


async def status(site: Customers, path: str, **fields: str) -> int:
    return (await site.send(path, None, **{**SAID, **fields})).status_code


async def test_they_are_asked_at_the_end_and_what_is_said_is_told_on_with_its_words(site: Customers) -> None:
    path, other = await over(site)
    page = await site.customer.get(path)
    safe(page)
    assert texts.SHEET in page.text and texts.SHEET_QUESTIONS["onward"] in page.text
    assert await status(site, path) == 303
    [found] = await site.answers()
    assert (found["kind"], found["choice"], found["words"], found["promise_id"]) == ("sheet", "", "", "p1")
    [told] = await site.sheets()
    assert told == SheetGiven(
        sheet_id=found["answer_id"],
        customer_id="c1",
        at=told.at,
        well=4,
        others=2,
        others_words="they <call>",
        beside=Beside.BETTER,
    )
    again = (await site.customer.get(path)).text
    assert (
        texts.SAID_OF["sheet"] in again
        and texts.SHEET not in again
        and "they" not in again.partition(texts.YOU_SAID)[2]
    )
    assert texts.SHEET not in (await site.customer.get(other)).text


async def test_by_two_links_at_once_they_are_answered_once_and_again_after_a_while(site: Customers) -> None:
    paths = await over(site)
    forms = [await site.form(path) for path in paths]
    sent = [status(site, path, form=form) for path, form in zip(paths * 3, forms * 3, strict=True)]
    answers = sorted(await asyncio.gather(*sent))
    # The same form once more is what was taken; the other link's is not.
    assert answers == [303, 303, 303, 409, 409, 409]
    assert len(await site.sheets()) == 1
    days = site.app.state.settings.questions_days
    site.desk.clock.advance(timedelta(days=days, seconds=-1))
    assert await status(site, paths[0]) == 409
    site.desk.clock.advance(timedelta(seconds=2))
    assert texts.SHEET in (await site.customer.get(paths[1])).text
    assert await status(site, paths[1]) == 303
    assert len(await site.sheets()) == 2


async def test_nothing_counts_that_is_not_asked_or_says_nothing(site: Customers) -> None:
    path = await site.warned()
    assert texts.SHEET not in (await site.customer.get(path)).text
    assert await status(site, path) == 409
    await site.desk.later(600, gap(2, None, Standing.KEPT, completed=DUE))
    nothing = await site.send(path, about="sheet", well_words="good")
    assert (nothing.status_code, texts.NOTHING_RATED in nothing.text, ">good</textarea>" in nothing.text) == (
        422,
        True,
        True,
    )
    for form in ("", "forged", site.app.state.links.form("another")):
        assert await status(site, path, form=form) == 422
    site.app.state.settings = site.app.state.settings.model_copy(update={"questions_days": 0})
    assert texts.SHEET not in (await site.customer.get(path)).text
    assert await status(site, path) == 409
    assert await site.sheets() == [] and await site.answers() == []


async def test_an_erasure_takes_what_was_answered_with_it(site: Customers) -> None:
    path, _ = await over(site)
    form = await site.form(path)
    late, _ = await asyncio.gather(status(site, path, form=form), site.desk.take(erased()))
    assert late in (303, 401)
    await site.desk.end_erasures(most=1)
    assert await site.desk.database.pool.fetchval("SELECT count(*) FROM answer") == 0
