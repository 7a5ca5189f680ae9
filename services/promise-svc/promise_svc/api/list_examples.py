"""An example of each list and each matter that promise-svc answers, without nulls, which its document drops."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from candor.web.examples import EXAMPLES as BODIES
from promise_svc.api.matter_kinds import WAYS
from promise_svc.api.matter_responses import PAGES, WHOLE, RecallPage
from promise_svc.api.responses import DraftPage, PromisePage, WaitingPage
from promise_svc.domain import MACHINES, Kind
from promise_svc.matter_events import id_of

_ONE: Final = {"total": 1, "total_exact": True}
_STATE: Final = {
    Kind.HANDOFF: "requested",
    Kind.CAPABILITY: "registered",
    Kind.CLAIM: "made",
    Kind.STATEMENT: "made",
    Kind.CHALLENGE: "settled",
    Kind.OFFER: "taken",
    Kind.CLARIFICATION: "answered",
    Kind.WISH: "open",
    Kind.ACCOUNT: "registered",
    Kind.SHEET: "answered",
    Kind.PLAN: "open",
    Kind.REVIEW: "tagged",
    Kind.LEAD_TIME: "stated",
}
_MORE: Final[dict[Kind, dict[str, Any]]] = {
    Kind.HANDOFF: {"customer_id": "acme"},
    Kind.CLAIM: {"verdict": "over_claim", "reached": 12},
    Kind.STATEMENT: {"waits": False},
    Kind.CHALLENGE: {"waits": False, "outcome": "upheld"},
    Kind.OFFER: {"taken": "credit"},
    Kind.CLARIFICATION: {"customer_id": "acme", "answer_id": "01KBF0E2Y7M3Q8T4R5N6P2W1X0"},
    Kind.WISH: {"customer_id": "acme"},
    Kind.PLAN: {"customer_id": "acme"},
    Kind.REVIEW: {"tags": ["too_late"], "tagged_by": "machine", "evidence": ["nobody told", "later"]},
}


def _matter(kind: Kind) -> dict[str, Any]:
    """A matter as its first entry made it: what the example of its body says, and what answers add."""
    body = BODIES[WAYS[kind].begins.__name__]
    added = {"state": _STATE[kind], "version": 1, "at": "2026-03-02T15:00:00Z", **_MORE.get(kind, {})}
    if MACHINES[kind].goes_on:
        added["changed_at"] = "2026-03-02T15:00:00Z"
    return {id_of(kind): "MA-1", **body, **added}


_PROMISE: Final[dict[str, Any]] = {
    **{name: value for name, value in BODIES["PromiseIn"].items() if name != "due"},
    **{"state": "kept", "version": 3, "requested_due": "2031-04-25T16:00:00Z", "first_due": "2031-05-01T16:00:00Z"},
    **{"latest_due": "2031-05-03T16:00:00Z", "held_due": "2031-05-03T16:00:00Z", "tolerance_s": 900},
    **{"historical": False, "completed_at": "2031-05-02T11:00:00Z", "value": 12000.0, "currency": "EUR"},
    **{"owner": "kim", "department": "sales", "channel": "phone", "deliverer": "crew-7", "accepted": True},
    "milestones": [{"name": "delivered", "planned": "2031-04-30T16:00:00Z", "told": True}],
    "scope": [{"item": "espresso machine", "weight": 1.0, "supported": True}],
}
_WAITING: Final[dict[str, Any]] = {
    **{"waiting_id": "01KBF0E2Y7M3Q8T4R5N6P2W1X0", "promise_id": "PR-1009", "kind": "revised"},
    **{"said_at": "2026-03-01T09:00:00Z", "due": "2031-05-03T16:00:00Z", "asked_by": "company", "agreed": True},
    **{"reason": "supplier is late", "public_reason": "a part arrives later than planned", "verdict": "kept"},
    **{"said_by": "engineering", "said_to": "product"},
    **{"completed_at": "2026-03-01T08:00:00Z", "settled_at": "2026-03-01T09:00:00Z"},
    **{"source": "crm", "source_event": "evt-204", "historical": False, "waiting_at": "2026-03-01T09:00:02Z"},
}
_DRAFT: Final[dict[str, Any]] = {
    **{"promise_id": "PR-1010", "state": "draft", "missing": ["due"], "customer_id": "acme", "kind": "install"},
    **{"what": "Espresso machine installed", "due": "2031-05-01T16:00:00Z", "source": "crm", "historical": False},
    **{"newest_at": "2026-03-01T09:00:00Z", "draft_at": "2026-03-01T09:00:02Z"},
    **{"terms": {"department": "sales"}, "said_at": {"customer_id": "2026-03-01T09:00:00Z"}},
}
EXAMPLES: Final[dict[type[BaseModel], dict[str, Any]]] = {
    PromisePage: {**_ONE, "items": [_PROMISE]},
    WaitingPage: {**_ONE, "items": [_WAITING]},
    DraftPage: {**_ONE, "items": [_DRAFT]},
    RecallPage: {**_ONE, "told": 40, "corrected": 12, "left": 28, "items": [_matter(Kind.CLAIM)]},
    **{page: {**_ONE, "items": [_matter(kind)]} for kind, page in PAGES.items()},
}


_LATER: Final = frozenset(("outcome", "taken", "reached", "answer_id"))
"""What a matter says from a later entry on."""


def _whole(kind: Kind) -> dict[str, Any]:
    """A matter with the entry that it begins with."""
    machine, said = MACHINES[kind], BODIES[WAYS[kind].begins.__name__]
    begun = {"number": 1, "action": machine.begins, "at": "2026-03-02T15:00:00Z", "in_effect": True}
    more: dict[str, Any] = {"state": machine.moves[None, machine.begins], "entries": [{**said, **begun}]}
    if machine.goes_on:
        more["changed_at"] = begun["at"]
    if kind is Kind.HANDOFF:
        more |= {"promise": _PROMISE, "deliverer_open": 4, "deliverer_open_exact": True}
    return {name: value for name, value in {**_matter(kind), **more}.items() if name not in _LATER}


WHOLES: Final[dict[Kind, dict[str, Any]]] = {kind: _whole(kind) for kind in Kind}


def shown_whole(kind: Kind) -> dict[int | str, dict[str, Any]]:
    """What the route of one matter declares: its schema and an example."""
    return {200: {"model": WHOLE[kind], "content": {"application/json": {"example": WHOLES[kind]}}}}


def answers(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """What the route of a list declares: its schema, an example, and that CSV may be asked for."""
    content = {"application/json": {"example": EXAMPLES[model]}, "text/csv": {"schema": {"type": "string"}}}
    return {200: {"model": model, "content": content}}
