"""Read routes of figures over many promises, as `insight` worked them out last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.pages import decode_cursor, encode_cursor, link_header
from candor.web.security.auth import Viewer
from risk_svc.insight import reading
from risk_svc.web.api import insight_requests, insight_responses
from risk_svc.web.api.routes.gaps import database

router: Final = APIRouter(tags=["insight"])


@router.get("/v1/rollups", responses={200: {"model": insight_responses.RollUps}})
async def rollups(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.RollUpQuery, Query()]
) -> Response:
    """Open gaps rolled up, value-weighted, with the worst promise beside each; largest first."""
    return await _sheet(request, f"rollup:{asked.by}", asked, asked.name, insight_responses.RollUpOut)


@router.get("/v1/accounts", responses={200: {"model": insight_responses.Accounts}})
async def accounts(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.AccountQuery, Query()]
) -> Response:
    """Customers with open promises: gap, value, and what it may cost; the largest expected loss first."""
    return await _sheet(request, "account", asked, asked.customer, insight_responses.AccountOut)


@router.get("/v1/value-at-risk", responses={200: {"model": insight_responses.ValueAtRisk}})
async def value_at_risk(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PageQuery, Query()]
) -> Response:
    """What all open promises may cost: expected loss, 95 % quantile and shortfall, with shared shocks."""
    return await _sheet(request, "value_at_risk", asked, None, insight_responses.RiskTotalOut)


@router.get("/v1/punctuality", responses={200: {"model": insight_responses.PunctualityPage}})
async def punctuality(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PunctualityQuery, Query()]
) -> Response:
    """Kept three ways, in full, Percent Plan Complete and resets; the group with most promises first."""
    return await _sheet(request, f"punctuality:{asked.by}", asked, asked.name, insight_responses.PunctualityOut)


async def _sheet(
    request: Request, sheet: str, asked: insight_requests.PageQuery, name: str | None, kind: type[BaseModel]
) -> Response:
    after = decode_cursor(asked.cursor, float, str)
    async with database(request).reading() as session:
        found = await reading.page(session, sheet, name, after, asked.limit + 1)
    rows = found.rows[: asked.limit]
    more = encode_cursor(*rows[-1][:2]) if len(found.rows) > asked.limit else None
    items: list[dict[str, Any]] = [kind.model_validate(body).model_dump(mode="json") for _, _, body in rows]
    if asked.format == "csv":
        flat = [_flat(item) for item in items]
        return csv_page(request, [*flat[0]] if flat else [*kind.model_fields], flat, more)
    document = {"made_at": found.made_at, "promises": found.promises, "items": items, **found.number._asdict()}
    return shown(document, link_header(request, more))


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """A row for a spreadsheet: each part of a figure in a column of its own."""
    flat: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict):
            flat |= {f"{name}_{part}": one for part, one in value.items()}
        else:
            flat[name] = value
    return flat
