"""Read routes of hand-offs, claims, the register of capabilities, offers and challenges, as `insight` keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.ops.clock import Clock
from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.near_names import or_near
from candor.web.http.pages import decode_cursor, encode_cursor, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from risk_svc.insight import challenges, claim_lists, handoffs, offers
from risk_svc.insight.asking import Place
from risk_svc.web.api import matter_examples as examples
from risk_svc.web.api import matter_requests as requests
from risk_svc.web.api import matter_responses as responses
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.insight_requests import PageQuery
from risk_svc.web.api.routes.gaps import database

router: Final = APIRouter(tags=["insight"])


@router.get("/v1/handoffs", responses=answers(responses.HandoffPage, examples.HANDOFFS))
async def handoff_list(
    request: Request, _principal: Viewer, asked: Annotated[requests.HandoffQuery, Query()]
) -> Response:
    """Hand-offs with what both sides know, by their date unless another order is asked for."""
    clock = cast(Clock, request.app.state.clock)
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, float, str))
    async with database(request).reading() as session:
        found, number = await handoffs.handoffs(session, asked.wanted(), asked.sort, clock.now(), place)
    return _page(request, asked, found, number._asdict(), handoffs.ITEM, lambda one: handoffs.rank(one, asked.sort))


@router.get("/v1/claims", responses=answers(responses.ClaimPage, examples.CLAIMS))
async def claim_list(request: Request, _principal: Viewer, asked: Annotated[requests.ClaimQuery, Query()]) -> Response:
    """Claims beside the register as it stood when they were made, those with most recipients first."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, int, str))
    async with database(request).reading() as session:
        found, number = await claim_lists.claims(session, asked.wanted(), place)
    return _page(request, asked, found, number._asdict(), claim_lists.CLAIM, _reach)


@router.get("/v1/claims/recall", responses=answers(responses.RecallOut, examples.RECALL))
async def recall(request: Request, _principal: Viewer, asked: Annotated[requests.RecallQuery, Query()]) -> Response:
    """Whom false claims of a capability reached, who was corrected and who is left; nobody is written to.

    404 `unknown_capability`, with near names in `near`, for what the register does not know, or not yet.
    """
    wanted = claim_lists.ClaimFilter("false", asked.capability)
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, int, str))
    async with database(request).reading() as session:
        people = await claim_lists.recall(session, asked.capability)
        if isinstance(people, claim_lists.Unknown):
            detail = or_near(f"the register has no capability {asked.capability}", people.near)
            raise Problem("unknown_capability", detail, extensions={"near": people.near})
        found, number = await claim_lists.claims(session, wanted, place)
    document = {"capability_id": asked.capability, **people._asdict(), **number._asdict()}
    return _page(request, asked, found, document, claim_lists.CLAIM, _reach)


@router.get("/v1/capabilities", responses=answers(responses.CapabilityPage, examples.CAPABILITIES))
async def register(request: Request, _principal: Viewer, asked: Annotated[requests.RegisterQuery, Query()]) -> Response:
    """The register of capabilities as it stands, each with what was claimed of it."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, str))
    async with database(request).reading() as session:
        found, number = await claim_lists.register(session, asked.search, place)
    if asked.format != "csv":
        found = [{**row, "statuses": json.loads(row["statuses"])} for row in found]
    return _page(request, asked, found, number._asdict(), claim_lists.CAPABILITY, lambda one: (one["capability_id"],))


@router.get("/v1/offers", responses=answers(responses.OfferPage, examples.OFFERS))
async def offer_list(request: Request, _principal: Viewer, asked: Annotated[requests.OfferQuery, Query()]) -> Response:
    """Offers with what was taken, and what was requested beside what there is; the newest first."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, float, str))
    async with database(request).reading() as session:
        found, number = await offers.offers(session, asked.wanted(), place)
    if asked.format == "csv":
        found = [{**row, "options": offers.words(row["options"])} for row in found]
    return _page(request, asked, found, number._asdict(), offers.ITEM, lambda one: _age(one, "offer_id"))


@router.get("/v1/challenges", responses=answers(responses.ChallengePage, examples.CHALLENGES))
async def challenge_list(
    request: Request, _principal: Viewer, asked: Annotated[requests.ChallengeQuery, Query()]
) -> Response:
    """What employees doubt and what came of it, the newest first."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, float, str))
    async with database(request).reading() as session:
        found, number = await challenges.challenges(session, asked.wanted(), place)
    return _page(request, asked, found, number._asdict(), challenges.ITEM, lambda one: _age(one, "challenge_id"))


def _age(one: dict[str, Any], name: str) -> tuple[float, str]:
    return one["at"].timestamp(), one[name]


def _reach(one: dict[str, Any]) -> tuple[int, str]:
    return one["recipients"], one["claim_id"]


def _page(
    request: Request,
    asked: PageQuery,
    found: Sequence[dict[str, Any]],
    document: dict[str, Any],
    columns: Sequence[str],
    rank: Callable[[dict[str, Any]], tuple[Any, ...]],
) -> Response:
    items = [{name: row[name] for name in columns} for row in found[: asked.limit]]
    more = encode_cursor(*rank(found[asked.limit - 1])) if len(found) > asked.limit else None
    if asked.format == "csv":
        return csv_page(request, columns, items, more)
    return shown({**document, "items": items}, link_header(request, more))
