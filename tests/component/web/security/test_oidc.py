"""Sign-in by the company: a real provider over HTTP, a browser with cookies, and everything that can be forged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from candor.web.security.auth import Role
from candor.web.security.oidc.signin import AGE
from tests.support.identity import CLIENT_ID, IdentityProvider, new_key, signed
from tests.support.signing_in import HOME, SITE, Browser, Site, assert_refused, refused


async def test_the_whole_way(browser: Browser, idp: IdentityProvider) -> None:
    idp.person = {"sub": "robin", "roles": ["operator", "viewer", "something-else"]}
    answer = await browser.sign_in("/board/promises/trip-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board/promises/trip-1")
    assert await browser.role() == "operator"
    assert [cookie.name for cookie in browser.cookies.jar] == ["__Host-candor-session"]


async def test_what_the_browser_carries_to_the_provider(browser: Browser, idp: IdentityProvider) -> None:
    begun = await browser.get("/signin")
    address = urlsplit(begun.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{idp.url}/authorize"
    assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid", "S256")
    assert asked["redirect_uri"] == f"{SITE}/signin/callback"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    attributes = {part.strip().lower() for part in begun.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"httponly", "secure", "samesite=lax", "path=/", "max-age=600"}
    again = parse_qs(urlsplit((await browser.get("/signin")).headers["location"]).query)
    assert not {asked["state"], asked["nonce"], asked["code_challenge"]} & {values[0] for values in again.values()}


async def test_a_provider_that_takes_the_secret_in_the_form(browser: Browser, idp: IdentityProvider) -> None:
    idp.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await browser.sign_in()
    assert await browser.role() == "viewer"


async def test_an_authorization_endpoint_with_a_query_of_its_own(browser: Browser, idp: IdentityProvider) -> None:
    idp.metadata = {"authorization_endpoint": f"{idp.url}/authorize?realm=staff"}
    begun = await browser.get("/signin")
    assert begun.headers["location"].startswith(f"{idp.url}/authorize?realm=staff&")
    assert (await browser.sign_in()).status_code == 303


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("admin", Role.ADMIN),
        (["viewer"], Role.VIEWER),
        (["viewer", "approver"], Role.APPROVER),
        ([7, "viewer"], Role.VIEWER),
    ],
)
async def test_the_highest_known_role_counts(browser: Browser, idp: IdentityProvider, claim: Any, role: Role) -> None:
    idp.person = {"sub": "robin", "roles": claim}
    await browser.sign_in()
    assert await browser.role() == role.name.lower()


@pytest.mark.parametrize("claim", [None, [], "", "Admin", ["root"], {"admin": True}, True, [["admin"]]])
async def test_nobody_without_a_role_gets_in_and_the_page_says_what_is_missing(
    browser: Browser, idp: IdentityProvider, claim: Any
) -> None:
    idp.person = {"sub": "robin"} | ({} if claim is None else {"roles": claim})
    answer = await browser.sign_in()
    await assert_refused(browser, answer, 403)
    assert "“roles” must hold one of viewer, operator, approver, admin" in answer.text


@pytest.mark.parametrize(
    "goal",
    [
        "//evil.example",
        "https://evil.example/board/",
        "/board//evil.example",
        "/board/../signout",
        "/board/\\evil.example",
        "/board/\r\nset-cookie: a=b",
        "/board/@evil.example",
        "/boardevil",
        "/v1/promises",
        "javascript:alert(1)",
        "",
        "board/",
    ],
)
async def test_nobody_is_led_astray_after_signing_in(browser: Browser, goal: str) -> None:
    assert (await browser.sign_in(goal)).headers["location"] == HOME


async def test_an_answer_for_another_state_opens_nothing(browser: Browser) -> None:
    back = (await browser.to_the_provider()).headers["location"]
    before = refused("state")
    for wrong in (back.replace("state=", "state=x"), back.replace("state=", "sate="), back + "&state=x"):
        await assert_refused(browser, await browser.get(wrong))
        await browser.to_the_provider()
    assert refused("state") == before + 3


async def test_an_answer_without_this_browsers_cookie_opens_nothing(browser: Browser, site: Site) -> None:
    back = (await browser.to_the_provider()).headers["location"]
    async with Browser(site) as another:
        await assert_refused(another, await another.get(back))
        another.cookies.set(site.signin.cookie, "forged", domain="board.example")
        await assert_refused(another, await another.get(back))


async def test_an_attempt_is_good_for_ten_minutes(browser: Browser, site: Site) -> None:
    back = (await browser.to_the_provider()).headers["location"]
    site.clock.advance(AGE + timedelta(seconds=2))
    before = refused("expired")
    await assert_refused(browser, await browser.get(back))
    assert refused("expired") == before + 1


async def test_an_answer_works_once_even_where_the_provider_is_careless(
    browser: Browser, site: Site, idp: IdentityProvider
) -> None:
    idp.codes_work_once = False
    back = (await browser.to_the_provider()).headers["location"]
    kept = browser.cookies[site.signin.cookie]
    assert (await browser.get(back)).status_code == 303
    browser.cookies.clear()
    await assert_refused(browser, await browser.get(back))
    browser.cookies.set(site.signin.cookie, kept, domain="board.example")
    before = refused("used")
    await assert_refused(browser, await browser.get(back))
    assert refused("used") == before + 1


async def test_a_code_that_was_used_elsewhere_is_refused(browser: Browser, site: Site, idp: IdentityProvider) -> None:
    back = (await browser.to_the_provider()).headers["location"]
    idp.spent.update(idp.codes)
    before = refused("code_refused")
    await assert_refused(browser, await browser.get(back))
    assert refused("code_refused") == before + 1


async def test_somebody_elses_code_is_of_no_use(browser: Browser, site: Site, idp: IdentityProvider) -> None:
    async with Browser(site) as attacker:
        stolen = parse_qs(urlsplit((await attacker.to_the_provider()).headers["location"]).query)["code"][0]
    own = urlsplit((await browser.to_the_provider()).headers["location"])
    code = parse_qs(own.query)["code"][0]
    swapped = own._replace(query=own.query.replace(code, stolen)).geturl()
    await assert_refused(browser, await browser.get(swapped))

    # A provider that does not check PKCE lets the code through; then the nonce tells whose it was.
    idp.checks_pkce = False
    async with Browser(site) as attacker:
        stolen = parse_qs(urlsplit((await attacker.to_the_provider()).headers["location"]).query)["code"][0]
    own = urlsplit((await browser.to_the_provider()).headers["location"])
    code = parse_qs(own.query)["code"][0]
    before = refused("token_nonce")
    await assert_refused(browser, await browser.get(own._replace(query=own.query.replace(code, stolen)).geturl()))
    assert refused("token_nonce") == before + 1


@pytest.mark.parametrize("code", ["", "x" * 5000])
async def test_an_answer_without_a_usable_code_asks_nobody(browser: Browser, idp: IdentityProvider, code: str) -> None:
    state = parse_qs(urlsplit((await browser.to_the_provider()).headers["location"]).query)["state"][0]
    answer = await browser.get("/signin/callback", params={"state": state, "code": code})
    await assert_refused(browser, answer)
    assert idp.asked["token"] == 0


async def test_a_person_who_says_no_is_told_so(browser: Browser, idp: IdentityProvider) -> None:
    idp.denies = "access_denied"
    answer = await browser.sign_in()
    await assert_refused(browser, answer)
    assert "did not sign you in" in answer.text


async def test_an_answer_of_another_issuer_is_refused(browser: Browser, idp: IdentityProvider) -> None:
    back = (await browser.to_the_provider()).headers["location"]
    before = refused("answer_issuer")
    await assert_refused(browser, await browser.get(back.replace("iss=http", "iss=https")))
    idp.metadata = {"authorization_response_iss_parameter_supported": True}
    async with Browser(Site(idp.url)) as strict:
        back = (await strict.to_the_provider()).headers["location"]
        await assert_refused(strict, await strict.get(back.replace("iss=", "was=")))
    assert refused("answer_issuer") == before + 2


FORGED: dict[str, Any] = {
    "no signature": (lambda idp, c: "eyJhbGciOiJub25lIn0." + signed(c, idp.key).split(".")[1] + ".", "token_algorithm"),
    "another key": (lambda idp, c: signed(c, new_key(), kid=idp.key.kid), "token_signature"),
    "another audience": (lambda idp, c: signed(c | {"aud": "mail"}, idp.key), "token_claims"),
    "another issuer": (lambda idp, c: signed(c | {"iss": "https://evil.example"}, idp.key), "token_claims"),
    "expired": (lambda idp, c: signed(c | {"exp": c["iat"] - 120}, idp.key), "token_claims"),
    "kept from before": (lambda idp, c: signed(c | {"iat": c["iat"] - 3600}, idp.key), "token_claims"),
    "another nonce": (lambda idp, c: signed(c | {"nonce": "x"}, idp.key), "token_nonce"),
    "none at all": (lambda idp, c: "", "token_unreadable"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_opens_nothing(browser: Browser, idp: IdentityProvider, name: str) -> None:
    forge, reason = FORGED[name]
    idp.token_of = lambda claims: str(forge(idp, claims))
    before = refused(reason)
    await assert_refused(browser, await browser.sign_in())
    assert refused(reason) == before + 1


async def test_of_several_tabs_the_late_one_finds_the_session(browser: Browser) -> None:
    first = (await browser.to_the_provider()).headers["location"]
    second = (await browser.to_the_provider()).headers["location"]
    assert (await browser.get(second)).headers["location"] == HOME
    answer = await browser.get(first)
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    assert await browser.role() == "viewer"


async def test_nothing_that_a_caller_sent_is_repeated(browser: Browser) -> None:
    answer = await browser.get(
        "/signin/callback", params={"error": "<script>", "error_description": "<script>", "state": "<script>"}
    )
    assert "script" not in answer.text
