"""Routes that require a sender's proof instead of a key: which sender, which source reads it, which bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, Protocol
from urllib.parse import quote

import msgspec
import structlog
from fastapi import Depends, Path
from starlette.requests import Request

from candor.errors import at_once
from candor.ops.clock import SystemClock
from candor.ops.secret_files import SecretFile, SecretFiles
from candor.web import metrics
from candor.web.http.body import JSON, media_type, read_as, wrong_type
from candor.web.http.edge import SingleHeaders
from candor.web.http.problems import Problem
from candor.web.http.rates import overload
from candor.web.security import key_files
from candor.web.security.auth import admit, live, refuse
from candor.web.security.schemes import PathToken, Scheme, SignedRequest, StandardWebhooks
from candor.web.security.signatures import bad_signature

LONGEST_SENDER: Final = 64
STANDARD: Final = "standard"
log = structlog.get_logger("candor.webhooks")


class WebhookFormat(Protocol):
    """How a source's webhooks look and prove themselves; the first scheme is the default of a secrets file."""

    @property
    def media_types(self) -> Sequence[str]: ...

    @property
    def schemes(self) -> Sequence[Scheme]: ...


class StandardFormat(NamedTuple):
    """Signed JSON by Standard Webhooks."""

    media_types: Sequence[str] = JSON
    schemes: Sequence[Scheme] = (StandardWebhooks(),)


WebhookFormats = Mapping[str, WebhookFormat]
STANDARD_ONLY: Final[WebhookFormats] = {STANDARD: StandardFormat()}


def _nothing(_watched: SecretFiles, _senders: SecretFile[Any] | None) -> None:
    pass


class Accepted(NamedTuple):
    """The webhooks that a service takes: its sources by name, and the event types that they may bring.

    `attach` is given all watched files and the one of secrets, for sources that are read again; `media_types` are what
    bodies of such sources may come as besides.
    """

    sources: WebhookFormats = STANDARD_ONLY
    events: Collection[str] = ()
    attach: Callable[[SecretFiles, SecretFile[Any] | None], None] = _nothing
    media_types: Collection[str] = ()


NEUTRAL: Final = Accepted()


class Sender(NamedTuple):
    """One sender in the secrets file: the source that reads its webhooks, its scheme, its live secrets.

    `events` are the event types that it may send to this service.
    """

    source: str
    media_types: Sequence[str]
    scheme: Scheme
    secrets: tuple[str, ...]
    events: frozenset[str] = frozenset()


_ENTRY: Final = 'an entry {"secrets": ["whsec_…"], "events": {"<service>": ["<event type>"]}}'
_FORM: Final = (
    'a file of webhook secrets, {"sources": {"<sender>": {"secrets": ["whsec_…"], "events":'
    ' {"<service>": ["<event type>"]}}}}, for other sources also with "source" and "scheme"'
)
NOBODY: Final = Sender("", (), StandardWebhooks(), ())


class Webhook(NamedTuple):
    """A genuine webhook and its body as received.

    `source` is the sender's name in the path, `read_as` the name of the Source that understands it, `id` the request's
    id if it is signed (the same on every retry), else "". A signature may leave `headers` out: no id comes from them.
    `events` are the event types that the sender may send.
    """

    source: str
    id: str
    raw: bytes
    media_type: str = JSON[0]
    headers: Mapping[str, str] = {}
    read_as: str = STANDARD
    events: frozenset[str] = frozenset()


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secrets: list[str]
    source: str = STANDARD
    scheme: str = ""
    events: dict[str, list[str]] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: dict[str, msgspec.Raw]


class Senders(dict[str, Sender]):
    """The senders of a secrets file, by name; `wrong`: what is wrong with entries, without a secret, by name.

    A sender with some right secrets among wrong ones is there with those; one whose entry is wrong otherwise is not.
    """

    def __init__(self, right: Mapping[str, Sender] = MappingProxyType({}), wrong: Mapping[str, str] | None = None):
        super().__init__(right)
        self.wrong = dict(wrong or {})

    def mistakes(self) -> str:
        """What is wrong, for staff; "" for nothing."""
        return at_once([f"source {name!r}: {why}" for name, why in sorted(self.wrong.items())])


def parse_secrets(
    raw: bytes, formats: WebhookFormats = STANDARD_ONLY, service: str = "", known: Collection[str] = ()
) -> dict[str, Sender]:
    """The senders, as `read_senders`, of a file in which all is right. Raises ValueError, without a secret in it."""
    found = read_senders(raw, formats, service, known)
    if found.wrong:
        raise ValueError(found.mistakes())
    return found


