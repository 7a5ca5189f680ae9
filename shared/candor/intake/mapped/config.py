"""What may stand in a file of mapped sources; the JSON Schema for editors is made from this.

Every text under `each`, `when`, `ignore`, `id`, `time` and `data` is a JMESPath expression over `{"body", "item",
"number", "sender", "parameters", "named"}`: `body` is the sender's JSON, `item` one of its events, `number` its place
from 0 on, `sender` the sender's name in the secrets file, `parameters` what a company says of its own system, and
`named` what the mapping gives a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from candor.intake.mapped.expressions import compiled
from candor.intake.mapped.labels import LabelRule
from candor.intake.mapped.poll_config import Poll
from candor.intake.mapped.written import EXCEL, ORDERS
from candor.web.http.fields import zones

MOST_SOURCES: Final = 100
MOST_EVENTS: Final = 50
MOST_VALUES: Final = 500
MOST_ITEMS: Final = 1_000
TIMES: Final = (*("iso", "seconds", "milliseconds", "nanoseconds", "date", "instant", "deadline"), *ORDERS, EXCEL)
_SOME_TIME: Final = datetime(2026, 11, 28, 22, 30, 50, tzinfo=UTC)
_clock: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _compiles(text: str) -> str:
    compiled(text)
    return text


def _known_zone(name: str) -> str:
    if name not in zones():
        raise ValueError("must be an IANA zone, such as Europe/Berlin")
    return name


def _hour(text: str) -> str:
    if not _clock.fullmatch(text):
        raise ValueError("must be a time of day, such as '17:00' (in quotes)")
    return text


def _readable(kind: str) -> str:
    """How times are written: one of the kinds, or a pattern by which Python reads what it writes."""
    if kind in TIMES:
        return kind
    try:
        datetime.strptime(_SOME_TIME.strftime(kind), kind)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        right = False
    else:
        right = "%" in kind
    if not right:
        raise ValueError(f"must be one of {', '.join(TIMES)}, or a pattern of strptime, such as '%d.%m.%Y %H:%M'")
    return kind


Expression = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_compiles)]
"""A JMESPath expression."""
Zone = Annotated[str, AfterValidator(_known_zone)]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$", to_lower=True)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Nothing(_Part):
    """A scheme without options."""


class HeaderProof(_Part):
    """The bare secret, or what a proxy made of a client's certificate, in a header of your own."""

    name: Header


class HmacProof(_Part):
    """An HMAC of the request: in which header, how written, and over what."""

    header: Header
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    separator: Annotated[str, Field(description="Between several signatures in one header.")] = ""
    signed: Annotated[str, Field(description="Of {method}, {uri}, {timestamp}, {id} and {body}.")] = "{body}"
    timestamp_header: Header | Literal[""] = ""
    timestamp_unit: Literal["seconds", "milliseconds", "iso"] = "seconds"
    tolerance_s: Annotated[int, Field(ge=1, le=86_400)] = 300
    id_header: Header | Literal[""] = ""
    key: Annotated[
        Literal["plain", "nfkd", "base64", "hex"], Field(description="How the key is made from the secret.")
    ] = "plain"
    unescaped: Annotated[
        str, Field(max_length=32, description="Characters whose escapes in the URI are decoded before it is signed.")
    ] = ""


class HashedProof(_Part):
    """A SHA-256 of the secret and the request, as HubSpot's first version has it: it proves no time."""

    header: Header
    signed: Annotated[str, Field(description="Of {secret}, {method}, {uri} and {body}.")] = "{secret}{body}"


class Proof(_Part):
    """How senders prove themselves; of several, the secrets file names a sender's `scheme`, else the first counts.

    Their order is the one in which they stand here.
    """

    hmac: HmacProof | None = None
    hashed: HashedProof | None = None
    standard_webhooks: Nothing | None = None
    header: HeaderProof | None = None
    bearer: Nothing | None = None
    basic: Nothing | None = None
    path_token: Nothing | None = None

    @model_validator(mode="after")
    def _one(self) -> Proof:
        if not self.model_fields_set:
            raise ValueError(f"name one or more of {', '.join(type(self).model_fields)}")
        if empty := [
            name for name in ("hmac", "hashed", "header") if name in self.model_fields_set and not getattr(self, name)
        ]:
            raise ValueError(f"{empty[0]} is empty: say its header, such as {{header: x-signature}}")
        return self


class Constant(_Part):
    """The same value for every event."""

    value: Any


