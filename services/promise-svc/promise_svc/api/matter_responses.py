"""Response bodies about matters, for the API description; `matter_views` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, create_model

from candor.web.http.listings import ListTotals
from promise_svc.api.matter_kinds import WAYS, title
from promise_svc.api.responses import PromiseOut
from promise_svc.domain import MACHINES, Kind
from promise_svc.matter_events import id_of


class EntryOut(BaseModel):
    """One entry of a matter, and all that it says besides; nothing of it is ever changed."""

    number: Annotated[int, Field(description="Counts the entries as they arrived, from 1.")]
    action: str
    at: datetime
    in_effect: bool


class MatterOut(BaseModel):
    """What every matter has."""

    state: str
    version: int
    at: datetime


_WAITS: Final[dict[str, Any]] = {
    "waits": (
        Annotated[bool, Field(description="Whether its promise is not known yet; nobody hears it before.")],
        ...,
    )
}
EXTRA: Final[Mapping[Kind, dict[str, Any]]] = MappingProxyType(
    {
        Kind.CLAIM: {
            "verdict": (Annotated[str, Field(description="The claim beside the register of that time.")], ...),
            "reached": (Annotated[int, Field(description="How many were corrected.")], 0),
        },
        Kind.CHALLENGE: _WAITS | {"outcome": (Annotated[str, Field(description="Upheld or dismissed.")] | None, None)},
        Kind.STATEMENT: _WAITS,
        Kind.OFFER: {"taken": (str | None, None)},
        Kind.CLARIFICATION: {
            "customer_id": (str, ...),
            "answer_id": (
                Annotated[str, Field(description="The customer's answer on their page; notify-svc has its words.")]
                | None,
                None,
            ),
        },
        Kind.WISH: {"customer_id": (str, ...), "words": (str | None, None)},
        Kind.HANDOFF: {"customer_id": (str, ...)},
        Kind.PLAN: {"customer_id": (str, ...)},
        Kind.REVIEW: {
            "source": (
                Annotated[str, Field(description="The site that it is on.")] | None,
                None,
            ),
            "source_id": (Annotated[str, Field(description="Its id on that site.")] | None, None),
            "tags": (Annotated[list[str], Field(description="What it complains of; null: not tagged.")] | None, None),
            "tagged_by": (Annotated[str, Field(description="Who tagged it: machine or person.")] | None, None),
            "evidence": (Annotated[list[str], Field(description="Its words by which it was tagged.")], []),
        },
    }
)
_HIDDEN: Final = frozenset(("at",))


def _matter(kind: Kind) -> type[BaseModel]:
    body = WAYS[kind].begins
    fields: dict[str, Any] = {
        name: (Annotated[field.annotation, field], field.default)
        for name, field in body.model_fields.items()
        if name not in _HIDDEN
    }
    fields |= {id_of(kind): (str, ...)} | EXTRA.get(kind, {})
    return create_model(f"{title(kind)}Out", __base__=MatterOut, **fields)


OUT: Final[Mapping[Kind, type[BaseModel]]] = MappingProxyType({kind: _matter(kind) for kind in Kind})
"""What a matter has wherever it is shown."""


def _said(kind: Kind) -> type[BaseModel]:
    if not MACHINES[kind].goes_on:
        return OUT[kind]
    when: Any = (Annotated[datetime, Field(description="When it came to its state; `at` is when it began.")], ...)
    return create_model(f"{title(kind)}Said", __base__=OUT[kind], changed_at=when)


SAID: Final[Mapping[Kind, type[BaseModel]]] = MappingProxyType({kind: _said(kind) for kind in Kind})
"""A matter, as a list shows it and a write answers it."""


def _whole(kind: Kind) -> type[BaseModel]:
    more: dict[str, Any] = {"entries": (list[EntryOut], ...)}
    if kind is Kind.HANDOFF:
        more |= {
            "promise": (Annotated[PromiseOut | None, Field(description="The promise as it is.")], None),
            "deliverer_open": (Annotated[int, Field(description="Open hand-offs that the deliverer has.")], 0),
            "deliverer_open_exact": (Annotated[bool, Field(description="Whether that number is exact.")], True),
        }
    return create_model(f"{title(kind)}WithEntries", __base__=SAID[kind], **more)


WHOLE: Final[Mapping[Kind, type[BaseModel]]] = MappingProxyType({kind: _whole(kind) for kind in Kind})
"""A matter with its entries in the order in which they were said."""


def _page(kind: Kind) -> type[BaseModel]:
    items: dict[str, Any] = {"items": (list[SAID[kind]], ...)}  # type: ignore[valid-type]
    return create_model(f"{title(kind)}Page", __base__=ListTotals, **items)


PAGES: Final[Mapping[Kind, type[BaseModel]]] = MappingProxyType({kind: _page(kind) for kind in Kind})
"""A page of matters, newest first; the next page is in the `Link` header."""


class RecallPage(ListTotals):
    """Claims of a capability that were false, newest first, and over all of them how many people are left."""

    told: Annotated[int, Field(description="How many were told what was false.")]
    corrected: Annotated[int, Field(description="How many of them were corrected since.")]
    left: Annotated[int, Field(description="How many of them were not.")]
    items: list[SAID[Kind.CLAIM]]  # type: ignore[valid-type]
