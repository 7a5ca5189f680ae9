"""What customers are still asked about their need, beside the promise that it is about."""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import counted
from promise_svc.domain import Kind
from promise_svc.store.tables import LIVING_MATTER, MatterRow

SHOWN: Final = 10
"""The oldest open questions that a promise shows."""


async def open_clarifications(session: AsyncSession, promise_id: str) -> dict[str, Any]:
    """How many questions about a promise are open, and the SHOWN oldest of them."""
    query = select(MatterRow).where(
        MatterRow.promise_id == promise_id,
        MatterRow.kind == Kind.CLARIFICATION,
        MatterRow.state == "asked",
        LIVING_MATTER,
    )
    rows = (await session.exec(query.order_by(col(MatterRow.at), col(MatterRow.matter_id)).limit(SHOWN))).all()
    total, exact = len(rows), True
    if total == SHOWN:
        number = await counted(session, query)
        total, exact = number.total, number.total_exact
    return {
        "clarifications_open": total,
        "clarifications_open_exact": exact,
        "clarifications": [
            {"clarification_id": row.matter_id, "question": row.content["question"], "at": row.at} for row in rows
        ],
    }
