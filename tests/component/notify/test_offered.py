"""What is offered about a promise goes out with its letter while it is open, and never once it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from candor.contracts.matters import OfferState
from tests.component.notify.page.test_options import key, offer
from tests.support.customer_page import Customers, customers
from tests.support.notify import Desk, gap

OPEN = "- a <free> month: reply that you take it."
DATED = "- later, by Sun 10 Mar, 14:00: reply that you take it."


@pytest_asyncio.fixture(loop_scope="session")
async def site(desk_: Desk, tmp_path: Path) -> AsyncIterator[Customers]:
    async with customers(desk_, tmp_path) as made:
        yield made


async def sent(site: Customers) -> str:
    """Everything that is due goes out; the newest letter."""
    for _ in range(3):
        await site.desk.send()
        await site.desk.later(1)
    return site.letters()[-1].replace("\r\n", "\n")


async def test_an_open_offer_is_in_the_letter_beside_the_options_of_the_house(site: Customers) -> None:
    await site.desk.warned(offer())
    letter = await sent(site)
    assert letter.index("- Keep waiting") < letter.index(OPEN) < letter.index(DATED)
    assert "150" not in letter
    [notice] = (await site.staff.get("/v1/notices")).json()["items"]
    whole = (await site.staff.get(f"/v1/notices/{notice['notice_id']}")).json()
    assert whole["evidence"]["offers"] == ["OF-1:1"]


@pytest.mark.parametrize("state", [OfferState.WITHDRAWN, OfferState.DECLINED, OfferState.TAKEN])
async def test_what_is_not_open_any_more_is_in_no_letter(site: Customers, state: OfferState) -> None:
    await site.desk.warned(offer(), offer(2, state))
    assert OPEN not in await sent(site)


async def test_what_is_withdrawn_while_the_letter_waits_is_not_sent(site: Customers) -> None:
    await site.desk.warned(offer())
    [waits] = await site.desk.notices()
    assert OPEN in waits["body"] and waits["state"] == "pending"
    await site.desk.take(offer(2, OfferState.WITHDRAWN))
    letter = await sent(site)
    assert OPEN not in letter and len(site.letters()) == 1


async def test_what_is_changed_while_the_letter_waits_is_sent_as_it_stands(site: Customers) -> None:
    await site.desk.warned(offer())
    await site.desk.take(offer(2, second="next week"))
    letter = await sent(site)
    assert DATED not in letter and "- next week, by Sun 10 Mar, 14:00" in letter and len(site.letters()) == 1


async def test_what_a_customer_took_on_their_page_is_offered_no_more(site: Customers) -> None:
    await site.desk.warned(offer())
    await sent(site)
    await site.fresh()
    path = site.link()
    assert (await site.send(path, about="option", offer=await key(site, path), choice="0")).status_code == 303
    await site.desk.later(60, gap(2, None))
    letter = await sent(site)
    assert len(site.letters()) == 2 and OPEN not in letter
