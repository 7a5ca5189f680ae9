"""What the pages about senders say of a sender, a refusal, a stored request, and one that was tried or replayed."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from risk_svc.web.board.intake_data import Part
from risk_svc.web.board.source_words import (
    COMPLETED,
    NOTHING,
    WIDEST,
    content_lines,
    failures,
    headers_of,
    proof_words,
    refused_row,
    replay_words,
    request_row,
    sender_row,
    tried_lines,
)
from risk_svc.web.board.style import COLOURS

SENDER: dict[str, Any] = {
    "service": "promise-svc",
    "source": "crm & co",
    "state": "heard",
    "last_event_at": "2026-11-30T09:02:00Z",
    "usual_minutes": 11.6,
    "refused": 3,
}
REFUSED: dict[str, Any] = {
    "service": "delivery-svc",
    "source": "field",
    "event_id": "e1",
    "type": "milestone.reported",
    "reason": "invalid_field",
    "detail": "/data/at: is missing",
    "times": 1200,
    "received_at": "2026-11-30T09:02:00+02:00",
    "request": "r/1",
}
REQUEST: dict[str, Any] = {
    "service": "promise-svc",
    "request_id": "r1",
    "source": "crm",
    "read_as": "hubspot",
    "state": "refused",
    "reason": "invalid_field",
    "times": 2,
    "size": 12_345,
    "received_at": "2026-11-30T09:02:00Z",
    "mended_by": "",
    "mended_at": None,
    "mended_to": "",
}


def asked(address: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(address)
    return parts.path, dict(parse_qsl(parts.query))


def test_a_sender_says_when_it_was_heard_and_how_often_it_usually_is() -> None:
    row = sender_row(SENDER)
    assert (row["state"], row["last"], row["rate"], row["refused"]) == (
        "heard",
        "Mon 30 Nov 09:02 UTC",
        "in 12 of 60 minutes",
        "3",
    )
    assert asked(row["link"]) == ("/board/sources", {"service": "promise-svc", "sender": "crm & co"})
    silent = sender_row({**SENDER, "state": "stale", "usual_minutes": None, "refused": 1000})
    assert (silent["state"], silent["colour"], silent["rate"]) == ("silent", COLOURS["severe"], "not known yet")
    assert silent["refused"] == "1,000 or more"
    assert sender_row({**SENDER, "state": "learning"})["state"] == "new"


def test_a_refusal_says_why_and_leads_to_its_request_while_that_is_kept() -> None:
    row = refused_row(REFUSED)
    assert (row["reason"], row["detail"], row["at"], row["times"]) == (
        "invalid_field",
        "/data/at: is missing",
        "Mon 30 Nov 07:02 UTC",
        "1,200",
    )
    assert asked(row["link"]) == ("/board/sources/request", {"service": "delivery-svc", "id": "r/1"})
    gone = refused_row({**REFUSED, "request": "", "type": ""})
    assert (gone["link"], gone["promise"]) == ("", "nothing that could be read")
    assert refused_row({**REFUSED, "event_id": "e2"})["id"] != row["id"]


def test_a_stored_request_says_what_became_of_it() -> None:
    row = request_row(REQUEST)
    assert (row["state"], row["colour"], row["size"], row["note"]) == (
        "refused",
        COLOURS["severe"],
        "12,345 bytes",
        "crm, read as hubspot",
    )
    fine = request_row({**REQUEST, "state": "processed", "reason": "", "mended_by": "ana"})
    assert (fine["colour"], fine["reason"]) == (COLOURS["none"], "–")
    assert fine["note"].endswith(", mended by ana")
    taken = {"state": "mended", "mended_at": "2026-11-30T10:00:00Z", "mended_to": "r2"}
    assert request_row({**REQUEST, **taken})["reason"] == "mended Mon 30 Nov 10:00 UTC: r2 was taken; invalid_field"


def test_a_content_that_is_no_text_is_said_to_be_none() -> None:
    sent = {"media_type": "application/json", "headers": {"x-event-id": "7"}, "body": "{}", "exact": True}
    found = {"source": "crm", "received_at": "2026-11-30T09:02:00Z", "sent": sent}
    assert content_lines(found) == [
        "From crm, Mon 30 Nov 09:02 UTC, as application/json.",
        "Headers that say what it is: x-event-id: 7.",
    ]
    assert "no text" in content_lines({**found, "sent": {**sent, "exact": False, "headers": {}}})[-1]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"state": "waiting"}, "It waits until its system says the rest; look again in a minute."),
        (
            {"state": "processed", "accepted": 2, "replayed": 1, "rejected": []},
            "Processed: 2 taken, 1 taken before, 0 refused.",
        ),
        (
            {"state": "refused", "accepted": 0, "replayed": 0, "rejected": [{"code": "x", "detail": "why"}]},
            "Processed: 0 taken, 0 taken before, 1 refused. x: why",
        ),
    ],
)
def test_a_replay_says_what_was_taken_and_why_the_rest_was_not(found: dict[str, Any], said: str) -> None:
    assert replay_words(found) == said


@pytest.mark.parametrize(
    ("proof", "begins"),
    [
        ("holds", "Its proof holds: it comes from this sender."),
        ("stale", "Its signature is genuine, and too old to be taken now: because."),
        ("bad_signature", "Its proof does not hold: as it stands here it would be answered 401: because."),
        ("no_secret", "Nobody may send it as yet: because."),
    ],
)
def test_a_proof_is_said_in_words(proof: str, begins: str) -> None:
    assert proof_words({"proof": proof, "reason": "because"}) == begins


def test_each_event_of_a_request_that_was_tried_says_what_it_is_or_why_it_is_refused() -> None:
    taken = {"type": "promise.made", "event_id": "d:1", "data": {"what": "<b>x</b>"}, "refused": None}
    refused = {"type": "", "event_id": "", "data": None, "refused": "no JSON"}
    found = {"events": [taken, refused], "events_more": 1200, "completed": True}
    assert tried_lines(found) == [
        (COMPLETED, ""),
        ("1. promise.made d:1: would be taken", '{\n  "what": "<b>x</b>"\n}'),
        ("2. nothing: refused: no JSON", ""),
        ("And 1,200 more.", ""),
    ]
    assert tried_lines({"events": [], "events_more": 0, "completed": False}) == [(NOTHING, "")]
    wide = {**taken, "data": {"what": "x" * 9_000}}
    assert len(tried_lines({"events": [wide], "events_more": 0, "completed": False})[0][1]) == WIDEST


def test_headers_are_read_as_people_paste_them() -> None:
    assert headers_of("Content-Type: application/json\r\n\nX-Time:  12:30 \n") == {
        "content-type": "application/json",
        "x-time": "12:30",
    }
    assert headers_of("") == {}
    for wrong in ("no header", ": x", "two words: x"):
        with pytest.raises(ValueError, match="is no header"):
            headers_of(wrong)


def test_a_service_that_said_nothing_is_named() -> None:
    parts = [Part("promise-svc", [], failed="it is not reached"), Part("delivery-svc", [])]
    assert failures(parts) == ["promise-svc: it is not reached"]
