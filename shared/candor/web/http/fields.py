"""Field types of request bodies: each refuses what the database, a mail header or a reader cannot handle."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final

import idna
from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from candor.ops.clock import ahead
from candor.ops.moments import read_moment
from candor.web.http.currencies import CURRENCIES
from candor.web.http.hidden import bare_text
from candor.web.http.problems import Problem
from candor.web.http.text import EVENT_ID_CHARACTERS, TEXT_BYTES, event_id, lines, one_line

ID_PATTERN: Final = r"^[A-Za-z0-9._:-]{1,128}$"
ID_RULE: Final = "must be 1 to 128 of letters, digits, dot, underscore, colon, hyphen"
PLACE_PATTERN: Final = r"^[^:]+:.+$"
_RULES: Final = {ID_PATTERN: ID_RULE, PLACE_PATTERN: "must be kind:id, such as site:LEJ"}
YEARS: Final = (1970, 2200)
_NO_DOMAIN: Final = "must have a domain that exists in the DNS"
_email: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)


class Body(BaseModel):
    """Base of request bodies: strict types, no unknown field, and no input echoed in errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def dated(value: Any) -> datetime:
    """The time in UTC that `value` is as text. Raises ValueError for anything else, and for a year out of reach."""
    moment = read_moment(value if isinstance(value, str) else "")
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise ValueError(f"must lie between the years {YEARS[0]} and {YEARS[1]}")
    return moment.astimezone(UTC)


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("must be an ISO 4217 code, such as EUR")
    return value


@lru_cache(1)
def zones() -> frozenset[str]:
    """Return the names of the IANA database that Candor comes with: no other machine may read a name otherwise."""
    names = files("tzdata").joinpath("zones").read_text().split()
    return frozenset(names) - {"Factory"}


def _zone(value: str) -> str:
    if value not in zones():
        raise ValueError("must be an IANA zone, such as Europe/Berlin")
    return value


def address(value: str) -> str:
    """The one plain address that `value` is, its domain in ASCII (IDNA). Raises ValueError for anything else."""
    value = value.strip(" ")
    local, _, domain = value.rpartition("@")
    if not local.isascii():
        raise ValueError("must have only ASCII before the @: few mail servers deliver to other addresses")
    if not domain.isascii():
        try:
            value = f"{local}@{idna.encode(domain, uts46=True).decode()}"
        except idna.IDNAError:
            raise ValueError(_NO_DOMAIN) from None
    if "xn--" in domain.lower():
        try:
            idna.decode(domain)
        except idna.IDNAError:
            raise ValueError(_NO_DOMAIN) from None
    # An encoded word survives into a header and may decode to a line break there.
    if len(value) > 254 or len(local) > 64 or "=?" in value or not _email.fullmatch(value):
        raise ValueError("must be one plain e-mail address")
    return value


def _label(value: Any) -> str | float | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if abs(value) > 1e15:
            raise ValueError("must be at most 1e15")
        return float(value)
    if isinstance(value, str):
        return one_line(value)
    raise ValueError("must be text, a number, true or false")


def rule_of(pattern: str) -> str:
    """What text must be to match a pattern, in words where there are any."""
    return _RULES.get(pattern) or f"must match the pattern {pattern}"


Id = Annotated[str, BeforeValidator(bare_text), StringConstraints(strip_whitespace=True, pattern=ID_PATTERN)]
"""An id as used by us and by senders; blanks around it and characters that nobody sees are no part of it."""
EventId = Annotated[str, AfterValidator(event_id), Field(min_length=1, max_length=EVENT_ID_CHARACTERS)]
"""A sender's own id of an event, or its own name of where it comes from: in any alphabet."""
PathId = Annotated[Id, Path()]
"""An id in a route's path."""
IdFilter = Annotated[Id | None, Query()]
"""An id that a list is filtered by."""
OriginFilter = Annotated[str | None, BeforeValidator(bare_text), Query(max_length=256)]
"""A sender's own name of where something comes from, or an origin of ours, that a list is filtered by."""
Name = Annotated[str, AfterValidator(one_line), Field(max_length=TEXT_BYTES)]
"""One line of text, not blank: trimmed, and in Unicode's normal form C."""
ReferenceId = Annotated[Name, Field(max_length=200), BeforeValidator(bare_text)]
"""What a promise is called in a foreign system, as one line without characters that nobody sees."""
Text = Annotated[str, AfterValidator(lines), Field(max_length=TEXT_BYTES)]
"""Text, possibly empty or with several lines; line ends are `\\n`."""
InternalText = Annotated[Text, Field(description="Internal: staff read it, customers never do.")]
"""Text by staff or a system."""
PublicText = Annotated[
    Text, Field(max_length=300, description="May go to the customer, word for word. Without it no reason is told.")
]
"""Text written for the customer, short enough to be sent in full."""
Moment = Annotated[datetime, BeforeValidator(dated, json_schema_input_type=datetime)]
"""An aware time, converted to UTC."""
Currency = Annotated[str, AfterValidator(_currency), Field(min_length=3, max_length=3)]
Zone = Annotated[str, AfterValidator(_zone), Field(max_length=64)]
Email = Annotated[str, AfterValidator(address), Field(max_length=254)]
"""One address without a display name; stored with its domain in ASCII."""
Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[int, Field(ge=0, le=315_360_000)]
"""A duration of at most ten years."""
LabelValue = Annotated[str | float | bool, BeforeValidator(_label, json_schema_input_type=str | float | bool)]
Labels = Annotated[dict[Annotated[str, StringConstraints(pattern=ID_PATTERN)], LabelValue], Field(max_length=32)]
"""Labels of a promise, at most 32."""


def not_ahead(moment: datetime, now: datetime, pointer: str) -> None:
    """Raise Problem 422 if an event's time is more than five minutes after the business clock's `now`."""
    if ahead(moment, now):
        raise Problem.invalid_field(pointer, "must not lie more than five minutes in the future")
