"""The customer's page, the leaving page, answers and messages: in the customer's language, else the company's."""

from __future__ import annotations

from dataclasses import replace

from notify_svc.compose.house import House, Houses
from notify_svc.compose.localize import Localizer
from notify_svc.page import texts
from tests.support.clocks import NOON
from tests.support.customer_page import Customers
from tests.support.notify import contact, gap
from tests.unit.notify.facts import NEW_YORK

GERMAN = Localizer(NEW_YORK, "de_AT", NOON)
JAPANESE = Localizer(NEW_YORK, "ja", NOON)


def speaks(site: Customers, language: str) -> None:
    """The company's own language."""
    houses = Houses(house=House(language=language))
    site.desk.speaker = replace(site.desk.speaker, houses=houses)
    site.app.state.houses = houses


async def test_all_that_a_link_opens_is_in_the_customers_language(site: Customers) -> None:
    speaks(site, "ja")
    await site.desk.warned(contact(version=2, language="de-AT"))
    await site.desk.send()
    await site.fresh()
    assert f"{GERMAN.say(texts.LINK)}: " in site.letters()[0]
    path = site.link()
    page = (await site.customer.get(path)).text
    assert '<html lang="de">' in page
    assert "<h1>Unsere Zusage: Flight UA 1545, EWR to IAH</h1>" in page
    assert "Wir erwarten es zwischen Fr., 8. März, 13:40 und 14:20." in page
    wrong = await site.send(path, about="readback", choice="wrong")
    assert (wrong.status_code, GERMAN.say(texts.WHAT_IS_DIFFERENT) in wrong.text) == (422, True)
    await site.send(path, about="readback", choice="right")
    assert GERMAN.say(texts.ANSWER_TAKEN) in (await site.customer.get(path)).text
    leaving = (await site.customer.get(f"{path}/stop")).text
    assert '<html lang="de">' in leaving and f">{GERMAN.say(texts.STOP_BUTTON)}</button>" in leaving
    await site.customer.post(f"{path}/stop")
    assert GERMAN.say(texts.STOPPED) in (await site.customer.get(f"{path}/stop")).text


async def test_without_a_language_it_is_the_companys_as_is_what_opens_nothing(site: Customers) -> None:
    speaks(site, "ja")
    await site.desk.warned(contact(version=2, language=None))
    await site.desk.send()
    await site.fresh()
    page = (await site.customer.get(site.link())).text
    assert '<html lang="ja">' in page and JAPANESE.say(texts.CHANGED) in page
    nothing = await site.customer.get("/p/forged")
    assert nothing.status_code == 401
    assert '<html lang="ja">' in nothing.text and JAPANESE.say(texts.ENDED) in nothing.text


async def test_a_language_without_a_catalogue_is_the_companys(site: Customers) -> None:
    speaks(site, "de")
    await site.desk.warned(contact(version=2, language="sw"))
    await site.desk.send()
    await site.desk.later(60, gap(2, None))
    await site.fresh()
    assert '<html lang="de">' in (await site.customer.get(site.link())).text
