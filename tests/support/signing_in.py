"""A site whose staff sign in at the little identity provider, and the browser of one of them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from candor.ops import metrics
from candor.web.security.oidc import SIGNED_OUT
from candor.web.security.oidc.provider import SECONDS, Client, Provider
from candor.web.security.oidc.signin import SignIn
from candor.web.security.sessions import MemoryNonces, Sessions, SignIns
from tests.support.clocks import ManualClock
from tests.support.identity import CLIENT_ID, CLIENT_SECRET

SITE = "https://board.example"
HOME = "/board/"


class Site:
    """A site with a page below /board and the two routes of a sign-in, on https as browsers see it."""

    def __init__(
        self,
        issuer: str,
        secret: str = CLIENT_SECRET,
        *,
        client_id: str = CLIENT_ID,
        roles_claim: str = "roles",
        scopes: str = "openid",
        seconds: float = SECONDS,
        nonces: SignIns | None = None,
    ) -> None:
        # Cookies carry the signer's own time, which is the system's.
        self.clock = ManualClock(datetime.now(UTC).replace(microsecond=0))
        self.provider_clock = ManualClock(self.clock.now())
        signing = secrets.token_urlsafe(32)
        self.sessions = Sessions(signing, secure=True, clock=self.clock)
        client = Client(client_id, lambda: secret, f"{SITE}/signin/callback", f"{SITE}{SIGNED_OUT}")
        provider = Provider(issuer, client, self.provider_clock, seconds=seconds)
        self.signin = SignIn(
            provider, self.sessions, signing, roles_claim=roles_claim, scopes=scopes, home=HOME, clock=self.clock
        )
        self.nonces = nonces or MemoryNonces()
        self.app = FastAPI()
        self.app.get("/signin")(self._begin)
        self.app.get("/signin/callback")(self._finish)
        self.app.get("/board/{rest:path}")(self.page)

    async def _begin(self, next: str = HOME) -> Response:
        return await self.signin.begin(next)

    async def _finish(self, request: Request) -> Response:
        return await self.signin.finish(request.query_params, request.cookies, self.nonces)

    async def page(self, request: Request) -> Response:
        session = self.sessions.read(request.cookies.get(self.sessions.cookie))
        return JSONResponse({"role": session.role.name.lower() if session else None, "path": request.url.path})


class Browser(httpx.AsyncClient):
    """Goes to the site in this process and to everything else over HTTP; keeps cookies as browsers do."""

    def __init__(self, site: Site) -> None:
        there = httpx.AsyncHTTPTransport()
        super().__init__(transport=httpx.ASGITransport(site.app), mounts={"http://": there}, base_url=SITE)
        self.site = site

    async def to_the_provider(self, goal: str = HOME) -> httpx.Response:
        """Begins; the answer of the provider, which sends back to the site."""
        begun = await self.get("/signin", params={"next": goal})
        assert begun.status_code == 303, begun.text
        return await self.get(begun.headers["location"])

    async def sign_in(self, goal: str = HOME) -> httpx.Response:
        """The whole way; what the site says in the end."""
        return await self.get((await self.to_the_provider(goal)).headers["location"])

    async def role(self) -> str | None:
        found: str | None = (await self.get(HOME)).json()["role"]
        return found


def refused(reason: str) -> float:
    """How often a sign-in was refused for this reason."""
    return metrics.REGISTRY.get_sample_value("candor_auth_failures_total", {"reason": f"sign_in_{reason}"}) or 0


async def assert_refused(browser: Browser, answer: httpx.Response, status: int = 401) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert await browser.role() is None
