"""Zendesk: its signature, the trigger's body, and tickets that end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import pytest

from candor.intake.source import Incoming
from candor.web.http.problems import Problem
from candor.web.security.schemes import SignedRequest
from delivery_svc.offered import OFFERED
from tests.unit.promise.sources.crm import read, sample, source, taken, types

RAW: Final = files(OFFERED.package).joinpath("samples", "zendesk-tickets.json").read_bytes()
EVENT: Final[dict[str, Any]] = json.loads(RAW)
TICKET: Final[dict[str, Any]] = json.loads(sample("zendesk"))["ticket"]
AT: Final = datetime(2026, 11, 21, 13, 6, tzinfo=UTC)
SIGNED: Final = {
    "x-zendesk-webhook-signature-timestamp": "2026-11-21T13:05:45Z",
    "x-zendesk-webhook-signature": "zQBw08I9Jczvv9Z7dvlcTW5AKxcCdWeJqMooeofCpp8=",
}


def test_what_zendesk_signed_is_taken_and_changed_by_one_byte_it_is_not() -> None:
    [scheme] = source("zendesk").schemes
    request = SignedRequest("POST", "https://x.example/", SIGNED, RAW)
    scheme.verify(request, ["zd-example-secret-20418"], AT)
    for other in (
        request._replace(raw=RAW[:-1]),
        request._replace(headers=SIGNED | {"x-zendesk-webhook-signature": ""}),
    ):
        with pytest.raises(Problem, match="bad_signature"):
            scheme.verify(other, ["zd-example-secret-20418"], AT)


def test_an_empty_body_can_be_signed_too() -> None:
    [scheme] = source("zendesk").schemes
    request = SignedRequest("POST", "https://x.example/", {}, b"")
    signed = request._replace(headers=scheme.sign(request, "zd-example-secret-20418", AT))
    scheme.verify(signed, ["zd-example-secret-20418"], AT)
    with pytest.raises(Problem, match="malformed_json"):
        read("zendesk", b"")


def test_a_ticket_without_a_date_may_come_again_with_one() -> None:
    [draft] = read("zendesk", {"ticket": TICKET | {"due": ""}})
    assert draft.id == "ticket:20418:draft:2026-11-21T13:05:44+00:00"
    assert isinstance(draft, Incoming)
    assert "due" not in draft.event.data
    assert read("zendesk", {"ticket": TICKET})[0].id == "ticket:20418:made:2026-11-21T13:05:44+00:00"


def test_the_same_state_told_twice_is_the_same_events() -> None:
    first, again = [[(one.id, one.raw) for one in read("zendesk", {"ticket": TICKET})] for _ in range(2)]
    moved = [one.id for one in read("zendesk", {"ticket": TICKET | {"due": "2026-12-01"}})]
    assert first == again
    assert moved[1] != first[1][0]


@pytest.mark.parametrize("kind", ["soft_deleted", "permanently_deleted", "marked_as_spam", "merged"])
def test_a_promised_ticket_that_ends_is_withdrawn_and_any_other_is_nothing(kind: str) -> None:
    ended = EVENT | {"type": f"zen:event-type:ticket.{kind}"}
    [(told, data)] = taken(read("zendesk", ended))
    assert (told, data["promise_id"]) == ("promise.withdrawn", "zendesk-20418")
    assert read("zendesk", ended | {"detail": EVENT["detail"] | {"tags": ["vip"]}}) == []
    assert types(read("zendesk", ended, tag="20418")) == ["promise.withdrawn"]


def test_a_status_is_nothing_here() -> None:
    assert read("zendesk", EVENT) == []
