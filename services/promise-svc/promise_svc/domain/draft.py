"""A draft: a promise of which something is missing, so that nobody else hears of it yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from promise_svc.domain.promise import Outline

REQUIRED: Final = ("customer_id", "kind", "what", "due")
"""What a promise has at least."""


class DraftState(StrEnum):
    """`draft` is open; of one that is `withdrawn` a promise that is withdrawn at once can still be made."""

    DRAFT = "draft"
    WITHDRAWN = "withdrawn"


class Field(NamedTuple):
    """A field of a draft, as JSON, and when it was said."""

    at: datetime
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known of a promise that is not complete: of each field what was said of it last, by `source` first."""

    promise_id: str
    source: str
    fields: Mapping[str, Field]
    historical: bool
    state: DraftState = DraftState.DRAFT

    @property
    def customer_id(self) -> str:
        """The customer, "" while it is not known."""
        return str(self._value("customer_id") or "")

    @property
    def missing(self) -> tuple[str, ...]:
        """What has to be said before it is a promise."""
        return tuple(name for name in REQUIRED if name not in self.fields)

    @property
    def newest_at(self) -> datetime:
        """When the newest field was said."""
        return max(field.at for field in self.fields.values())

    @property
    def complete_at(self) -> datetime:
        """When the last of what a promise has was said, by which it was made."""
        return max(self.fields[name].at for name in REQUIRED)

    @property
    def document(self) -> dict[str, Any]:
        """All fields, as the body of a promise."""
        return {name: field.value for name, field in self.fields.items()}

    def _value(self, name: str) -> Any:
        return self.fields[name].value if name in self.fields else None


def outline(known: Draft | None, said: Outline, source: str, at: datetime, *, historical: bool) -> Draft:
    """The draft with what is said of it at `at`: of each field the newest counts, whatever order they come in.

    What one of our own users says follows whatever was said before.
    """
    fields = {} if known is None else dict(known.fields)
    if not said.reported and known is not None:
        at = max(at, known.newest_at + timedelta(microseconds=1))
    for name, value in said.fields.items():
        found = Field(at, value)
        if name not in fields or _order(fields[name]) < _order(found):
            fields[name] = found
    if known is not None:
        return replace(known, fields=fields)
    return Draft(promise_id=said.promise_id, source=source, fields=fields, historical=historical)


def _order(field: Field) -> tuple[datetime, str]:
    return field.at, json.dumps(field.value, sort_keys=True)
