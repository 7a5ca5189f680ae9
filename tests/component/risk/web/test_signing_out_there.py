"""Who signs out here is signed out at the company's provider too: tried at a real one, and at ones that do not help."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest
import pytest_asyncio

from candor.store.db import Database
from candor.web.security.oidc import SIGNED_OUT
from candor.web.security.oidc.provider import KEPT
from candor.web.security.oidc.signout import BOTH, LONGEST_HINT, UNKNOWN
from tests.component.risk.web.test_company_provider import company, provider
from tests.support.company import CLIENT_ID, FIELD, Company, come_in
from tests.support.identity import CLIENT_ID as STAND_IN
from tests.support.identity import CLIENT_SECRET, IdentityProvider, identity_provider
from tests.support.signing_in import SITE, Browser, Site
from tests.support.signing_out import leave, onward, with_the_boards_routes

__all__ = ["company", "provider"]
HOME_AGAIN = f"{SITE}{SIGNED_OUT}"


@pytest.fixture
async def robin(company: Company, risk_database: Database) -> AsyncIterator[Browser]:
    """The browser of somebody who has signed in at the real provider."""
    async with Browser(with_the_boards_routes(company.site(), risk_database)) as browser:
        await come_in(browser, "robin")
        yield browser


def told(sentence: str, page: httpx.Response) -> bool:
    """Whether a page says so."""
    return sentence in unescape(page.text)


async def asked_again(browser: Browser) -> bool:
    """Whether the provider wants to know who somebody is who signs in."""
    answer = await browser.to_the_provider()
    for _ in range(5):
        if not answer.is_redirect:
            return FIELD.search(answer.text) is not None
        where = urljoin(str(answer.url), answer.headers["location"])
        if where.startswith(SITE):
            return False
        answer = await browser.get(where)
    raise AssertionError(f"led in circles: {answer.url}")


async def test_the_session_there_ends_too(robin: Browser, company: Company) -> None:
    assert not await asked_again(robin)
    there = onward(await leave(robin))
    assert there is not None
    assert str(there).startswith(f"{company.url}/oauth/end_session?")
    assert (there.params["client_id"], there.params["post_logout_redirect_uri"]) == (CLIENT_ID, HOME_AGAIN)
    assert there.params["id_token_hint"].count(".") == 2
    ended = await robin.get(there)
    assert (ended.status_code, ended.headers["location"]) == (302, f"{HOME_AGAIN}?state={there.params['state']}")
    page = await robin.get(ended.headers["location"])
    assert (page.status_code, told(BOTH, page)) == (200, True)
    ours = {cookie.name.rpartition("-")[2] for cookie in robin.cookies.jar if cookie.domain.startswith("board.")}
    assert not ours & {"session", "hint", "signout"}
    assert await asked_again(robin)


async def test_everywhere_ends_it_there_as_well(robin: Browser) -> None:
    answer = await leave(robin, "/signout/everywhere")
    there = onward(answer)
    assert "on every device" in answer.text
    assert there is not None
    await robin.get(there)
    assert await asked_again(robin)


async def test_without_the_token_the_provider_asks_first(robin: Browser, company: Company) -> None:
    del robin.cookies[robin.site.signin.out.hint_cookie]
    there = onward(await leave(robin))
    assert there is not None
    assert "id_token_hint" not in there.params
    asking = await robin.get(there)
    field = FIELD.search(asking.text)
    assert (asking.status_code, field is not None) == (200, True)
    assert not await asked_again(robin)
    assert field is not None
    await robin.post(str(there), data={"csrf_token": field[1], "answer": "logout"})
    assert await asked_again(robin)


async def test_while_the_provider_is_away_one_is_signed_out_here_and_told_so(robin: Browser, company: Company) -> None:
    company.stop()
    robin.site.provider_clock.advance(KEPT * 1.1)
    answer = await leave(robin)
    company.start()
    assert (onward(answer), told(UNKNOWN, answer)) == (None, True)
    assert await robin.role() is None


@pytest_asyncio.fixture(loop_scope="session")
async def idp() -> AsyncIterator[IdentityProvider]:
    async with identity_provider() as made:
        yield made


@pytest.fixture
def site(idp: IdentityProvider, risk_database: Database) -> Site:
    return with_the_boards_routes(Site(idp.url, CLIENT_SECRET, client_id=STAND_IN), risk_database)


@pytest.mark.parametrize("said", [{}, {"end_session_endpoint": None}, {"end_session_endpoint": ""}])
async def test_a_provider_that_ends_no_sessions_changes_nothing(
    said: dict[str, str], idp: IdentityProvider, site: Site
) -> None:
    idp.metadata = said
    async with Browser(site) as browser:
        await browser.sign_in()
        assert [cookie.name for cookie in browser.cookies.jar] == [site.sessions.cookie]
        answer = await leave(browser)
        assert onward(answer) is None
        assert "You are signed out of Candor.</p>" in answer.text
        assert await browser.role() is None


@pytest.mark.parametrize("address", ["http://login.example.com/out", "javascript:alert(1)", "https://a@evil.example/"])
async def test_an_address_that_is_not_safe_is_not_followed(address: str, idp: IdentityProvider, site: Site) -> None:
    idp.metadata = {"end_session_endpoint": address}
    async with Browser(site) as browser:
        assert (await browser.sign_in()).status_code == 303
        assert await browser.role() == "viewer"
        answer = await leave(browser)
        assert (onward(answer), told(UNKNOWN, answer)) == (None, True)


async def test_nothing_that_a_request_says_decides_where_it_leads(idp: IdentityProvider, site: Site) -> None:
    idp.metadata = {"end_session_endpoint": f'{idp.url}/out?realm=staff&a="><script>'}
    evil = "?next=https://evil.example&post_logout_redirect_uri=https://evil.example&state=x"
    async with Browser(site) as browser:
        await browser.sign_in()
        answer = await leave(browser, f"/signout{evil}")
        there = onward(answer)
        assert there is not None
        assert str(there).startswith(f"{idp.url}/out?realm=staff&a=")
        assert there.params["post_logout_redirect_uri"] == HOME_AGAIN
        back = await browser.get(f"{SIGNED_OUT}{evil}")
        assert (back.status_code, back.is_redirect) == (200, False)
        assert "evil" not in answer.text + back.text
        assert "<script" not in answer.text


async def test_only_who_comes_back_from_the_provider_is_told_that_they_are_signed_out_there(
    idp: IdentityProvider, site: Site
) -> None:
    idp.metadata = {"end_session_endpoint": f"{idp.url}/out"}
    async with Browser(site) as browser, Browser(site) as another:
        await browser.sign_in()
        there = onward(await leave(browser))
        assert there is not None
        state = {"state": there.params["state"]}
        assert not told(BOTH, await another.get(SIGNED_OUT, params=state))
        assert not told(BOTH, await browser.get(SIGNED_OUT, params={"state": "another"}))
        second = onward(await leave(browser))
        assert second is not None
        assert told(BOTH, await browser.get(SIGNED_OUT, params={"state": second.params["state"]}))


async def test_the_token_is_kept_sealed_and_goes_to_no_other_page(idp: IdentityProvider, site: Site) -> None:
    idp.metadata = {"end_session_endpoint": f"{idp.url}/out"}
    idp.person = {"sub": "robin", "roles": ["viewer"], "email": "robin@example.com"}
    async with Browser(site) as browser:
        await browser.sign_in()
        [kept] = [one for one in browser.cookies.jar if one.name == "__Secure-candor-hint"]
        assert (kept.path, kept.secure, kept.has_nonstandard_attr("HttpOnly")) == ("/signout", True, True)
        assert kept.value is not None
        assert len(kept.value) < 4000
        assert "." not in kept.value
        idp.person["about"] = "x" * LONGEST_HINT
        await browser.sign_in()
        assert [one.name for one in browser.cookies.jar] == [site.sessions.cookie]
        there = onward(await leave(browser))
        assert there is not None
        assert sorted(there.params) == ["client_id", "post_logout_redirect_uri", "state"]
