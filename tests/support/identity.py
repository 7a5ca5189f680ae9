"""A little identity provider on a real port: discovery, authorize, token and keys, with real signatures.

It is as strict as a good one (client secret, redirect address, PKCE, codes that work once), until a test tells it to
be careless or to lie.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

from joserfc import jws
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.serving import serving as served

CLIENT_ID = "candor board"
# Letters that a careless client would not encode.
CLIENT_SECRET = "k7+q/Z%2:v9&wX=4"
Claims = dict[str, Any]


def new_key(size: int = 2048) -> RSAKey:
    return RSAKey.generate_key(size, {"kid": secrets.token_hex(4)})


@cache
def first_key() -> RSAKey:
    """What every provider of a test run starts with, as making one takes a while."""
    return new_key()


def signed(claims: Claims, key: RSAKey, **header: Any) -> str:
    """A token as the provider makes it."""
    # Escaped, as most providers write it: so half of a surrogate pair can be in a claim.
    whole = {"typ": "JWT", "alg": "RS256", "kid": key.kid, **header}
    return jws.serialize_compact(whole, json.dumps(claims).encode(), key, registry=_anything())


def _anything() -> jws.JWSRegistry:
    return jws.JWSRegistry(algorithms=["RS256", "RS384", "PS256", "ES256", "HS256"], strict_check_header=False)


class IdentityProvider:
    """`person` is who signs in, as claims. `token_of` makes the ID token of its claims, truly unless it is replaced."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Honest and strict again, with nobody signed in."""
        self.key = first_key()
        self.published = [self.key]
        self.person: Claims = {"sub": "person-1", "roles": ["viewer"]}
        self.token_of: Callable[[Claims], str] = lambda claims: signed(claims, self.key)
        self.metadata: dict[str, Any] = {}
        self.answers: dict[str, Response] = {}
        self.checks_pkce = True
        self.codes_work_once = True
        self.denies = ""
        self.asked: Counter[str] = Counter()
        self.codes: dict[str, dict[str, str]] = {}
        self.spent: set[str] = set()

    def rotate(self) -> None:
        """From now on it signs with another key, and publishes only that."""
        self.key = new_key()
        self.published = [self.key]

    def claims(self, nonce: str) -> Claims:
        """The claims of a good ID token made now."""
        now = int(time.time())
        base = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
        return base | self.person

    def code_for(self, query: dict[str, str]) -> str:
        """A code for an authorization request, as if its person had agreed."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return code

    async def discovery(self, _request: Request) -> Response:
        endpoints = {name: f"{self.url}/{path}" for name, path in _ENDPOINTS.items()}
        return self._answer("discovery", {"issuer": self.url, **endpoints, **self.metadata})

    async def keys(self, _request: Request) -> Response:
        return self._answer("keys", {"keys": [key.as_dict(private=False, use="sig") for key in self.published]})

    async def authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        assert query["client_id"] == CLIENT_ID
        assert query["response_type"] == "code"
        assert "openid" in query["scope"].split()
        answer = {"state": query["state"], "iss": self.url}
        answer |= {"error": self.denies} if self.denies else {"code": self.code_for(query)}
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if not self._knows(request, form):
            return self._answer("token", {"error": "invalid_client"}, 401)
        asked = self.codes.get(form["code"])
        if asked is None or (self.codes_work_once and form["code"] in self.spent) or not self._fits(asked, form):
            return self._answer("token", {"error": "invalid_grant"}, 400)
        self.spent.add(form["code"])
        token = self.token_of(self.claims(asked["nonce"]))
        return self._answer("token", {"access_token": "unused", "token_type": "Bearer", "id_token": token})

    def _knows(self, request: Request, form: dict[str, str]) -> bool:
        if "client_secret" in form:
            return (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
        user, _, password = base64.b64decode(request.headers["authorization"].split()[1]).decode().partition(":")
        return (unquote_plus(user), unquote_plus(password)) == (CLIENT_ID, CLIENT_SECRET)

    def _fits(self, asked: dict[str, str], form: dict[str, str]) -> bool:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        proven = (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)
        return form["redirect_uri"] == asked["redirect_uri"] and (proven or not self.checks_pkce)

    def _answer(self, name: str, content: Any, status: int = 200) -> Response:
        self.asked[name] += 1
        return self.answers.get(name) or JSONResponse(content, status)


_ENDPOINTS = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}


@asynccontextmanager
async def identity_provider() -> AsyncIterator[IdentityProvider]:
    """A provider of its own, at `url`."""
    made = IdentityProvider()
    routes = [
        Route("/.well-known/openid-configuration", made.discovery),
        Route("/authorize", made.authorize),
        Route("/token", made.token, methods=["POST"]),
        Route("/keys", made.keys),
    ]
    async with served(Starlette(routes=routes)) as made.url:
        yield made
