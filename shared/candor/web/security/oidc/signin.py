"""The way through the company's provider and back: state, nonce and PKCE tie the answer to the browser that asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import httpx
import structlog
from itsdangerous import BadData
from starlette.responses import RedirectResponse, Response

from candor.ops.clock import Clock, SystemClock
from candor.web import metrics
from candor.web.http.plain_page import plain_page
from candor.web.http.public import public_path
from candor.web.security.auth import Role
from candor.web.security.oidc.provider import Provider
from candor.web.security.oidc.refusal import RefusedError
from candor.web.security.oidc.signout import SignOut
from candor.web.security.oidc.tokens import TokenRequirements, UnknownKeyError, verify
from candor.web.security.sessions import Nonces, Sessions, SignIns
from candor.web.security.signing import Secrets, Signing

SALT: Final = "candor-oidc"
AGE: Final = timedelta(minutes=10)
LONGEST_CODE: Final = 4096
_local: Final = re.compile(r"(/[A-Za-z0-9_:~-][A-Za-z0-9._:~-]*)+/?")
log = structlog.get_logger("candor.oidc")


class Attempt(NamedTuple):
    """One sign-in in progress, kept in the browser's own signed cookie; `goal` is where it leads."""

    state: str
    nonce: str
    verifier: str
    goal: str


class SignIn:
    """Signs staff in by OpenID Connect; the role is the highest known one in the claim `roles_claim`.

    `home` is where a sign-in leads by default, and all other goals lie below it.
    """

    def __init__(
        self,
        provider: Provider,
        sessions: Sessions,
        secret: Secrets | str,
        *,
        roles_claim: str,
        scopes: str = "openid",
        home: str,
        clock: Clock | None = None,
    ) -> None:
        self._provider = provider
        self._sessions = sessions
        self._attempts = Signing(secret, SALT)
        self._roles_claim = roles_claim
        self._scopes = scopes
        self._home = home
        self._clock = clock or SystemClock()
        self.cookie = sessions.cookie.replace("session", "signin")
        self.out = SignOut(provider, sessions, secret)

    async def begin(self, goal: str) -> Response:
        """Send the browser to the provider; `goal` is followed afterwards if it is a page below `home`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        attempt = Attempt(state, nonce, verifier, local_path(goal, self._home))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self._provider.client.id,
            "redirect_uri": self._provider.client.redirect_uri,
            "scope": self._scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        try:
            endpoint = (await self._provider.metadata()).authorization_endpoint
        except RefusedError as refusal:
            return self._refused(refusal)
        answer = RedirectResponse(str(httpx.URL(endpoint).copy_merge_params(asked)), 303)
        self._sessions.put(answer, self.cookie, self._attempts.dumps_timed(attempt), AGE)
        return answer

    async def finish(
        self, query: Mapping[str, str], cookies: Mapping[str, str], signed_in: SignIns, place: str = ""
    ) -> Response:
        """Return the session that the provider's answer opens, or a page that says why there is none.

        `place` is from where the person signs in.
        """
        before = self._sessions.read(cookies.get(self._sessions.cookie))
        subject = ""
        try:
            claims, goal, token = await self._finish(query, cookies.get(self.cookie, ""), signed_in)
            subject, role = str(claims["sub"]), role_of(claims.get(self._roles_claim))
            if role is None:
                await signed_in.end_person(subject, "role withdrawn")
                raise self._no_role(subject)
        except RefusedError as refusal:
            # Of several tabs only the last one's cookie remains; the others find the session that it opened.
            if refusal.reason == "state" and before:
                return RedirectResponse(public_path(self._home), 303)
            await signed_in.refused(refusal.reason, place, subject)
            answer = self._refused(refusal)
        else:
            session = self._sessions.open(role, by=subject)
            await signed_in.begin(session, before, place)
            answer = RedirectResponse(public_path(goal), 303)
            self._sessions.set_cookie(answer, session)
            await self.out.keep(answer, token)
        self._sessions.take(answer, self.cookie)
        return answer

    async def _finish(self, query: Mapping[str, str], cookie: str, used: Nonces) -> tuple[dict[str, Any], str, str]:
        attempt, began = self._attempt(cookie)
        if not hmac.compare_digest(query.get("state", "").encode(), attempt.state.encode()):
            raise RefusedError("state")
        if not await used.use(f"oidc:{attempt.state}", began + 2 * AGE):
            raise RefusedError("used")
        await self._check_issuer(query.get("iss"))
        code = query.get("code", "")
        if "error" in query or not 0 < len(code) <= LONGEST_CODE:
            raise RefusedError("provider_refused", "Your company's identity provider did not sign you in.")
        token = await self._provider.exchange(code, attempt.verifier)
        provider = self._provider
        expected = TokenRequirements(provider.issuer, provider.client.id, attempt.nonce, began, self._clock.now())
        try:
            claims = verify(token, await provider.keys(), expected)
        except UnknownKeyError:
            claims = verify(token, await provider.keys(again=True), expected)
        return claims, attempt.goal, token

    def _attempt(self, cookie: str) -> tuple[Attempt, datetime]:
        try:
            fields, signed = self._attempts.loads_timed(cookie)
            attempt = Attempt(*(str(field) for field in fields))
        except (BadData, ValueError, TypeError):
            raise RefusedError("state") from None
        if not -AGE <= self._clock.now() - signed <= AGE:
            raise RefusedError("expired")
        return attempt, signed

    async def _check_issuer(self, said: str | None) -> None:
        # RFC 9207: an answer of another provider must not reach this one's token endpoint.
        needed = (await self._provider.metadata()).authorization_response_iss_parameter_supported
        if said != self._provider.issuer and (needed or said is not None):
            raise RefusedError("answer_issuer")

    def _no_role(self, subject: str) -> RefusedError:
        log.warning("signed in by the provider, but without a role here", by=subject, claim=self._roles_claim)
        names = ", ".join(one.name.lower() for one in Role)
        said = (
            f"Your company knows you, but gave you no role here: its claim “{self._roles_claim}” must hold one of "
            f"{names}. Ask whoever looks after your company's sign-in."
        )
        return RefusedError("no_role", said, 403)

    def _refused(self, refusal: RefusedError) -> Response:
        metrics.AUTH_FAILURES.labels(f"sign_in_{refusal.reason}").inc()
        log.warning("sign-in refused", reason=refusal.reason)
        return plain_page(refusal.status, "Not signed in", refusal.said, ("Sign in", "/signin"))


def role_of(claim: object) -> Role | None:
    """Return the highest of our roles in a claim (a name or a list); None if there is none."""
    names = claim if isinstance(claim, list) else [claim]
    known = {role.name.lower(): role for role in Role}
    return max((known[name] for name in names if isinstance(name, str) and name in known), default=None)


def local_path(wish: str, home: str) -> str:
    """Return `wish` if it is a plain path on this host, at or below `home` (which ends in a slash); else `home`."""
    return wish if wish.startswith(home) and (wish == home or _local.fullmatch(wish)) else home
