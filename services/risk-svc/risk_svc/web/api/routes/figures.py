"""Read routes of figures over many promises, as `insight` worked them out last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.pages import decode_cursor, encode_cursor, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from risk_svc.insight import reading
from risk_svc.insight.reading import Sort, Wanted
from risk_svc.web.api import insight_requests, insight_responses
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.routes.gaps import database

router: Final = APIRouter(tags=["insight"])


class Listed(NamedTuple):
    """A list: its sheet, which rows of it, the model of a row, and the order."""

    sheet: str
    wanted: Wanted
    row: type[BaseModel]
    sort: Sort = "loss"


@router.get("/v1/rollups", responses=answers(insight_responses.RollUps))
async def rollups(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.RollUpQuery, Query()]
) -> Response:
    """Open gaps rolled up, value-weighted, with the worst promise beside each; largest first."""
    return await sheet_page(request, asked, rollups_of(asked))


@router.get("/v1/accounts", responses=answers(insight_responses.Accounts))
async def accounts(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.AccountQuery, Query()]
) -> Response:
    """Customers with open promises: gap, value, and what it may cost; largest first."""
    return await sheet_page(request, asked, accounts_of(asked))


@router.get("/v1/value-at-risk", responses=answers(insight_responses.ValueAtRisk))
async def value_at_risk(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PageQuery, Query()]
) -> Response:
    """What all open promises may cost: expected loss, 95 % quantile and shortfall, with shared shocks."""
    return await sheet_page(request, asked, Listed("value_at_risk", Wanted(), insight_responses.RiskTotalOut))


@router.get("/v1/value-at-risk/renewals", responses=answers(insight_responses.Renewals))
async def renewals(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PageQuery, Query()]
) -> Response:
    """What open promises may cost by how soon their accounts renew: 30, 60, 90 days, later; the nearest first."""
    return await sheet_page(request, asked, renewals_of(asked))


@router.get("/v1/punctuality", responses=answers(insight_responses.PunctualityPage))
async def punctuality(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PunctualityQuery, Query()]
) -> Response:
    """Kept three ways, in full, Percent Plan Complete and resets; most promises, or the newest month, first."""
    return await sheet_page(request, asked, punctuality_of(asked))


@router.get("/v1/bias", responses=answers(insight_responses.BiasPage))
async def bias(request: Request, _principal: Viewer, asked: Annotated[insight_requests.BiasQuery, Query()]) -> Response:
    """Whose promises take longer or shorter than said, in both directions; what takes longest first."""
    refuse_hidden(asked, persons=request.app.state.show_persons)
    return await sheet_page(request, asked, bias_of(asked))


@router.get("/v1/perception", responses=answers(insight_responses.CellPage))
async def perception(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PerceptionQuery, Query()]
) -> Response:
    """What leadership, staff and customers answer to the same four questions, beside the measured share kept."""
    return await sheet_page(request, asked, Listed("perception", _of(asked), insight_responses.CellOut))


@router.get("/v1/perception/pairs", responses=answers(insight_responses.PairPage))
async def pairs(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PairQuery, Query()]
) -> Response:
    """Where two sides believe differently and where alike; the largest distance first."""
    wanted = _of(asked)._replace(verdict=asked.verdict)
    return await sheet_page(request, asked, Listed("perception:pairs", wanted, insight_responses.PairOut))


@router.get("/v1/factors", responses=answers(insight_responses.FactorPage))
async def factors(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PageQuery, Query()]
) -> Response:
    """What kept promises had that broken ones of their type and lead time had not; the strongest first."""
    return await sheet_page(request, asked, Listed("factor", Wanted(), insight_responses.FactorOut))


@router.get("/v1/factors/checklist", responses=answers(insight_responses.ChecklistPage))
async def checklist(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.PageQuery, Query()]
) -> Response:
    """The factors that held, and whether later promises that had all of them were kept more often."""
    return await sheet_page(request, asked, Listed("checklist", Wanted(), insight_responses.ChecklistOut))


def _of(asked: insight_requests.PerceptionQuery) -> Wanted:
    return Wanted(search=None if asked.question is None else f"{asked.question}:")


def rollups_of(asked: insight_requests.RollUpQuery) -> Listed:
    """The list that is asked for."""
    wanted = Wanted(asked.name, search=asked.search, min_score=asked.min_score)
    return Listed(f"rollup:{asked.by}", wanted, insight_responses.RollUpOut)


def accounts_of(asked: insight_requests.AccountQuery) -> Listed:
    """The list that is asked for."""
    wanted = Wanted(
        asked.customer,
        search=asked.search,
        min_score=asked.min_score,
        renews_within=asked.renews_within,
        contact=asked.contact,
    )
    return Listed("account", wanted, insight_responses.AccountOut, asked.sort)


def renewals_of(_: insight_requests.PageQuery) -> Listed:
    """The list by window before renewals."""
    return Listed("renewal", Wanted(), insight_responses.RenewalOut)


def punctuality_of(asked: insight_requests.PunctualityQuery) -> Listed:
    """The list that is asked for."""
    return Listed(f"punctuality:{asked.by}", Wanted(asked.name), insight_responses.PunctualityOut)


def bias_of(asked: insight_requests.BiasQuery) -> Listed:
    """The list that is asked for."""
    return Listed(f"bias:{asked.by}", Wanted(asked.name, asked.verdict), insight_responses.BiasOut)


def refuse_hidden(asked: insight_requests.PageQuery, *, persons: bool) -> None:
    """Raise Problem 422 where figures of persons are asked for and switched off."""
    if getattr(asked, "by", "") == "person" and not persons:
        raise Problem.invalid_parameter("by", "figures of persons are switched off here: SHOW_PERSONS")


async def sheet_page(request: Request, asked: insight_requests.PageQuery, listed: Listed) -> Response:
    """The page of a list that is asked for."""
    after = decode_cursor(asked.cursor, float, str)
    async with database(request).reading() as session:
        found = await reading.page(session, listed.sheet, listed.wanted, after, asked.limit + 1, listed.sort)
    rows = found.rows[: asked.limit]
    more = encode_cursor(*rows[-1][:2]) if len(found.rows) > asked.limit else None
    items: list[dict[str, Any]] = [listed.row.model_validate(body).model_dump(mode="json") for _, _, body in rows]
    if asked.format == "csv":
        return csv_answer(request, listed, items, more)
    document = {"made_at": found.made_at, "promises": found.promises, "items": items, **found.number._asdict()}
    return shown(document, link_header(request, more))


def csv_answer(request: Request, listed: Listed, items: list[dict[str, Any]], after: str | None) -> Response:
    """The rows for a spreadsheet."""
    rows = [flat(item) for item in items]
    return csv_page(request, [*rows[0]] if rows else [*listed.row.model_fields], rows, after)


def flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """A row for a spreadsheet: each part of a figure in a column of its own; of lists, reasons and other currencies."""
    row: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict):
            row |= {f"{name}_{part}": one for part, one in value.items()}
        elif isinstance(value, list):
            if name == "apart":
                row[name] = "; ".join(f"{one['currency']} {one['expected_loss']}" for one in value)
            if name == "reasons":
                row[name] = "; ".join(f"{one['reason']} ({one['n']})" for one in value)
        else:
            row[name] = value
    return row