class Taken(_Part):
    """A value of the sender's, changed on the way: looked up in `map`, read as a time, made a text, cut to a length."""

    from_: Annotated[Expression, Field(alias="from")]
    map: Annotated[
        dict[str, Any] | None,
        Field(max_length=MOST_VALUES, description="The sender's value on the left, ours on the right."),
    ] = None
    otherwise: Annotated[Any, Field(description="For a value that `map` has not; without it the event is refused.")] = (
        None
    )
    time: Annotated[
        Annotated[str, AfterValidator(_readable)] | None,
        Field(
            description="iso, seconds, milliseconds, nanoseconds (since 1970), date, instant (iso or milliseconds),"
            " deadline (a date or an instant; midnight UTC is a date), or a pattern such as '%d.%m.%Y %H:%M'. As people"
            " write dates, with or without a time of day: dmy, mdy, ymd; as spreadsheets count days: excel."
        ),
    ] = None
    zone: Annotated[Zone | None, Field(description="Of times that carry none.")] = None
    zone_from: Annotated[Expression | None, Field(description="Of such times, by an expression.")] = None
    at: Annotated[str, AfterValidator(_hour), Field(description="The time of day that a mere date stands for.")] = (
        "23:59"
    )
    as_: Annotated[
        Literal["text", "number", "boolean", "id", "date"] | None,
        Field(
            alias="as",
            description="id: letters, digits, dot, underscore, colon; a hyphen for others. date: the day of a time.",
        ),
    ] = None
    decimal: Annotated[
        Literal[".", ","] | None,
        Field(description="Of a number in a text: its decimal sign; groups of thousands and a currency may be there."),
    ] = None
    cut: Annotated[int | None, Field(ge=1, le=10_000, description="Characters that are kept of a longer text.")] = None
    default: Annotated[Any, Field(description="Where the sender says nothing.")] = None

    @model_validator(mode="after")
    def _fits(self) -> Taken:
        if "otherwise" in self.model_fields_set and self.map is None:
            raise ValueError("`otherwise` is for values that `map` has not: give a map")
        zoned = self.zone is not None or self.zone_from is not None
        if self.time is None and (zoned or "at" in self.model_fields_set):
            raise ValueError("`zone` and `at` are for times: say which with `time`")
        if self.zone is not None and self.zone_from is not None:
            raise ValueError("give `zone` or `zone_from`, not both")
        if self.time in ("seconds", "milliseconds", "nanoseconds") and self.zone is not None:
            raise ValueError("seconds since 1970 have no zone")
        if self.as_ == "date" and self.time is None:
            raise ValueError("`as: date` is the day of a time: say which with `time`")
        if self.decimal is not None and self.as_ != "number":
            raise ValueError("`decimal` is for numbers: say `as: number`")
        return self


def _kind(value: Any) -> str:
    # Decides which mistakes are told: of all kinds that a value might have been, only those of the one it looks like.
    if isinstance(value, dict):
        return "taken" if "from" in value else "constant" if "value" in value else "object"
    if isinstance(value, Constant | Taken):
        return "constant" if isinstance(value, Constant) else "taken"
    return "list" if isinstance(value, list) else "expression"


One = Annotated[Expression, Tag("expression")] | Annotated[Constant, Tag("constant")] | Annotated[Taken, Tag("taken")]
Plain = Annotated[One, Discriminator(_kind)]
Object = Annotated[dict[str, Plain], Field(min_length=1, max_length=16)]
Entry = Annotated[One | Annotated[Object, Tag("object")], Discriminator(_kind)]
Listed = Annotated[list[Entry], Field(max_length=64)]
Value = Annotated[One | Annotated[Object, Tag("object")] | Annotated[Listed, Tag("list")], Discriminator(_kind)]
Data = Annotated[dict[str, Value], Field(min_length=1, max_length=64)]


class EventRule(_Part):
    """One event of ours made of an item; every rule whose `when` holds makes one."""

    type: Annotated[str, Field(description="Such as promise.made or incident.reported.")]
    when: Expression | None = None
    id: Annotated[
        Value | None,
        Field(description="The same on every retry; a list is joined by colons; without it the content is the id."),
    ] = None
    time: Annotated[Value | None, Field(description="When the sender says so; now if it does not say.")] = None
    data: Data

    @model_validator(mode="after")
    def _known(self) -> EventRule:
        if self.id == []:
            raise ValueError("an id of nothing is none: leave it out, and the content is the id")
        return self


class Answer(_Part):
    """What the sender wants to hear; by default 202 with counts."""

    status: Annotated[int, Field(ge=200, le=299)] = 202
    text: str | None = None


