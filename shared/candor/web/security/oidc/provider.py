"""The identity provider over HTTP: its metadata, its keys, and codes exchanged for ID tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from urllib.parse import quote_plus, urlsplit

import httpx
import msgspec
import structlog

from candor.clients.exchange import bounded, client
from candor.ops.clock import Clock, SystemClock
from candor.ops.loopback import LOOPBACK
from candor.ops.trust import authorities
from candor.web.security.oidc.refusal import ProviderDownError, RefusedError
from candor.web.security.oidc.tokens import Jwk

KEPT: Final = timedelta(hours=1)
PAUSE: Final = timedelta(seconds=10)
FORGOTTEN: Final = timedelta(seconds=10)
"""For so long after a failure nobody asks the provider again: everybody else is told at once."""
AT_ONCE: Final = 4
"""So many requests to the provider run at one time; while it hangs, no more than these wait for it."""
SECONDS: Final = 5.0
MAX_BYTES: Final = 512 * 1024
log = structlog.get_logger("candor.oidc")
T = TypeVar("T")


class Client(NamedTuple):
    """How this deployment is registered with the provider; the secret is asked for at every use."""

    id: str
    secret: Callable[[], str]
    redirect_uri: str
    signed_out_uri: str


class Metadata(msgspec.Struct, frozen=True):
    """The part of a discovery document that signing in and out needs (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False
    end_session_endpoint: str | None = None


class _Keys(msgspec.Struct):
    keys: list[Jwk]


class _Tokens(msgspec.Struct):
    id_token: str = ""


class _TokenError(msgspec.Struct):
    error: str = ""


class Provider:
    """One pinned issuer. It is not contacted before somebody signs in, so its outage does not prevent a start.

    Metadata is kept for an hour; keys are fetched again when a token names an unknown one, at most every ten seconds.
    A failure counts for all who come within the next ten seconds, so that a provider which is away or hangs is asked
    little and keeps nobody waiting. Raises ProviderDownError if it cannot be reached, is too slow, or its answer is
    too large.
    """

    def __init__(self, issuer: str, client: Client, clock: Clock | None = None, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self.issuer = issuer
        self.client = client
        self._clock = clock or SystemClock()
        self._trust = authorities()
        self._lock = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._failed: tuple[str, datetime] | None = None
        self._metadata: tuple[Metadata, datetime] | None = None
        self._keys: tuple[list[Jwk], datetime] | None = None

    async def metadata(self) -> Metadata:
        """Return the provider's metadata, if its issuer is exactly the configured one."""
        async with self._lock:
            if self._metadata is None or self._age(self._metadata[1]) > KEPT:
                url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                with self._remembering():
                    found = _decode(await self._get(url), Metadata)
                    if found.issuer != self.issuer:
                        raise ProviderDownError("another_issuer")
                    for endpoint in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                        check_address(endpoint)
                self._metadata = found, self._clock.now()
            return self._metadata[0]

    async def end_session_endpoint(self) -> str:
        """Return where a session at the provider ends; empty if it does not say. Raises ProviderDownError as above."""
        endpoint = (await self.metadata()).end_session_endpoint or ""
        if endpoint:
            check_address(endpoint)
        return endpoint

    async def keys(self, *, again: bool = False) -> list[Jwk]:
        """Return the provider's public keys; `again` if the current ones lack one."""
        address = (await self.metadata()).jwks_uri
        async with self._lock:
            if self._keys is None or self._age(self._keys[1]) > (PAUSE if again else KEPT):
                with self._remembering():
                    self._keys = _decode(await self._get(address), _Keys).keys, self._clock.now()
            return self._keys[0]

    async def exchange(self, code: str, verifier: str) -> str:
        """Return the ID token for a code (RFC 6749 4.1.3, RFC 7636). Raises RefusedError if the provider refuses it."""
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "code_verifier": verifier,
        }
        methods, auth = metadata.token_endpoint_auth_methods_supported, None
        if "client_secret_basic" in methods:
            # RFC 6749 2.3.1: both are form-encoded before they become a user name and a password.
            auth = httpx.BasicAuth(quote_plus(self.client.id), quote_plus(self.client.secret()))
        else:
            form |= {"client_id": self.client.id, "client_secret": self.client.secret()}
        async with self._places:
            with self._remembering():
                return await self._exchange(metadata.token_endpoint, form, auth)

    async def _exchange(self, endpoint: str, form: Mapping[str, str], auth: httpx.Auth | None) -> str:
        status, body = await self._send("POST", endpoint, form, auth)
        if status == 200:
            return _decode(body, _Tokens).id_token
        if status >= 500 or status == 429:
            raise ProviderDownError("token_endpoint")
        if _error_of(body) == "invalid_grant":
            raise RefusedError("code_refused")
        # Nobody can sign in until the client's registration is corrected.
        log.error("the identity provider refuses this client", issuer=self.issuer, status=status, error=_error_of(body))
        raise ProviderDownError("client_refused")

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Raise the last failure again while it counts; else remember how this goes."""
        if self._failed is not None and self._age(self._failed[1]) < FORGOTTEN:
            raise ProviderDownError(self._failed[0])
        try:
            yield
        except ProviderDownError as error:
            self._failed = error.reason, self._clock.now()
            raise
        self._failed = None

    async def _get(self, url: str) -> bytes:
        status, body = await self._send("GET", url)
        if status != 200:
            raise ProviderDownError("unexpected_status")
        return body

    async def _send(
        self, method: str, url: str, form: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
    ) -> tuple[int, bytes]:
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        try:
            async with (
                asyncio.timeout(self._seconds),
                client(self._trust, self._seconds) as opened,
                opened.stream(method, url, data=form, headers=headers, auth=auth) as response,
            ):
                return response.status_code, await _bounded(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            log.warning("identity provider unreachable", host=urlsplit(url).hostname, reason=type(error).__name__)
            raise ProviderDownError("unreachable") from None

    def _age(self, since: datetime) -> timedelta:
        return abs(self._clock.now() - since)


async def _bounded(response: httpx.Response) -> bytes:
    # We requested no compression: a small answer that unpacks to a large one is not read.
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ProviderDownError("compressed")
    body = await bounded(response, MAX_BYTES)
    if body is None:
        raise ProviderDownError("too_large")
    return body


def check_address(url: str) -> None:
    """Raise ProviderDownError for an address without TLS (except on this machine), or with a user or fragment in it."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ProviderDownError("unsafe_address")


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProviderDownError("unreadable") from None


def _error_of(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_TokenError).error[:64]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
