"""What the tables say of a matter, from its newest event: pure, times in epoch seconds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any, Final

from candor.contracts import (
    AccountChanged,
    ChallengeChanged,
    ClaimChanged,
    ClarificationChanged,
    HandoffChanged,
    LeadTimeChanged,
    LeadTimeState,
    Message,
    OfferChanged,
    PlanChanged,
    ReviewChanged,
    ReviewState,
    SheetAnswered,
    StatementMade,
    WishChanged,
)

REASON_LIMIT: Final = 200
MATTER: Final = (
    ("kind", "text"),
    ("matter_id", "text"),
    ("version", "int"),
    ("customer_id", "text"),
    ("promise_id", "text"),
    ("capability_id", "text"),
    ("state", "text"),
    ("at", "timestamptz"),
    ("changed_at", "timestamptz"),
    ("ends_at", "timestamptz"),
    ("due", "timestamptz"),
    ("department", "text"),
    ("deliverer", "text"),
    ("said", "text"),
    ("verdict", "text"),
    ("recipients", "bigint"),
    ("reached", "bigint"),
    ("exposure", "float8"),
    ("currency", "text"),
    ("driver", "text"),
    ("action", "text"),
    ("since", "timestamptz"),
    ("content", "jsonb"),
)
"""The columns of a matter that is neither a statement nor a capability, in the order of `matter_row`."""
STATEMENT: Final = (
    ("statement_id", "text"),
    ("version", "int"),
    ("subject", "text"),
    ("customer_id", "text"),
    ("promise_id", "text"),
    ("capability_id", "text"),
    ("said_by", "text"),
    ("said_to", "text"),
    ("at", "timestamptz"),
    ("due", "timestamptz"),
    ("scope", "jsonb"),
    ("quantity", "float8"),
    ("unit", "text"),
    ("certainty", "int"),
    ("conditions", "jsonb"),
)
"""The columns of a statement that its event says, in the order of `statement_row`."""
CAPABILITY: Final = (
    ("capability_id", "text"),
    ("version", "int"),
    ("at", "timestamptz"),
    ("statuses", "jsonb"),
    ("looked", "text"),
)
Matter = (
    HandoffChanged
    | ClaimChanged
    | ChallengeChanged
    | OfferChanged
    | ClarificationChanged
    | WishChanged
    | AccountChanged
    | SheetAnswered
    | PlanChanged
    | ReviewChanged
    | LeadTimeChanged
)
KINDS: Final[dict[type[Any], str]] = {
    HandoffChanged: "handoff",
    ClaimChanged: "claim",
    ChallengeChanged: "challenge",
    OfferChanged: "offer",
    ClarificationChanged: "clarification",
    WishChanged: "wish",
    AccountChanged: "account",
    SheetAnswered: "sheet",
    PlanChanged: "plan",
    ReviewChanged: "review",
    LeadTimeChanged: "lead_time",
}
HOUR, DAY = 3600.0, 86_400.0
RATED: Final = ("well", "improve", "others", "onward")
"""The questions of an answer sheet, in their order."""


def subject(data: StatementMade) -> str:
    """What a statement is about: a promise, else a capability; statements are compared with others about the same."""
    return f"promise:{data.promise_id}" if data.promise_id is not None else f"capability:{data.capability_id}"


def key(message: Message) -> tuple[str, str]:
    """The kind and id of the matter of an event."""
    data: Any = message.data
    return KINDS[type(data)], message.envelope.subject


def matter_row(message: Message) -> tuple[Any, ...]:
    """The values of MATTER."""
    data: Any = message.data
    said: dict[str, Any] = {"customer_id": None, "state": "registered", **_SAID[type(data)](data)}
    at = data.at.timestamp()
    columns = {**said, "at": at, "changed_at": message.envelope.time.timestamp(), "version": message.envelope.version}
    columns["kind"], columns["matter_id"] = key(message)
    columns["content"] = json.dumps(said.get("content", {}))
    return tuple(columns.get(name) for name, _ in MATTER)


def statement_row(message: Message) -> tuple[Any, ...]:
    """The values of STATEMENT."""
    data: Any = message.data
    return (
        *(data.statement_id, message.envelope.version, subject(data), data.customer_id, data.promise_id),
        *(data.capability_id, data.said_by, data.said_to, data.at.timestamp(), _seconds(data.due)),
        *(_names(data.scope), data.quantity, data.unit, data.certainty, _names(data.conditions)),
    )


def capability_row(message: Message) -> tuple[Any, ...]:
    """The values of CAPABILITY; claims of it are to be compared anew, from the first one on."""
    data: Any = message.data
    statuses = [
        {"status": one.status.value, "since_version": one.since_version, "region": one.region, "edition": one.edition}
        for one in data.statuses
    ]
    return data.capability_id, message.envelope.version, data.at.timestamp(), json.dumps(statuses), ""


def shortened(reason: str | None) -> str | None:
    """A reason as it is listed: its first REASON_LIMIT characters."""
    return reason if reason is None or len(reason) <= REASON_LIMIT else reason[: REASON_LIMIT - 1] + "…"


def _handoff(data: HandoffChanged) -> dict[str, Any]:
    return {
        "customer_id": data.customer_id,
        "promise_id": data.promise_id,
        "state": data.state.value,
        "ends_at": _seconds(data.expires_at),
        "due": _seconds(data.due),
        "department": data.department,
        "deliverer": data.deliverer,
        "content": {"scope": data.scope, "reason": shortened(data.reason)},
    }


def _claim(data: ClaimChanged) -> dict[str, Any]:
    return {
        "customer_id": data.customer_id,
        "capability_id": data.capability_id,
        "state": "corrected" if data.reached else "made",
        "department": data.department,
        "said": data.said.value,
        "verdict": data.verdict.value,
        "recipients": data.recipients,
        "reached": min(data.reached, data.recipients),
        "content": {"channel": data.channel, "region": data.region, "edition": data.edition},
    }


def _challenge(data: ChallengeChanged) -> dict[str, Any]:
    return {
        "customer_id": data.customer_id,
        "promise_id": data.promise_id,
        "state": data.state.value,
        "department": data.department,
        "content": {
            **{"about": data.about, "about_id": data.about_id, "outcome": data.outcome},
            "reason": shortened(data.reason),
        },
    }


def _offer(data: OfferChanged) -> dict[str, Any]:
    options = [
        {"name": one.name, "kind": one.kind, "value": one.value, "currency": one.currency, "due": _seconds(one.due)}
        for one in data.options
    ]
    return {
        "customer_id": data.customer_id,
        "promise_id": data.promise_id,
        "state": data.state.value,
        "department": data.department,
        "content": {"options": options, "taken": data.taken},
    }


def _clarification(data: ClarificationChanged) -> dict[str, Any]:
    return {
        "customer_id": data.customer_id,
        "promise_id": data.promise_id,
        "state": data.state.value,
        "department": data.department,
        "content": {"question": data.question},
    }


def _wish(data: WishChanged) -> dict[str, Any]:
    return {
        "customer_id": data.customer_id,
        "promise_id": data.promise_id,
        "state": data.state.value,
        "due": _first_second(data.look_again_on),
        "department": data.department,
        "content": {"public_text": data.public_text, "workaround": data.workaround},
    }


def _account(data: AccountChanged) -> dict[str, Any]:
    return {
        "customer_id": data.customer_id,
        "ends_at": None if data.renews_on is None else _first_second(data.renews_on),
        "exposure": data.exposure,
        "currency": data.currency,
    }


def _sheet(data: SheetAnswered) -> dict[str, Any]:
    ratings = {name: getattr(data, name) for name in RATED if getattr(data, name) is not None}
    beside = None if data.beside is None else data.beside.value
    return {
        "customer_id": data.customer_id,
        "state": "answered",
        "department": data.department,
        "content": {"side": data.side.value, "people": data.people, "ratings": ratings, "beside": beside},
    }


def _plan(data: PlanChanged) -> dict[str, Any]:
    return {
        "customer_id": data.customer_id,
        "promise_id": data.promise_id,
        "state": data.state.value,
        "due": data.due.timestamp(),
        "department": data.department,
        "driver": data.driver.value,
        "action": data.action,
        "since": data.since.timestamp(),
    }


def _review(data: ReviewChanged) -> dict[str, Any]:
    if data.state is ReviewState.REMOVED:
        return {"state": data.state.value}
    # Whether it complains of failure to communicate, where it is tagged.
    verdict = None if data.tags is None else "failure" if data.tags else "none"
    about = {"product": data.product, "place": data.place, "labels": data.labels, "language": data.language}
    tags = {"tags": data.tags, "tagged_by": data.tagged_by, "evidence": data.evidence}
    return {
        "customer_id": data.customer_id,
        "promise_id": data.promise_id,
        "state": data.state.value,
        "said": data.source,
        "verdict": verdict,
        "content": {"rating": data.rating, "worst": data.worst, "best": data.best, **about, **tags},
    }


def _lead_time(data: LeadTimeChanged) -> dict[str, Any]:
    seconds = HOUR if data.unit == "hours" else DAY
    ends = {"low": data.low, "typical": data.typical, "high": data.high}
    content = {
        "competitor": data.competitor,
        "promise_kind": data.kind,
        "labels": data.labels,
        "unit": data.unit,
        "source": data.source,
        "url": data.url,
        **{f"{name}_s": None if value is None else value * seconds for name, value in ends.items()},
    }
    return {"state": "registered" if data.state is LeadTimeState.STATED else data.state.value, "content": content}


_SAID: Final[dict[type[Any], Any]] = {
    HandoffChanged: _handoff,
    ClaimChanged: _claim,
    ChallengeChanged: _challenge,
    OfferChanged: _offer,
    ClarificationChanged: _clarification,
    WishChanged: _wish,
    AccountChanged: _account,
    SheetAnswered: _sheet,
    PlanChanged: _plan,
    ReviewChanged: _review,
    LeadTimeChanged: _lead_time,
}


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _first_second(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _names(names: list[str] | None) -> str | None:
    return None if names is None else json.dumps(names)
