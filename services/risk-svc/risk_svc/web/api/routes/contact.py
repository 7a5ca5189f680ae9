"""Read routes of what customers see and say: surprises, silences, standings and how far claims spread."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.web.security.auth import Viewer
from risk_svc.insight.reading import Wanted
from risk_svc.web.api import contact_requests as requests
from risk_svc.web.api import contact_responses as responses
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.insight_requests import SheetQuery
from risk_svc.web.api.routes.figures import Listed, refuse_hidden, sheet_page

router: Final = APIRouter(tags=["insight"])


@router.get("/v1/surprises", responses=answers(responses.Surprises))
async def surprises(
    request: Request, _principal: Viewer, asked: Annotated[requests.SurpriseQuery, Query()]
) -> Response:
    """Promises that ended much better or much worse than their customer was told last, announced or not."""
    return await sheet_page(request, asked, surprises_of(asked))


@router.get("/v1/surprises/departments", responses=answers(responses.SurprisedPage))
async def surprises_by_department(
    request: Request, _principal: Viewer, asked: Annotated[SheetQuery, Query()]
) -> Response:
    """How many promises of each department ended as a surprise, of either sign."""
    return await sheet_page(request, asked, Listed("surprise:department", Wanted(asked.name), responses.SurprisedOut))


@router.get("/v1/silences", responses=answers(responses.Silences))
async def silences(request: Request, _principal: Viewer, asked: Annotated[requests.SilenceQuery, Query()]) -> Response:
    """Customers with an open gap, and how long they have said nothing in their usual intervals; longest first."""
    return await sheet_page(request, asked, silences_of(asked))


@router.get("/v1/standings", responses=answers(responses.Standings))
async def standings(
    request: Request, _principal: Viewer, asked: Annotated[requests.StandingQuery, Query()]
) -> Response:
    """How far teams, deliverers or we with each customer may be relied upon, ranked by the 5 % bound."""
    refuse_hidden(asked, persons=request.app.state.show_persons)
    return await sheet_page(request, asked, standings_of(asked))


@router.get("/v1/claims/spread", responses=answers(responses.Spreads))
async def spread(request: Request, _principal: Viewer, asked: Annotated[requests.SpreadQuery, Query()]) -> Response:
    """How far claims that are not met spread, and what the accounts that were told them may lose; widest first."""
    return await sheet_page(request, asked, spread_of(asked))


def surprises_of(asked: requests.SurpriseQuery) -> Listed:
    """The list that is asked for."""
    wanted = Wanted(
        asked.promise,
        asked.verdict,
        customer=asked.customer,
        department=asked.department,
        announced=asked.announced,
    )
    return Listed("surprise", wanted, responses.SurpriseOut, requests.SORTS[asked.sort])


def silences_of(asked: requests.SilenceQuery) -> Listed:
    """The list that is asked for."""
    wanted = Wanted(asked.customer, asked.verdict, asked.search, asked.min_score)
    return Listed("silence", wanted, responses.SilenceOut)


def standings_of(asked: requests.StandingQuery) -> Listed:
    """The list that is asked for."""
    return Listed(f"standing:{asked.by}", Wanted(asked.name), responses.StandingOut)


def spread_of(asked: requests.SpreadQuery) -> Listed:
    """The list that is asked for."""
    return Listed("spread", Wanted(asked.capability, search=asked.search), responses.SpreadOut)
