"""The CRM presets: what bodies of each system become, whose proofs are taken, and that no mutation breaks them."""

from __future__ import annotations

import json
import random
from typing import Any, Final

import pytest

from candor.intake.source import Incoming
from candor.web.http.problems import Problem
from candor.web.security.schemes import SignedRequest
from tests.support.mutations import how_many, mutated
from tests.unit.promise.sources.crm import NOW, PRESETS, accept, read, sample, source

MUTATIONS: Final = how_many(300)
MADE, REVISED = "promise.made", "promise.revised"
TOLD: Final[dict[str, list[tuple[str, str, dict[str, Any]]]]] = {
    "hubspot": [
        (
            "deal:29911840275:made:2026-11-21T10:31:01.213000+00:00",
            MADE,
            {"promise_id": "hubspot-29911840275", "value": 6480, "currency": "EUR"},
        ),
        (
            "deal:29911840275:due:2026-11-27T23:59:00+00:00:2026-11-21T10:31:01.213000+00:00",
            REVISED,
            {"due": "2026-11-27T23:59:00+00:00", "if_moved": True},
        ),
    ],
    "pipedrive": [
        (
            "deal:3187:made:2026-11-21T12:40:07+00:00",
            MADE,
            {"customer_id": "512", "made_at": "2026-11-21T12:40:07+00:00", "owner": "20418833"},
        ),
        ("deal:3187:due:2026-11-30T23:59:00+00:00:2026-11-21T12:40:07+00:00", REVISED, {"asked_by": "company"}),
    ],
    "salesforce": [
        (
            "deal:006Wd00000Kq7TzIAJ:made:2026-11-21T10:32:00+00:00",
            MADE,
            {"customer_id": "001Wd00000Ab3CdIAJ", "kind": "opportunity"},
        ),
        (
            "deal:006Wd00000Kq7TzIAJ:due:2026-11-27T23:59:00+00:00:2026-11-21T10:32:00+00:00",
            REVISED,
            {"promise_id": "salesforce-006Wd00000Kq7TzIAJ"},
        ),
    ],
    "salesforce-event": [
        (
            "7b1f0a52-64c1-4c0e-8d0e-0f7f2a4b93d1:due",
            REVISED,
            {"promise_id": "PR-20418", "due": "2026-11-27T17:00:00+00:00"},
        )
    ],
    "zendesk": [
        ("ticket:20418:made:2026-11-21T13:05:44+00:00", MADE, {"customer_id": "551200", "department": "support"}),
        ("ticket:20418:due:2026-11-27T23:59:00+00:00:2026-11-21T13:05:44+00:00", REVISED, {}),
        ("ticket:20418:contact:2026-11-21T13:05:44+00:00", "contact.set", {"email": "owner@harbour-cafe.example"}),
    ],
}


@pytest.mark.parametrize("name", PRESETS)
def test_a_body_of_the_system_becomes_events_that_the_service_takes(name: str) -> None:
    found = read(name, sample(name))
    assert [one.id for one in found] == [event_id for event_id, _, _ in TOLD[name]]
    for one, (_, kind, expected) in zip(found, TOLD[name], strict=True):
        assert isinstance(one, Incoming)
        assert one.event.type == kind
        assert expected.items() <= one.event.data.items()
        accept(one)


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_no_body_of_the_system_is_refused_and_not_silently_nothing(name: str) -> None:
    for body in ({"hello": "world"}, {}, [{"some": "thing"}], "text", 7):
        try:
            found = read(name, body)
        except Problem as problem:
            assert problem.status in (400, 422)
        else:
            assert [type(one).__name__ for one in found] == ["Unusable"], body


@pytest.mark.parametrize("name", PRESETS)
def test_what_we_sign_as_a_system_we_take(name: str) -> None:
    for scheme in source(name).schemes:
        secret = "user:a-long-password-of-it" if scheme.name == "basic" else "0123456789abcdef-0123456789abcdef"
        scheme.check(secret)
        request = SignedRequest("POST", "https://x.example/v1/webhooks/crm", {}, sample(name), secret)
        request = request._replace(headers=scheme.sign(request, secret, NOW))
        scheme.verify(request, [secret], NOW)
        with pytest.raises(Problem, match="bad_signature"):
            scheme.verify(request._replace(token="x", headers={}), [secret], NOW)
        with pytest.raises(Problem, match="bad_signature"):
            scheme.verify(request, [secret[:-1] + "x"], NOW)


@pytest.mark.parametrize("name", PRESETS)
def test_no_mutation_of_a_body_does_more_than_be_refused(name: str) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(MUTATIONS):
        taken_or_refused(name, json.dumps(mutated(json.loads(sample(name)), chance)).encode())


def test_no_mutation_of_an_outbound_message_does_more_than_be_refused() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(MUTATIONS):
        raw = bytearray(sample("salesforce", "xml"))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(raw))
            match chance.randrange(3):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randint(1, 40)]
                case _:
                    raw[at:at] = raw[: chance.randint(1, 200)]
        taken_or_refused("salesforce", bytes(raw))


def taken_or_refused(name: str, raw: bytes) -> None:
    """Whatever it is, nothing but a problem of the sender's comes of it."""
    try:
        found = read(name, raw)
        for one in found:
            if isinstance(one, Incoming):
                accept(one)
    except Problem as problem:
        assert problem.status in (400, 413, 422)
