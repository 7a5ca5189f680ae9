"""Clarifications: what customers are asked about their need and have not answered yet."""

from __future__ import annotations

from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import Total
from risk_svc.insight.asking import Listing, Place, page
from risk_svc.insight.forgetting import living


async def still_open(session: AsyncSession, promise_id: str, place: Place) -> tuple[list[dict[str, Any]], Total]:
    """A page of the questions about a promise that are open, the oldest first, and how many there are."""
    return await page(session, _OPEN, "", {"promise_id": promise_id}, place)


_OLDEST: Final = "one.at, one.matter_id"
_OPEN: Final = Listing(
    "one.matter_id AS clarification_id, one.department, one.at, one.content->>'question' AS question",
    "FROM insight_matter AS one WHERE one.kind = 'clarification' AND one.state = 'asked' "
    f"AND one.promise_id = CAST(:promise_id AS text) AND {living('one')}",
    _OLDEST,
    f"({_OLDEST}) > (to_timestamp(CAST(:place AS float8)), :name)",
)
