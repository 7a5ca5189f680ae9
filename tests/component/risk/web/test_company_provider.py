"""Staff sign in at a real OpenID provider, through its forms: what it grants, changes and loses counts here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import httpx
import pytest

from candor.store.db import Database
from candor.web.security.oidc.provider import AT_ONCE, FORGOTTEN, PAUSE
from risk_svc.web.board.sign_in_store import StaffSessions
from tests.support.company import Company, back_from, come_in, signing_key
from tests.support.signing_in import HOME, Browser, Site, assert_refused, refused

TOKEN, DISCOVERY = "/oauth/token", "/.well-known/openid-configuration"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    company = Company(tmp_path_factory.mktemp("company"))
    company.start()
    yield company
    company.stop()


@pytest.fixture
def company(provider: Company) -> Iterator[Company]:
    """The provider, as it was for every test that changes it."""
    before = dict(provider.setup)
    yield provider
    if provider.setup != before:
        provider.change(**before)


@pytest.fixture
def site(company: Company) -> Site:
    return company.site(seconds=5)


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[Browser]:
    async with Browser(site) as browser:
        yield browser


async def test_a_person_signs_in_with_the_role_of_their_group(browser: Browser) -> None:
    answer = await come_in(browser, "robin", "/board/promises/trip-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board/promises/trip-1")
    assert await browser.role() == "operator"


async def test_who_has_lost_every_role_is_refused_and_their_sessions_end(
    company: Company, risk_database: Database
) -> None:
    staff = StaffSessions(SimpleNamespace(database=risk_database))
    site = company.site(nonces=staff)
    async with Browser(site) as laptop, Browser(site) as phone:
        await come_in(laptop, "robin")
        assert [one.person for one in await staff.live()] == ["robin"]
        company.change(people={"robin": [], "kim": ["viewer"]})
        await come_in(phone, "kim")
        phone.cookies.clear()
        answer = await come_in(phone, "robin")
        await assert_refused(phone, answer, 403)
        assert "“groups” must hold one of" in answer.text
        assert [one.person for one in await staff.live()] == ["kim"]


async def test_a_code_works_once(browser: Browser, site: Site) -> None:
    back = await back_from(browser, await browser.to_the_provider(), "robin")
    assert (await browser.get(back)).status_code == 303
    async with Browser(site) as other:
        mine = httpx.URL(await back_from(other, await other.to_the_provider(), "robin"))
        before = refused("code_refused")
        await assert_refused(other, await other.get(mine.copy_set_param("code", httpx.URL(back).params["code"])))
        assert refused("code_refused") == before + 1


async def test_somebody_elses_code_needs_their_verifier(browser: Browser, site: Site) -> None:
    async with Browser(site) as thief:
        stolen = httpx.URL(await back_from(browser, await browser.to_the_provider(), "robin")).params["code"]
        own = httpx.URL(await back_from(thief, await thief.to_the_provider(), "kim"))
        before = refused("code_refused")
        await assert_refused(thief, await thief.get(own.copy_set_param("code", stolen)))
        assert refused("code_refused") == before + 1


async def test_a_token_for_another_client_opens_nothing(browser: Browser, company: Company) -> None:
    company.change(audience="mail")
    before = refused("token_claims")
    await assert_refused(browser, await come_in(browser, "robin"))
    assert refused("token_claims") == before + 1


async def test_a_token_of_a_provider_whose_clock_is_two_hours_behind_has_expired(
    browser: Browser, company: Company
) -> None:
    company.change(seconds_behind=7200)
    before = refused("token_claims")
    await assert_refused(browser, await come_in(browser, "robin"))
    assert refused("token_claims") == before + 1


async def test_a_new_signing_key_counts_though_the_old_ones_are_remembered(
    browser: Browser, site: Site, company: Company
) -> None:
    await come_in(browser, "robin")
    company.change(keys=[signing_key("second")], old_keys=[signing_key("first")])
    site.provider_clock.advance(PAUSE * 1.1)
    browser.cookies.clear()
    assert (await come_in(browser, "robin")).status_code == 303
    assert await browser.role() == "operator"


async def test_a_restart_of_the_provider_ends_no_session_and_asks_to_sign_in_there_again(
    browser: Browser, company: Company
) -> None:
    await come_in(browser, "robin")
    company.restart()
    assert await browser.role() == "operator"
    browser.cookies.clear()
    assert (await come_in(browser, "robin")).status_code == 303


async def test_while_the_provider_is_down_nobody_new_comes_in_and_nobody_goes(
    browser: Browser, site: Site, company: Company
) -> None:
    await come_in(browser, "robin")
    async with Browser(site) as other:
        back = await back_from(other, await other.to_the_provider(), "robin")
        company.stop()
        await assert_refused(other, await other.get(back), 503)
        assert await browser.role() == "operator"
        company.start()
        site.provider_clock.advance(FORGOTTEN)
        assert (await come_in(other, "robin")).status_code == 303


async def test_a_hanging_provider_is_asked_by_few_and_keeps_nobody_else_waiting(
    company: Company, browser: Browser, site: Site
) -> None:
    await come_in(browser, "robin")
    hasty = company.site(seconds=0.5)
    async with Browser(hasty) as warm:
        # It knows the provider's metadata: only codes are left to exchange.
        await warm.to_the_provider()
    crowd = [Browser(hasty) for _ in range(60)]
    backs = [await callback(one) for one in crowd]
    before = company.asked(TOKEN)
    with company.hanging():
        answers = await asyncio.gather(*(one.get(back) for one, back in zip(crowd, backs, strict=True)))
        assert {answer.status_code for answer in answers} == {503}
        assert await browser.role() == "operator"
    # The requests that it kept waiting are answered before this one.
    async with Browser(hasty) as later:
        hasty.provider_clock.advance(FORGOTTEN)
        assert (await come_in(later, "robin")).status_code == 303
    assert company.asked(TOKEN) - before <= AT_ONCE + 1
    for one in crowd:
        await one.aclose()


async def callback(browser: Browser) -> str:
    """An anonymous browser's way back with a code that nobody gave it."""
    begun = httpx.URL((await browser.get("/signin")).headers["location"])
    sent = {"state": begun.params["state"], "code": "guessed", "iss": f"{begun.scheme}://{begun.netloc.decode()}"}
    return str(httpx.URL("/signin/callback", params=sent))


async def test_while_discovery_fails_the_provider_is_asked_once(company: Company) -> None:
    site = company.site()
    company.stop()
    async with Browser(site) as browser:
        for _ in range(5):
            await assert_refused(browser, await browser.get("/signin"), 503)
        company.start()
        before = company.asked(DISCOVERY)
        await assert_refused(browser, await browser.get("/signin"), 503)
        assert company.asked(DISCOVERY) == before
        site.provider_clock.advance(FORGOTTEN)
        assert (await browser.get("/signin", params={"next": HOME})).status_code == 303
