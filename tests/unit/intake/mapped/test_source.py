"""A mapped source: which events a body becomes, what is refused and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from candor.intake.mapped.config import MOST_ITEMS
from candor.intake.once import Acceptance
from candor.intake.source import Incoming, Outcome, Unusable
from candor.store.receipts import Answer
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Webhook
from tests.support.clocks import NOON
from tests.unit.intake.mapped.mappings import TEXT, UNIX, read, stop, vans


def test_an_item_becomes_an_event_with_the_senders_id_and_time() -> None:
    [one] = read(vans(), {"van": "east", "stops": [stop(unix=UNIX - 60)]})
    assert isinstance(one, Incoming)
    at = NOON - timedelta(minutes=1)
    assert (one.id, one.event.type, one.event.time) == ("east:7", "milestone.reported", at)
    data = {"promise_id": "p-1", "milestone": "delivery", "status": "reached", "final": True, "at": at.isoformat()}
    assert one.event.data == data


def test_a_repetition_with_another_text_around_it_is_the_same_event() -> None:
    first, again = (
        read(vans(), {"van": "east", "stops": [stop(note=note)]})[0] for note in ("sunny", "raining by now")
    )
    assert isinstance(first, Incoming)
    assert isinstance(again, Incoming)
    assert (first.id, first.raw) == (again.id, again.raw)


def test_without_an_id_the_content_is_the_identity() -> None:
    one, same, other = (read(vans(), {"stops": [stop(what="left", no=number)]})[0] for number in (1, 1, 2))
    assert isinstance(one, Incoming)
    assert one.id == ""
    assert one.raw == same.raw != other.raw


def test_every_rule_that_holds_makes_an_event() -> None:
    found = read(vans(), {"van": "east", "stops": [stop(eta="soon")]})
    assert [one.event.data["milestone"] for one in found if isinstance(one, Incoming)] == ["delivery", "drive"]
    assert len({one.raw for one in found}) == 2


def test_what_means_nothing_here_is_left_out_and_what_no_rule_knows_is_not() -> None:
    found = read(vans(), {"van": "east", "stops": [stop(what="lunch"), stop(what="broke down")]})
    assert [type(one) for one in found] == [Unusable]
    assert isinstance(found[0], Unusable)
    assert "no `when` of the mapping holds" in found[0].problem.detail


def test_what_makes_no_event_still_says_whom_it_names() -> None:
    found = read(vans(), {"van": "east", "stops": [stop(how="perhaps"), stop(what="broke down")]})
    assert [one.data for one in found if isinstance(one, Unusable)] == [{"promise_id": "p-1"}, {"promise_id": "p-1"}]


def test_one_bad_item_leaves_the_others() -> None:
    first, second = read(vans(), {"van": "east", "stops": [stop(how="perhaps"), stop(no=8)]})
    assert isinstance(first, Unusable)
    assert (first.type, first.problem.errors[0].pointer) == ("milestone.reported", "/data/status")
    assert "perhaps" in first.problem.detail
    assert isinstance(second, Incoming)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"stops": 1}, "no list where the mapping looks for one: body.stops"),
        ({}, "no list"),
        ([], "no list"),
        (None, "no list"),
        ({"stops": [{}] * (MOST_ITEMS + 1)}, "at most 1,000 items"),
        (b"{", "truncated|malformed"),
        (b"", "empty"),
    ],
)
def test_a_body_of_another_shape_is_refused_as_a_whole(body: object, words: str) -> None:
    with pytest.raises(Problem, match=words):
        read(vans(), body)


@pytest.mark.parametrize("no", [None, "", [1], {}])
def test_an_id_that_selects_nothing_is_no_id(no: object) -> None:
    text = TEXT.replace("join(':', [body.van, to_string(item.no)])", "item.no")
    [one] = read(vans(text), {"stops": [stop(no=no)]})
    assert isinstance(one, Unusable)
    assert one.problem.errors[0].pointer == "/id"


def test_without_a_time_it_is_now() -> None:
    text = TEXT.replace("        time: {from: item.unix, time: seconds}\n", "")
    [one] = read(vans(text), {"van": "east", "stops": [stop(unix=UNIX - 60)]})
    assert isinstance(one, Incoming)
    assert one.event.time == NOON


def test_a_body_that_is_one_item_needs_no_list() -> None:
    text = TEXT.replace("    each: body.stops\n", "").replace("body.van", "sender")
    [one] = read(vans(text), stop())
    assert isinstance(one, Incoming)
    assert one.id == "east:7"


def test_the_sender_hears_what_the_mapping_says() -> None:
    outcomes = [Outcome(Unusable(Problem("invalid_field", "x")), Problem("invalid_field", "x"))]
    said = vans().answer(Webhook("east", "", b"{}"), outcomes)
    assert (said.status, said.body, said.media_type) == (200, b"OK", "text/plain; charset=utf-8")
    counted = vans(TEXT.replace("    answer: {status: 200, text: OK}\n", "")).answer(
        Webhook("east", "", b"{}"), outcomes
    )
    assert counted.status == 202
    assert b'"rejected":[{"index":0' in counted.body


def test_schemes_are_in_order_of_their_strength() -> None:
    assert [scheme.name for scheme in vans().schemes] == ["hmac", "bearer"]


def test_an_event_of_the_year_1970_is_one() -> None:
    [one] = read(vans(), {"van": "east", "stops": [stop(unix=0)]})
    assert isinstance(one, Incoming)
    assert one.event.time == datetime(1970, 1, 1, tzinfo=UTC)


def test_acceptances_are_counted() -> None:
    taken = Acceptance(Answer(202, b"{}"), replayed=False)
    source = vans(TEXT.replace("text: OK", "text: ''").replace("{status: 200, text: ''}", "{status: 201}"))
    item = read(source, {"van": "east", "stops": [stop()]})[0]
    said = source.answer(Webhook("east", "", b"{}"), [Outcome(item, taken)])
    assert (said.status, said.body) == (201, b'{"accepted":1,"replayed":0,"rejected":[]}')
