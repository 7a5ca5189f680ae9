"""An identity provider that changes its keys, breaks or is away: sign-in goes on, or says so, and trusts nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import Response

from candor.web.security.oidc.provider import FORGOTTEN
from tests.support.identity import IdentityProvider, new_key, signed
from tests.support.signing_in import Browser, Site, assert_refused, refused


async def test_changed_keys_are_fetched_once_again_and_not_without_end(
    browser: Browser, site: Site, idp: IdentityProvider
) -> None:
    await browser.sign_in()
    await browser.sign_in()
    assert idp.asked["keys"] == 1
    idp.rotate()
    site.provider_clock.advance(timedelta(seconds=11))
    browser.cookies.clear()
    assert (await browser.sign_in()).status_code == 303
    assert (await browser.role(), idp.asked["keys"]) == ("viewer", 2)

    idp.token_of = lambda claims: signed(claims, new_key())
    browser.cookies.clear()
    for _ in range(3):
        site.provider_clock.advance(timedelta(seconds=3))
        await assert_refused(browser, await browser.sign_in())
    assert idp.asked["keys"] == 2
    site.provider_clock.advance(timedelta(seconds=2))
    await assert_refused(browser, await browser.sign_in())
    assert idp.asked["keys"] == 3


async def test_a_withdrawn_key_is_forgotten_within_the_hour(
    browser: Browser, site: Site, idp: IdentityProvider
) -> None:
    await browser.sign_in()
    idp.published = [new_key()]
    browser.cookies.clear()
    site.provider_clock.advance(timedelta(minutes=61))
    before = refused("token_key")
    await assert_refused(browser, await browser.sign_in())
    assert refused("token_key") == before + 1


BROKEN: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://login.example"},
    "no TLS": {"token_endpoint": "http://login.example/token"},
    "userinfo": {"jwks_uri": "https://a@login.example/keys"},
    "no host": {"authorization_endpoint": "https://"},
    "another type": {"jwks_uri": 5},
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_discovery_document_that_makes_no_sense_is_not_followed(idp: IdentityProvider, name: str) -> None:
    idp.metadata = BROKEN[name]
    async with Browser(Site(idp.url)) as browser:
        answer = await browser.get("/signin")
        await assert_refused(browser, answer, 503)
        assert "does not answer" in answer.text


@pytest.mark.parametrize(
    "answer",
    [
        Response("<html>", 200),
        Response("{}", 200),
        Response("x", 500),
        Response(status_code=302, headers={"location": "/keys"}),
        Response(b"[" * 600_000, 200),
        Response(b"\x1f\x8b\x08\x00", 200, headers={"content-encoding": "gzip"}),
    ],
    ids=["html", "empty", "error", "redirect", "too large", "compressed"],
)
@pytest.mark.parametrize("place", ["discovery", "keys"])
async def test_a_broken_provider_is_down_not_trusted(idp: IdentityProvider, place: str, answer: Response) -> None:
    idp.answers[place] = answer
    async with Browser(Site(idp.url)) as browser:
        found = await (browser.get("/signin") if place == "discovery" else browser.sign_in())
        await assert_refused(browser, found, 503)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_outage_at_the_last_step_is_told_as_one(browser: Browser, idp: IdentityProvider, status: int) -> None:
    back = (await browser.to_the_provider()).headers["location"]
    idp.answers["token"] = Response("busy", status)
    await assert_refused(browser, await browser.get(back), 503)


async def test_a_wrong_client_secret_is_ours_to_mend(idp: IdentityProvider) -> None:
    async with Browser(Site(idp.url, secret="not-the-one")) as browser:
        before = refused("client_refused")
        await assert_refused(browser, await browser.sign_in(), 503)
        assert refused("client_refused") == before + 1


async def test_a_provider_that_is_away_is_told_in_a_sentence_and_comes_back(idp: IdentityProvider) -> None:
    site = Site(idp.url)
    right, idp.url = idp.url, "http://127.0.0.1:1"
    away = Site(idp.url)
    idp.url = right
    async with Browser(away) as browser:
        await assert_refused(browser, await browser.get("/signin"), 503)
    async with Browser(site) as browser:
        idp.answers["discovery"] = Response("starting", 503)
        await assert_refused(browser, await browser.get("/signin"), 503)
        del idp.answers["discovery"]
        site.provider_clock.advance(FORGOTTEN)
        assert (await browser.sign_in()).status_code == 303
