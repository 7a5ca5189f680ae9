"""The way out: the session at the company's provider ends too (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import httpx
import structlog
from itsdangerous import BadData
from starlette.responses import Response

from candor.web.http.plain_page import plain_page
from candor.web.security.oidc.provider import Provider
from candor.web.security.oidc.refusal import RefusedError
from candor.web.security.sealing import Sealing
from candor.web.security.sessions import ABSOLUTE, Sessions
from candor.web.security.signing import Secrets, Signing

BELOW: Final = "/signout"
"""Where browsers send the two cookies of a sign-out; no other request carries them."""
AGE: Final = timedelta(minutes=10)
LONGEST_HINT: Final = 2_800
"""A longer ID token does not fit into a cookie once it is sealed: the provider then asks the person first."""
AGAIN: Final = ("Sign in again", "/signin")
ON: Final = "Continue at your company's provider"
NEXT: Final = "Your company's identity provider signs you out next; it may ask whether you mean it."
BOTH: Final = "You are signed out of Candor and at your company's identity provider."
UNKNOWN: Final = (
    "Your company's identity provider does not answer, so you may still be signed in there: whoever uses this browser "
    "next could come back in without a password. Sign out there as well, or close the browser."
)
log = structlog.get_logger("candor.oidc")


class SignOut:
    """Ends the session at the provider, if it says where: the browser goes there by itself and comes back.

    Nothing that a request says decides where it goes: both addresses are the provider's metadata and our settings.
    """

    def __init__(self, provider: Provider, sessions: Sessions, secret: Secrets | str) -> None:
        self._provider = provider
        self._sessions = sessions
        self._states = Signing(secret, "candor-signout")
        self._hints = Sealing(secret, "candor-hint")
        # Only for a path of their own, which the prefix __Host- does not allow.
        usual = sessions.cookie.replace("__Host-", "__Secure-")
        self.state_cookie, self.hint_cookie = (usual.replace("session", name) for name in ("signout", "hint"))

    async def keep(self, answer: Response, token: str) -> None:
        """Let the browser keep the ID token, sealed: it tells the provider who wants to sign out."""
        try:
            wanted = bool(await self._provider.end_session_endpoint()) and len(token) <= LONGEST_HINT
        except RefusedError:
            # Whoever is signed in stays so: without the token the provider asks before it signs out.
            wanted = False
        if wanted:
            self._sessions.put(answer, self.hint_cookie, self._hints.seal(token), ABSOLUTE, BELOW)
        else:
            self._sessions.take(answer, self.hint_cookie, BELOW)

    async def begin(self, cookies: Mapping[str, str], said: str) -> Response:
        """Return the page for who is signed out here, which leads on to the provider; `said` if there is no way on."""
        try:
            endpoint = await self._provider.end_session_endpoint()
        except RefusedError as refusal:
            log.warning("not signed out at the identity provider", reason=refusal.reason)
            answer: Response = plain_page(200, "Signed out", f"{said} {UNKNOWN}", AGAIN)
        else:
            answer = self._leading(endpoint, cookies, said) if endpoint else plain_page(200, "Signed out", said, AGAIN)
        self._sessions.take(answer, self.hint_cookie, BELOW)
        return answer

    def _leading(self, endpoint: str, cookies: Mapping[str, str], said: str) -> Response:
        client, state = self._provider.client, secrets.token_urlsafe(32)
        asked = {"client_id": client.id, "post_logout_redirect_uri": client.signed_out_uri, "state": state}
        if hint := self._hints.opened(cookies.get(self.hint_cookie, "")):
            asked["id_token_hint"] = hint
        onward = str(httpx.URL(endpoint).copy_merge_params(asked))
        # No redirect: a browser follows none from a form to another host (form-action in the board's policy).
        answer = plain_page(200, "Signed out", f"{said} {NEXT}", (ON, ""), onward=onward)
        self._sessions.put(answer, self.state_cookie, self._states.dumps_timed(state), AGE, BELOW)
        return answer

    def finish(self, query: Mapping[str, str], cookies: Mapping[str, str], said: str) -> Response:
        """Return the page for who comes back from the provider; `said` to anybody else."""
        try:
            state, _ = self._states.loads_timed(cookies.get(self.state_cookie, ""))
        except BadData:
            state = ""
        came = bool(state) and hmac.compare_digest(query.get("state", "").encode(), str(state).encode())
        answer = plain_page(200, "Signed out", BOTH if came else said, AGAIN)
        self._sessions.take(answer, self.state_cookie, BELOW)
        return answer
