"""The baseline of the intake bench: one FastAPI + SQLModel transaction per request, as most teams write it.

The same app factory, key check, strict body, domain decision, receipt, promise row and outbox row as promise-svc, but
each request has its own transaction, through an ORM session, committed before the response.

    python -m bench.intake_baseline        (settings from the environment, as for promise-svc)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

import msgspec
from fastapi import APIRouter, FastAPI
from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, MetaData, Text, func
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import identity
from candor.ops.clock import SystemClock
from candor.ops.loading import load
from candor.records.packing import pack
from candor.runtime import Background, serve
from candor.store.migrate import upgrade
from candor.web.app import create_app
from candor.web.http.body import read
from candor.web.security.auth import Operator
from promise_svc import domain, events
from promise_svc.api import presenters
from promise_svc.api.requests import PromiseIn
from promise_svc.settings import PromiseSettings
from promise_svc.store.tables import CustomerRow, PromiseRow
from promise_svc.wiring import MIGRATIONS

router = APIRouter()


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """Tables that promise-svc itself accesses only in batches."""


class IngestRow(Base, table=True):
    """A receipt with its response."""

    __tablename__ = "ingest"

    source: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    body_sha256: bytes
    key: str
    status: int
    response: bytes


class OutboxRow(Base, table=True):
    """An outgoing event, one per row."""

    __tablename__ = "outbox"

    id: int | None = Field(default=None, primary_key=True)
    topic: str
    partition: int
    events: int
    keys: list[str] = Field(sa_column=Column(ARRAY(Text)))
    records: bytes = Field(sa_column=Column(LargeBinary))
    created_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), server_default=func.now())
    )


@router.post("/v1/promises", status_code=201)
async def make(request: Request, principal: Operator) -> Response:
    """Make a promise in its own transaction."""
    raw, body = await read(PromiseIn, request)
    clock = SystemClock()
    command = body.command(clock.now())
    origin, receipts = identity(request, principal, raw, None, clock.now())
    async with AsyncSession(request.app.state.engine, expire_on_commit=False) as session, session.begin():
        for receipt in receipts:
            known = await session.get(IngestRow, (receipt.source, receipt.event_id))
            if known is not None:
                return Response(known.response, known.status, media_type="application/json")
        customer = await session.get(CustomerRow, command.customer_id)
        domain.admit(customer.erased_at if customer else None, command.made_at)
        promise = domain.make(command, historical=False)
        answer = presenters.whole(201)(promise)
        columns: dict[str, Any] = {name: getattr(promise, name) for name in presenters.COLUMNS}
        terms = msgspec.to_builtins(promise.terms)
        session.add(PromiseRow(**columns, terms=terms, latest_at=promise.latest_at, held_at=promise.held_at))
        for receipt in receipts:
            session.add(
                IngestRow(
                    source=receipt.source,
                    event_id=receipt.event_id,
                    body_sha256=receipt.body_sha256,
                    key=promise.customer_id,
                    status=answer.status,
                    response=answer.body,
                )
            )
        (row,) = pack([events.made(promise, origin)], request.app.state.partitions)
        session.add(
            OutboxRow(topic=row.topic, partition=row.partition, events=1, keys=list(row.keys), records=row.records)
        )
    return Response(answer.body, answer.status, media_type="application/json")


def build(settings: PromiseSettings) -> FastAPI:
    """The baseline's app."""

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        await upgrade(settings.database, MIGRATIONS)
        url = make_url(settings.database).set(drivername="postgresql+asyncpg")
        app.state.engine = create_async_engine(url, pool_size=16, max_overflow=0)
        app.state.partitions = settings.partitions
        try:
            yield cast(Sequence[Background], [])
        finally:
            await app.state.engine.dispose()

    return create_app("intake baseline", settings, parts, [router])


if __name__ == "__main__":
    chosen = load(PromiseSettings)
    serve(chosen, build(chosen))
