"""What the forms about promises read and say: times in any zone, bodies, the check in a sentence, and words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.body import convert
from delivery_svc.api.requests import MilestoneIn
from promise_svc.api.requests import PromiseIn, RevisionIn, VerdictIn
from risk_svc.domain.check import Verdict
from risk_svc.web.api.check_responses import CheckOut, KeptOut
from risk_svc.web.board import promise_bodies, promise_words
from risk_svc.web.board.promise_bodies import StepFields, WrongFieldsError

BERLIN = "Europe/Berlin"
PROMISE = {
    **{"promise_id": "PR-1", "customer_id": "acme", "what": "A machine", "state": "made", "zone": BERLIN},
    **{"held_due": "2026-12-03T13:00:00Z", "latest_due": "2026-12-03T13:00:00Z"},
    "milestones": [{"name": "delivered", "planned": None, "told": True}],
}
PLAIN = {"customer_id": " acme ", "kind": "install", "what": " A machine ", "owner": "", "currency": ""}


@pytest.mark.parametrize(
    ("text", "zone", "found"),
    [
        ("2026-12-03T14:00", BERLIN, "2026-12-03T13:00"),
        ("2026-12-03T14:00", "UTC", "2026-12-03T14:00"),
        ("2026-12-03T14:00", "Asia/Kolkata", "2026-12-03T08:30"),
        # Shown twice: the first.
        ("2026-10-25T02:30", BERLIN, "2026-10-25T00:30"),
    ],
)
def test_a_time_is_read_in_its_zone(text: str, zone: str, found: str) -> None:
    assert promise_words.moment_of(text, zone) == datetime.fromisoformat(f"{found}+00:00")


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("2026-03-29T02:30", BERLIN, promise_words.NO_SUCH_TIME),
        ("", BERLIN, promise_words.NO_TIME),
        (None, BERLIN, promise_words.NO_TIME),
        ("2026-02-30T10:00", BERLIN, promise_words.NO_TIME),
        ("2026-12-03T14:00", "../etc/passwd", promise_words.NO_ZONE),
        ("2026-12-03T14:00", "", promise_words.NO_ZONE),
    ],
)
def test_what_is_no_time_there_is_said(text: str | None, zone: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        promise_words.moment_of(text, zone)


@given(
    st.integers(31_536_000, 7_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds // 60 * 60, UTC)),
    st.sampled_from([BERLIN, "UTC", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_what_is_shown_in_a_field_is_read_as_the_same_time_or_the_first_of_two(at: datetime, zone: str) -> None:
    read = promise_words.moment_of(promise_words.local(at, zone), zone)
    assert read == at or (read < at and at.astimezone(ZoneInfo(zone)).fold == 1)


def kept(share: float, **more: Any) -> CheckOut:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    counted = KeptOut(share=share, low=0, high=1, n=1234)
    known: dict[str, Any] = {"verdict": Verdict.TIGHT, "advice": "Tight.", "kept_in_time": counted, "target": 0.8}
    return CheckOut(**(known | {"as_of": at, "base_rate": 0.4, "basis": "install", "n": 1234, "model": 7} | more))


def test_the_check_is_one_sentence_in_the_zone_of_the_form() -> None:
    found = kept(0.62, target_due=datetime(2026, 12, 3, 13, tzinfo=UTC))
    said = promise_words.check_words(found, BERLIN)
    assert said == "62 of 100 like this are kept by then (1,234 counted); 80 % by Thu 3 Dec 14:00."
    assert promise_words.check_words(kept(0.3), BERLIN).endswith("80 % by no date so far.")
    assert promise_words.check_words(kept(0.0, kept_in_time=None, advice="Too little history."), BERLIN) == (
        "Too little history."
    )
    assert promise_words.check_words(None, BERLIN) == promise_words.AHEAD


def test_words_that_nobody_can_check_are_named_once_each() -> None:
    said = promise_words.wording("A user-friendly portal, ASAP, guaranteed; asap means ASAP.")
    assert [line.partition(" ")[0] for line in said] == ["“ASAP”", "“asap”", "“guaranteed”", "“user-friendly”"]
    assert promise_words.wording("Espresso machine installed in the kitchen by a trained fitter") == []
    # A part of another word is none.
    assert promise_words.wording("Sooner Ltd's alwaysOn licence") == []
    assert promise_words.wording(None) == []


def test_a_promise_is_what_its_service_takes() -> None:
    steps = [StepFields("delivered", "2026-12-02T09:00", told=True), StepFields("installed", "", told=False)]
    parts = "machine\n\n  grinder "
    steps.append(StepFields("", "", told=False))
    body = promise_bodies.promise(BERLIN, "2026-12-03T14:00", " 1200.5 ", steps, parts, **PLAIN)
    taken = convert(PromiseIn, body)
    assert (taken.customer_id, taken.what, taken.value, taken.zone) == ("acme", "A machine", 1200.5, BERLIN)
    assert taken.due == datetime(2026, 12, 3, 13, tzinfo=UTC)
    assert [(one.name, one.told) for one in taken.milestones] == [("delivered", True), ("installed", False)]
    assert taken.milestones[0].planned == datetime(2026, 12, 2, 8, tzinfo=UTC)
    assert [one.item for one in taken.scope] == ["machine", "grinder"]
    assert body.keys().isdisjoint({"owner", "currency"})


def labelled(text: str) -> dict[str, Any]:
    return promise_bodies.promise(BERLIN, "2026-12-03T14:00", "", [], "", text, **PLAIN)


def test_labels_are_read_one_a_line_with_numbers_and_truths_as_such() -> None:
    body = labelled(" tier = key \n\ndistance=-12.5\nlift=true\ncode=1e5\nnote=a=b")
    assert body["labels"] == {"tier": "key", "distance": -12.5, "lift": True, "code": "1e5", "note": "a=b"}
    assert convert(PromiseIn, body).labels["tier"] == "key"
    assert "labels" not in labelled(" \n ")


@pytest.mark.parametrize("text", ["tier", "=key", "tier=", "tier=key\ntier=other"])
def test_what_is_no_label_is_said_beside_them(text: str) -> None:
    with pytest.raises(WrongFieldsError) as caught:
        labelled(text)
    assert caught.value.errors == {"/labels": promise_bodies.NO_LABEL}


def test_all_that_is_wrong_is_said_at_once_by_field() -> None:
    steps = [StepFields("", "", told=False), StepFields("installed", "soon", told=False)]
    with pytest.raises(WrongFieldsError) as caught:
        promise_bodies.promise(BERLIN, "", "much", steps, "", **PLAIN | {"kind": " "})
    assert caught.value.errors == {
        "/kind": promise_bodies.MISSING,
        "/due": promise_words.NO_TIME,
        "/value": promise_bodies.NO_NUMBER,
        "/milestones/0/name": promise_bodies.NO_NAME,
        "/milestones/1/planned": promise_words.NO_TIME,
    }


def test_a_change_is_what_its_service_takes() -> None:
    said = {"reason": "ramp closed", "public_reason": ""}
    revised = promise_bodies.revision(BERLIN, "2026-12-04T10:00", "customer", agreed=False, **said)
    assert convert(RevisionIn, revised).command("PR-1").asked_by_customer
    ended = promise_bodies.verdict(BERLIN, "kept", "2026-12-03T13:30")
    assert convert(VerdictIn, ended).completed_at == datetime(2026, 12, 3, 12, 30, tzinfo=UTC)
    assert promise_bodies.verdict(BERLIN, "disputed", "") == {"verdict": "disputed"}
    step = promise_bodies.report(BERLIN, " installed ", "reached", "2026-12-03T13:30", "", final=True, public_reason="")
    taken = convert(MilestoneIn, {**step, "promise_id": "PR-1"})
    assert (taken.milestone, taken.final, taken.at) == ("installed", True, datetime(2026, 12, 3, 12, 30, tzinfo=UTC))
    with pytest.raises(WrongFieldsError):
        promise_bodies.verdict(BERLIN, "kept", "then")


def test_what_came_of_it_is_said_with_the_date_that_is_held() -> None:
    assert promise_words.made_words(PROMISE).startswith("Made: PR-1, promised for Thu 3 Dec 14:00 (Europe/Berlin;")
    assert promise_words.revised_words(PROMISE).startswith("Noted: the promised date is Thu 3 Dec 14:00")
    later = {**PROMISE, "latest_due": "2026-12-04T09:00:00Z"}
    assert "The promised date stays Thu 3 Dec 14:00" in promise_words.revised_words(later)
    assert promise_words.now_words(PROMISE)[0] == "A machine · acme · Open"
    assert len(promise_words.now_words(PROMISE)) == 2
    assert promise_words.now_words(later)[2].startswith("Told last: Fri 4 Dec 10:00")
    assert promise_words.settled_words({**PROMISE, "state": "broken"}) == "Noted: broken."
    assert promise_words.reported_words("installed reached", {"state": "matched"}) == "Noted: installed reached."
    waits = promise_words.reported_words(
        "installed reached", {"state": "parked", "detail": "It waits for its promise."}
    )
    assert waits == "installed reached waits. It waits for its promise."
    assert promise_words.steps_of(PROMISE) == ["delivered"]


def test_utc_is_not_said_twice() -> None:
    at = datetime(2026, 12, 3, 13, tzinfo=UTC) + timedelta(minutes=5)
    assert promise_words.time_words(at, "UTC") == "Thu 3 Dec 13:05 (UTC)"