class Parameter(_Part):
    """What a company says of its own system where it extends a preset; expressions read it as `parameters.NAME`."""

    about: Annotated[str, Field(min_length=1, max_length=300, description="A sentence for people.")]
    as_: Annotated[Literal["text", "texts", "number", "boolean", "zone"], Field(alias="as")] = "text"
    default: Annotated[Any, Field(description="Without it a company must say it; null where it may say nothing.")] = (
        None
    )
    example: Annotated[Any, Field(description="What `candor sources try` takes for it.")] = None

    @property
    def needed(self) -> bool:
        """Whether a company must give it."""
        return "default" not in self.model_fields_set


ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class SourceRule(_Part):
    """A source: who it is for, how senders prove themselves, and what their bodies mean."""

    service: Literal["promise-svc", "delivery-svc"]
    about: Annotated[str, Field(max_length=300, description="A sentence for people.")] = ""
    proof: Proof
    formats: Annotated[
        list[Literal["json", "outbound_message"]],
        Field(min_length=1, description="What bodies are written in; outbound_message is Salesforce's XML."),
    ] = ["json"]
    parameters: Annotated[dict[ParameterName, Parameter], Field(max_length=32)] = {}
    each: Annotated[Expression | None, Field(description="The list of items; without it the body is one.")] = None
    named: Annotated[
        dict[ParameterName, Expression],
        Field(max_length=32, description="Expressions with names, found once an item in this order: named.NAME."),
    ] = {}
    ignore: Annotated[Expression | None, Field(description="Items that mean nothing here, and are no mistake.")] = None
    events: Annotated[list[EventRule], Field(min_length=1, max_length=MOST_EVENTS)]
    answer: Answer = Answer()
    labels: Annotated[
        Expression | None, Field(description="Of incidents: their labels, an object or a list of {label, value}.")
    ] = None
    affects: Annotated[
        str | list[LabelRule] | None,
        Field(description="By which rules labels become what an incident affects: one of the names under `affects`."),
    ] = None
    poll: Poll | None = None
    needs: Annotated[
        list[str],
        Field(description="Of a preset: the fields that only a company knows, to be given where it is extended."),
    ] = []

    def missing(self) -> list[str]:
        """The names of parameters that a company must give, and has not."""
        return [name for name, one in self.parameters.items() if one.needed]

    def given(self, values: Mapping[str, Any]) -> SourceRule:
        """The same with these parameters; the values are right."""
        filled = {
            name: one.model_copy(update={"default": values[name]})
            for name, one in self.parameters.items()
            if name in values
        }
        return self.model_copy(update={"parameters": {**self.parameters, **filled}})

    def shown(self) -> SourceRule:
        """The same with the examples of parameters that a company has yet to give."""
        return self.given({name: self.parameters[name].example for name in self.missing()})


class ExtendedRule(_Part):
    """A preset of Candor's with changes: `data` replaces these fields in every event that has them or needs them."""

    extends: Annotated[str, Field(description="The preset's name, such as alertmanager.")]
    service: Literal["promise-svc", "delivery-svc"]
    about: Annotated[str | None, Field(max_length=300)] = None
    proof: Proof | None = None
    ignore: Expression | None = None
    labels: Expression | None = None
    affects: str | list[LabelRule] | None = None
    parameters: Annotated[
        dict[ParameterName, str | int | float | bool | list[str | int]],
        Field(max_length=32, description="What the preset asks for by name."),
    ] = {}
    named: Annotated[
        dict[ParameterName, Expression], Field(max_length=32, description="What the preset names, found otherwise.")
    ] = {}
    data: Annotated[dict[str, Value], Field(max_length=64)] = {}
    poll: Poll | None = None


def _rule(value: Any) -> str:
    extended = "extends" in value if isinstance(value, dict) else isinstance(value, ExtendedRule)
    return "extended" if extended else "whole"


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Rule = Annotated[Annotated[SourceRule, Tag("whole")] | Annotated[ExtendedRule, Tag("extended")], Discriminator(_rule)]


class SourceFile(_Part):
    """A file of mapped sources, by name; the secrets file names them as `source`."""

    affects: Annotated[
        dict[Name, Annotated[list[LabelRule], Field(max_length=MOST_VALUES)]],
        Field(max_length=MOST_SOURCES, description="Rules by which labels become what incidents affect, by name."),
    ] = {}
    sources: Annotated[dict[Name, Rule], Field(max_length=MOST_SOURCES)]


def schema_for_editors() -> dict[str, Any]:
    """The JSON Schema of a file."""
    schema = SourceFile.model_json_schema(by_alias=True)
    return {name: _any_of(part) for name, part in schema.items()}


def _any_of(part: Any) -> Any:
    # Which of its kinds a value is, its keys tell; to a schema an object of ours may look like two.
    if isinstance(part, dict):
        return {"anyOf" if name == "oneOf" else name: _any_of(value) for name, value in part.items()}
    return [_any_of(one) for one in part] if isinstance(part, list) else part
