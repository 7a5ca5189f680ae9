"""Routes that are called with a signature instead of a key: which source, which id, which bytes."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

import msgspec
from fastapi import Depends, Path
from starlette.requests import Request

from candor.ops.clock import SystemClock
from candor.web import metrics
from candor.web.http.body import read_raw
from candor.web.http.problems import Problem
from candor.web.security import signatures
from candor.web.security.auth import refuse

LONGEST_SOURCE: Final = 64
Secrets = dict[str, tuple[str, ...]]


class Webhook(NamedTuple):
    """A genuine webhook: its source, its id (the same on every retry) and its body as received."""

    source: str
    id: str
    raw: bytes


class _File(msgspec.Struct, frozen=True):
    sources: dict[str, list[str]]


def parse_secrets(raw: bytes) -> Secrets:
    """Live secrets a source, of a file `{"sources": {"crm": ["whsec_…", …]}}`. Raises ValueError on anything else."""
    try:
        sources = msgspec.json.decode(raw, type=_File).sources
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ValueError('not a file of webhook secrets: {"sources": {"<source>": ["whsec_…"]}}') from None
    for source, secrets in sources.items():
        for secret in secrets:
            try:
                signatures.secret_bytes(secret)
            except ValueError as error:
                raise ValueError(f"source {source!r}: {error}") from None
    return {source: tuple(secrets) for source, secrets in sources.items()}


class SignatureGuard:
    """Dependency that lets a route be called by a source that signs its requests, and gives the Webhook."""

    async def __call__(self, request: Request, source: Annotated[str, Path(max_length=LONGEST_SOURCE)]) -> Webhook:
        state = request.app.state
        secrets = state.webhook_secrets.get() if state.webhook_secrets else {}
        raw = await read_raw(request)
        # An unknown source does the same work and gets the same answer as a known one with a wrong signature.
        live = secrets.get(source, ())
        try:
            webhook_id = signatures.verify(request.headers, raw, live, SystemClock().now())
        except Problem as problem:
            metrics.WEBHOOKS_REFUSED.labels(problem.code).inc()
            refuse(request, problem.code, problem.code, source if live else "")
            raise
        state.rates.take(f"source:{source}")
        request.state.caller = source
        return Webhook(source, webhook_id, raw)


Signed = Annotated[Webhook, Depends(SignatureGuard())]
"""What a webhook route's parameter is annotated with; its path must contain `{source}`."""
