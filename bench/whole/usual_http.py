"""The usual service: FastAPI and SQLModel, a transaction a request, then one record that waits for the broker.

python -m bench.whole.usual_http PORT DATABASE_URL BOOTSTRAP TOPIC KEY

It has what the job needs and nothing of what Candor adds: no outbox, no receipts, no limits. A record that was not
sent after the commit is lost.
"""

from __future__ import annotations

import hmac
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import Depends, FastAPI, HTTPException, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.whole.usual_tables import GapRow, PromiseRow, ReportRow, engine
from candor.contracts import Message, encode
from candor.intake import Origin
from delivery_svc import events as delivery_events
from delivery_svc.api.requests import MilestoneIn
from promise_svc import domain
from promise_svc import events as promise_events
from promise_svc.api.requests import PromiseIn
from risk_svc.domain.state import from_bytes
from risk_svc.web.api import presenters
from risk_svc.web.api.responses import GapDetail

CONNECTIONS = 16


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    """A session for one request. Raises 401 without the key."""
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given, f"Bearer {request.app.state.key}"):
        raise HTTPException(401)
    async with AsyncSession(request.app.state.engine, expire_on_commit=False) as session:
        yield session


Session = Annotated[AsyncSession, Depends(session_of)]
app = FastAPI()


@app.post("/v1/promises", status_code=201)
async def promise(body: PromiseIn, request: Request, session: Session) -> dict[str, Any]:
    """Take a promise."""
    command = body.command(datetime.now(UTC))
    made = domain.make(command, historical=False)
    async with session.begin():
        if await session.get(PromiseRow, made.promise_id) is None:
            row = PromiseRow(
                promise_id=made.promise_id,
                customer_id=made.customer_id,
                kind=made.kind,
                due=made.held_due,
                body=body.model_dump(mode="json"),
            )
            session.add(row)
    await send(request, promise_events.made(made, origin()))
    return {"promise_id": made.promise_id, "state": "accepted"}


@app.post("/v1/milestones", status_code=202)
async def milestone(body: MilestoneIn, request: Request, session: Session) -> dict[str, Any]:
    """Take a report about a promise."""
    report = body.report()
    async with session.begin():
        row = await session.get(PromiseRow, body.promise_id, with_for_update=True)
        if row is None:
            raise HTTPException(404)
        row.reports += 1
        session.add(
            ReportRow(promise_id=row.promise_id, version=row.reports, body=body.model_dump(mode="json")),
        )
    await send(request, delivery_events.milestone(row.promise_id, row.customer_id, row.reports, report, origin()))
    return {"promise_id": row.promise_id, "state": "accepted"}


@app.get("/v1/gaps/{promise_id}")
async def gap(promise_id: str, session: Session) -> GapDetail:
    """What is known and forecast of a promise."""
    row = await session.get(GapRow, promise_id)
    if row is None:
        raise HTTPException(404)
    return presenters.detail(from_bytes(row.state), [], datetime.now(UTC).timestamp())


async def send(request: Request, item: Message) -> None:
    """Send an event and wait until the broker has it."""
    record = encode(item)
    await request.app.state.producer.send_and_wait(
        request.app.state.topic, record.value, record.key, headers=record.headers
    )


def origin() -> Origin:
    """The origin of an event."""
    return Origin(uuid4().hex, "usual", datetime.now(UTC))


def main(port: int, url: str, bootstrap: str, topic: str, key: str) -> None:
    """Serve until SIGTERM."""

    @asynccontextmanager
    async def parts(served: FastAPI) -> AsyncIterator[None]:
        served.state.engine = engine(url, CONNECTIONS)
        served.state.topic, served.state.key = topic, key
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
            served.state.producer = producer
            yield
        await served.state.engine.dispose()

    app.router.lifespan_context = parts
    # As long as ours: at its pace a connection may rest for more than the five seconds that are usual.
    uvicorn.run(app, port=port, log_level="warning", access_log=False, timeout_keep_alive=75)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
