"""From what was reported to the letter that a customer reads: every service's own code, over the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import (
    EVENTS,
    Fact,
    GapScored,
    HandoffChanged,
    IncidentReported,
    Message,
    NoticeChanged,
    OfferChanged,
    PromiseMade,
    Statement,
    decode,
    encode,
    message,
)
from candor.intake import Origin
from candor.web.http.body import parse
from delivery_svc import events as delivery
from delivery_svc.api.requests import IncidentIn, MilestoneIn
from delivery_svc.domain import see
from notify_svc import translate
from notify_svc.compose.house import House
from notify_svc.compose.letter import Letter, Snapshot, compose
from notify_svc.domain.facts import Decision, Kind, Reason
from promise_svc import events as ledger
from promise_svc.api.requests import PromiseIn
from promise_svc.domain import make
from risk_svc.domain.facts import facts
from risk_svc.domain.fold import fold
from risk_svc.domain.incidents import incident_of
from risk_svc.domain.scoring import event_of
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState
from tests.support.clocks import NOON

ORIGIN = Origin("e1", "field", NOON)
STATUSES = ("reached", "missed", "cancelled", "started")
PROMISE = {
    "promise_id": "p1",
    "customer_id": "c1",
    "kind": "install",
    "what": "Espresso machine installed",
    "due": (NOON + timedelta(hours=2)).isoformat(),
    "milestones": [
        {"name": "delivered", "planned": (NOON - timedelta(hours=1)).isoformat(), "told": True},
        {"name": "installed"},
    ],
    "depends_on": [{"kind": "site", "id": "EWR"}],
}
lines = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)
ids = st.from_regex(r"\A[A-Za-z0-9._:-]{1,20}\Z")


def over_the_wire(sent: Message) -> Message:
    record = encode(sent)
    return decode(sent.data.TOPIC, record.headers, record.value)


def made() -> Message:
    promise = make(parse(PromiseIn, msgspec.json.encode(PROMISE)).command(NOON - timedelta(days=1)))
    return over_the_wire(ledger.made(promise, ORIGIN))


def scored(reports: list[dict[str, Any]], incident: dict[str, Any] | None) -> tuple[PromiseMade, Message]:
    """The promise, and its gap as it stands on `gaps` after these reports."""
    promise, state = made(), PromiseState(promise_id="p1", customer_id="c1")
    assert isinstance(promise.data, PromiseMade)
    fold(state, promise.envelope, promise.data)
    for number, body in enumerate(reports, 1):
        report = parse(MilestoneIn, msgspec.json.encode(body)).report()
        told = over_the_wire(delivery.milestone("p1", "c1", number, report, ORIGIN))
        fold(state, told.envelope, told.data)
    linked = []
    if incident is not None:
        sighting = parse(IncidentIn, msgspec.json.encode(incident)).sighting(NOON)
        seen = over_the_wire(delivery.incident(see(None, sighting), ORIGIN))
        assert isinstance(seen.data, IncidentReported)
        linked = [incident_of(seen.envelope, seen.data)]
    state.view.at = NOON.timestamp()
    data = event_of(state, standing(state), facts(state, linked, NOON.timestamp()))
    return promise.data, over_the_wire(message("gap.1", "risk-svc", NOON, "c1", 1, data))


def letters(reports: list[dict[str, Any]], incident: dict[str, Any] | None) -> list[Letter]:
    """Every letter that can be written of it."""
    promise, told = scored(reports, incident)
    assert isinstance(told.data, GapScored)
    gap = translate.gap_scored(told.envelope, told.data, 20)
    about = translate.promise_made(told.envelope, promise)
    found = []
    for statement in Statement:
        decision = Decision(Kind.SPEAK, Reason.UPDATE_DUE, statement, {"milestone": "delivered"})
        snapshot = Snapshot(
            promise=about,
            gap=gap,
            decision=decision,
            statement=statement,
            now=NOON,
            zone=ZoneInfo("UTC"),
            locale="en_GB",
            next_update_by=NOON + timedelta(hours=1),
        )
        found.append(compose(snapshot, House()))
    return found


def report(name: str, status: str, reason: str | None, public: str | None) -> dict[str, Any]:
    at = (NOON - timedelta(minutes=5)).isoformat()
    words = {"reason": reason, "public_reason": public}
    return {"promise_id": "p1", "milestone": name, "status": status, "at": at, **words}


def incident(category: str, title: str, public: str | None) -> dict[str, Any]:
    opened = (NOON - timedelta(hours=1)).isoformat()
    body = {"incident_id": "i1", "status": "opened", "severity": 0.5, "category": category, "title": title}
    return body | {"affects": [{"kind": "site", "id": "EWR"}], "opened_at": opened, "public_title": public}


public_words = st.sampled_from([None, "the van broke down", "Snow at Newark"])


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(STATUSES), lines, public_words), max_size=3),
    st.tuples(ids, lines, public_words),
)
def test_whatever_is_internal_no_letter_is_another_for_it(
    drawn: list[tuple[bool, str, str, str | None]], struck: tuple[str, str, str | None]
) -> None:
    def told(*, inside: bool) -> list[Letter]:
        reports = [
            report(
                "delivered" if planned else f"{words if inside else 'x'}{number}",
                status,
                words if inside else None,
                public,
            )
            for number, (planned, status, words, public) in enumerate(drawn)
        ]
        category, title, public = struck
        return letters(reports, incident(*(category, title) if inside else ("x", "x"), public))

    with_words, without = told(inside=True), told(inside=False)
    assert [(one.subject, one.text, one.html) for one in with_words] == [
        (one.subject, one.text, one.html) for one in without
    ]


def test_public_words_come_through() -> None:
    told = letters([report("delivered", "missed", "slept", "the van broke down")], incident("it", "4711", "Snow"))
    for one in told[:3]:
        assert "Reason given: the van broke down." in one.text
        assert "Snow, since" in one.text


def test_every_free_text_of_a_report_has_a_public_one_beside_it() -> None:
    """A new free text of an event that risk-svc or notify-svc reads is thought of here, before a letter can say it."""
    kinds: dict[str, type[msgspec.Struct]] = {**EVENTS, "Fact": Fact}
    for name, event in kinds.items():
        fields = {field.name for field in msgspec.structs.fields(event)}
        topic = getattr(event, "TOPIC", "")
        if topic == HandoffChanged.TOPIC and name != OfferChanged.TYPE:
            # Who writes letters keeps nothing of it (tests/component/notify/test_public_words.py).
            continue
        for word in ("reason", "title", "text"):
            # What a notice was spoken for is one of our own words.
            assert word not in fields or f"public_{word}" in fields or name == NoticeChanged.TYPE, name
