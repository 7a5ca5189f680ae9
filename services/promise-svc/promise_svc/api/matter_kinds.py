"""Each kind of matter as the outside sees it: its path, its event types, and the bodies that they carry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pydantic import create_model

from candor.intake.once import new_id
from candor.web.http.fields import Id, not_ahead
from candor.web.http.problems import Problem
from promise_svc.api import market_requests as market
from promise_svc.api import matter_requests as bodies
from promise_svc.api.matter_requests import MatterBody
from promise_svc.api.plan_requests import PlanChangeIn, PlanIn
from promise_svc.api.wish_requests import WishChangeIn, WishIn
from promise_svc.domain import MACHINES, Enter, Kind
from promise_svc.matter_events import id_of


class Way(NamedTuple):
    """How one kind comes in: `path` of its routes, the body it begins with, and by action those that follow."""

    path: str
    begins: type[MatterBody]
    follows: Mapping[str, type[MatterBody]] = MappingProxyType({})


WAYS: Final[Mapping[Kind, Way]] = MappingProxyType(
    {
        Kind.HANDOFF: Way(
            "/v1/handoffs",
            bodies.HandoffIn,
            {
                "accepted": bodies.SaidIn,
                "declined": bodies.ReasonIn,
                "countered": bodies.CounterIn,
                "agreed": bodies.SaidIn,
                "rejected": bodies.ReasonIn,
                "withdrawn": bodies.ReasonIn,
            },
        ),
        Kind.CAPABILITY: Way("/v1/capabilities", bodies.CapabilityIn),
        Kind.CLAIM: Way("/v1/claims", bodies.ClaimIn, {"corrected": bodies.CorrectionIn}),
        Kind.STATEMENT: Way("/v1/statements", bodies.StatementIn),
        Kind.CHALLENGE: Way(
            "/v1/challenges", bodies.ChallengeIn, {"answered": bodies.ReasonIn, "settled": bodies.SettlementIn}
        ),
        Kind.OFFER: Way(
            "/v1/offers",
            bodies.OfferIn,
            {"taken": bodies.TakenIn, "declined": bodies.ReasonIn, "withdrawn": bodies.ReasonIn},
        ),
        Kind.CLARIFICATION: Way(
            "/v1/clarifications",
            bodies.ClarificationIn,
            {"answered": bodies.AnsweredIn, "withdrawn": bodies.ReasonIn},
        ),
        Kind.WISH: Way(
            "/v1/wishes", WishIn, {"changed": WishChangeIn, "met": bodies.SaidIn, "declined": bodies.ReasonIn}
        ),
        Kind.ACCOUNT: Way("/v1/accounts", bodies.AccountIn),
        Kind.SHEET: Way("/v1/sheets", bodies.SheetIn),
        Kind.PLAN: Way(
            "/v1/plans", PlanIn, {"changed": PlanChangeIn, "done": bodies.SaidIn, "dropped": bodies.ReasonIn}
        ),
        Kind.REVIEW: Way("/v1/reviews", market.ReviewIn, {"tagged": market.TagsIn, "removed": market.RemovalIn}),
        Kind.LEAD_TIME: Way("/v1/lead-times", market.LeadTimeIn, {"withdrawn": bodies.ReasonIn}),
    }
)
VERBS: Final = {
    "accepted": "accept",
    "declined": "decline",
    "countered": "counter",
    "agreed": "agree",
    "rejected": "reject",
    "withdrawn": "withdraw",
    "corrected": "corrections",
    "answered": "answers",
    "settled": "settle",
    "taken": "take",
    "changed": "changes",
    "met": "meet",
    "done": "finish",
    "dropped": "drop",
    "tagged": "tags",
    "removed": "remove",
}
"""The last part of a route's path, by its action."""


def event_type(kind: Kind, action: str) -> str:
    """The type of the event by which a sender adds such an entry."""
    return f"{kind}.{action}"


def title(kind: Kind) -> str:
    """How models about a kind are named."""
    return kind.title().replace("_", "")


def _named(kind: Kind, body: type[MatterBody]) -> type[MatterBody]:
    """The body of an event: it names its matter, where the path of a route would."""
    if id_of(kind) in body.model_fields or hasattr(body, id_of(kind)):
        return body
    fields: dict[str, Any] = {id_of(kind): (Id, ...)}
    return create_model(f"{title(kind)}{body.__name__}", __base__=body, **fields)


EVENTS: Final[Mapping[str, tuple[Kind, str, type[MatterBody]]]] = MappingProxyType(
    {
        event_type(kind, action): (kind, action, _named(kind, body))
        for kind, way in WAYS.items()
        for action, body in {MACHINES[kind].begins: way.begins, **way.follows}.items()
    }
)


def told(kind: Kind, action: str, body: MatterBody, time: datetime, hops: tuple[str, ...]) -> Enter:
    """The command for an event of a sender that was reported at `time`."""
    look(body, time, hops, "/data")
    return bodies.entry(kind, getattr(body, id_of(kind)) or new_id(), action, body, time, waits=True)


def look(body: MatterBody, now: datetime, hops: tuple[str, ...], prefix: str = "") -> None:
    """Raises Problem for fields that contradict each other, a time ahead, a day gone by, and a wrong way of hops."""
    fault = body.fault() or (_way(body, hops) if isinstance(body, bodies.StatementIn) else None)
    if fault is not None:
        raise Problem.invalid_field(prefix + fault[0], fault[1])
    if isinstance(body, WishIn | WishChangeIn) and body.look_again_on is not None and body.look_again_on <= now.date():
        raise Problem.invalid_field(f"{prefix}/look_again_on", "must be a day after today, by the date in UTC")
    at = getattr(body, "at", None)
    if at is not None:
        not_ahead(at, now, f"{prefix}/at")


def _way(body: bodies.StatementIn, hops: tuple[str, ...]) -> bodies.Fault | None:
    for name, hop in (("said_by", body.said_by), ("said_to", body.said_to)):
        if hop not in hops:
            return f"/{name}", f"must be one of the hops: {', '.join(hops)}"
    if hops.index(body.said_by) >= hops.index(body.said_to):
        return "/said_to", "must come after said_by among the hops"
    return None