def read_senders(
    raw: bytes, formats: WebhookFormats = STANDARD_ONLY, service: str = "", known: Collection[str] = ()
) -> Senders:
    """Return the senders of a secrets file, and what is wrong with entries. Raises ValueError for no such file.

    `{"sources": {"crm": {"secrets": ["whsec_…"], "events": {"promise-svc": ["promise.made"]}}, "pager": {"source":
    "pagerduty", "scheme": "hmac", "secrets": ["…"], "events": {"delivery-svc": ["incident.reported"]}}}}`: `source`
    defaults to Standard Webhooks, `scheme` to the source's first. A sender may send what `events` names for `service`,
    and nothing without it; `known` are the names that make sense there. Senders of a source that is not among
    `formats` are left out because services share the file.
    """
    found, wrong = {}, {}
    for name, part in key_files.decoded(raw, _File, _FORM).sources.items():
        try:
            entry = key_files.decoded(bytes(part), _Entry, _ENTRY)
            key_files.check_services(entry.events, service)
            if entry.source not in formats:
                log.info("secrets of a source that this service does not read", sender=name, source=entry.source)
                continue
            sender, unread = _sender(entry, formats[entry.source], _events(entry, service, known))
        except ValueError as error:
            wrong[name] = str(error)
            continue
        if unread:
            wrong[name] = unread
        if sender.secrets or not unread:
            found[name] = sender
    return Senders(found, wrong)


def _events(entry: _Entry, service: str, known: Collection[str]) -> frozenset[str]:
    events = frozenset(entry.events.get(service, ()))
    if known and (wrong := sorted(events - set(known))):
        there = ", ".join(sorted(known))
        raise ValueError(f"{service} has no event type {wrong[0][:64]!r}, it has {there}")
    return events


def _sender(entry: _Entry, accepted: WebhookFormat, events: frozenset[str]) -> tuple[Sender, str]:
    """The sender with the secrets that are right, and what is wrong with the first of the others."""
    schemes = {scheme.name: scheme for scheme in accepted.schemes}
    scheme = schemes.get(entry.scheme) if entry.scheme else accepted.schemes[0]
    if scheme is None:
        # What stands there instead may be a secret.
        raise ValueError(f"{entry.source} has no such scheme, it has {', '.join(schemes)}")
    right, unread = [], ""
    for secret in entry.secrets:
        try:
            scheme.check(secret)
        except ValueError as error:
            unread = unread or str(error)
        else:
            right.append(secret)
    return Sender(entry.source, accepted.media_types, scheme, tuple(right), events), unread


class SignatureGuard:
    """Dependency that requires a sender's proof to call a route, and provides the Webhook."""

    async def __call__(self, request: Request, sender: Annotated[str, Path(max_length=LONGEST_SENDER)]) -> Webhook:
        state = request.app.state
        senders: Senders = live(state.webhook_secrets, Senders())
        if not read_as(media_type(request), state.webhook_types):
            raise wrong_type(state.webhook_types)
        raw = await request.body()
        if sender in senders.wrong and sender not in senders:
            # It is somebody's, who keeps and repeats what is answered so until the entry is mended.
            raise Problem.unavailable("keys_unavailable", retry_after=60)
        # An unknown sender causes the same work and gets the same answer as a known one with a wrong signature.
        proof = senders.get(sender, NOBODY)
        token = request.path_params.get("token", "")
        try:
            if token and not isinstance(proof.scheme, PathToken):
                raise bad_signature()
            uri = _uri(request, state.settings.public_url)
            signed = SignedRequest(request.method, uri, SingleHeaders(request.headers), raw, token)
            webhook_id = proof.scheme.verify(signed, proof.secrets, SystemClock().now())
        except Problem as problem:
            metrics.WEBHOOKS_REFUSED.labels(problem.code).inc()
            refuse(request, problem.code, problem.code, sender if proof.secrets else "")
            raise
        kind = read_as(media_type(request), proof.media_types)
        if not kind:
            raise wrong_type(proof.media_types)
        try:
            admit(request, sender, f"source:{sender}")
        except Problem as problem:
            raise overload(problem) from None
        return Webhook(sender, webhook_id, raw, kind, request.headers, proof.source, proof.events)


def address_of_sender(base: str, sender: str, token: str = "") -> str:
    """Return the address below `base` to which a sender posts, with the token in its path if it has one."""
    path = f"{base.rstrip('/')}/v1/webhooks/{quote(sender, safe='')}"
    return f"{path}/{quote(token, safe='')}" if token else path


def _uri(request: Request, public_url: str) -> str:
    """Return the address as the sender knows it: PUBLIC_URL behind a proxy, with the path and query received."""
    base = public_url.rstrip("/") or f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return base + (path + b"?" + query if query else path).decode("latin-1")


Signed = Annotated[Webhook, Depends(SignatureGuard())]
"""The annotation of a webhook route's parameter; the path must contain `{sender}`, and may contain `{token}`."""
