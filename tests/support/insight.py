"""The handler of `insight` on a real database, fed by hand, and gaps as the worker publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from candor.contracts import Component, Contribution, Fact, Forecast, GapScored, Message, Standing, message
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.insight.forgetting import Forgetting
from risk_svc.insight.handlers import InsightHandler
from tests.support.risk import DUE, MADE, works


def gap(
    promise_id: str = "p1",
    customer_id: str = "c1",
    *,
    version: int = 1,
    score: float = 40.0,
    p_slip: float | None = 0.6,
    standing: Standing = Standing.OPEN,
    at: datetime = MADE,
    parts: dict[Component, float] | None = None,
    n: int = 50,
    facts: Sequence[Fact] = (),
) -> Message:
    """A published gap; without `p_slip` it has no forecast, as that of one that has ended."""
    found = {Component.LATENESS: 0.5} if parts is None else parts
    data = GapScored(
        promise_id=promise_id,
        customer_id=customer_id,
        standing=standing,
        score=score,
        as_of=at,
        held_due=DUE,
        contributions=[Contribution(name, x, 1 / len(found)) for name, x in found.items()],
        facts=[*facts],
        forecast=None if p_slip is None else Forecast(p_slip, DUE, DUE, DUE, "flight", n, 1),
    )
    return message(f"gap.{promise_id}.{version}", "risk-svc", at, customer_id, version, data)


class InsightDesk:
    """Takes messages as the consumer hands them over, each call in one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.handler = InsightHandler()
        self.rejected: list[tuple[str, str]] = []

    async def take(self, *messages: Message) -> None:
        async with unit_of_work(self.database) as uow:
            await self.handler.apply(uow, works(messages), tick=False)
            self.rejected += [(item.message.envelope.id, item.reason) for item in uow.rejected]

    async def forget(self, most: int = 500) -> None:
        """All that erasures have left to do."""
        await Forgetting(self.database, most).clear()

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.database.pool.fetch(query, *arguments)]

    async def one(self, promise_id: str = "p1") -> dict[str, Any]:
        [row] = await self.rows("SELECT * FROM insight_promise WHERE promise_id = $1", promise_id)
        return row

    async def ids(self) -> list[str]:
        return [row["promise_id"] for row in await self.rows("SELECT promise_id FROM insight_promise ORDER BY 1")]
