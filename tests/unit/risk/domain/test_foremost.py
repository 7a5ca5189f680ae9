"""Of very many facts and incidents those that matter most are named, and how many others there are."""

from __future__ import annotations

import random

import msgspec
import pytest

from candor.contracts import FactKind, encode
from risk_svc.domain.components.incidents import words
from risk_svc.domain.components.lateness import late_steps
from risk_svc.domain.facts import SHOWN, digest, facts, foremost
from risk_svc.domain.incidents import CROWD, TITLE_LIMIT, Incident, Incidents, weightiest
from risk_svc.domain.restating import PUBLIC_LIMIT, TEXT_LIMIT
from risk_svc.domain.scoring import event_of
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, StepState, StepStatus
from risk_svc.forecast.context import Context
from risk_svc.forecast.features import features
from risk_svc.forecast.reasons import INCIDENT
from risk_svc.forecast.reasons import words as reason
from risk_svc.forecast.similar import SimilarPromises
from risk_svc.forecasting.live import CATEGORIES, hits_of, open_at, view_of
from risk_svc.worker.handlers import gap_message
from tests.support.risk import DUE_S, MADE_S

NOW = MADE_S + 7200
EVENT_MOST = 64 * 1024


def promise(*steps: StepState) -> PromiseState:
    return PromiseState(
        promise_id="p1",
        customer_id="c1",
        promise_version=1,
        kind="flight",
        made_at=MADE_S,
        held_due=DUE_S,
        steps=list(steps),
        depends_on=[("site", "EWR")],
    )


def step(number: int, status: StepStatus = StepStatus.MISSED, *, told: bool = False) -> StepState:
    text = "\N{SNOWMAN WITHOUT SNOW}" * 300
    return StepState(
        name=f"step {number}", planned=MADE_S, at=MADE_S + 600 + number, status=status, told=told,
        source_event=f"s{number}", reason=text[:120], public_reason=text,
    )  # fmt: skip


def hit(number: int, severity: float = 0.5, category: str = "strike", *, over: bool = False) -> Incident:
    text = "\N{SNOWMAN WITHOUT SNOW}" * 200
    return Incident(
        incident_id=f"i{number}",
        version=1,
        severity=severity,
        category=category,
        title=text,
        affects=[("site", "EWR")],
        since=MADE_S + number,
        until=MADE_S + 5000 if over else None,
        expected_end=None,
        source_event=f"w{number}",
        public_title=text,
    )


@pytest.mark.parametrize(
    ("steps", "hits", "named"), [(3, 5, (3, 5)), (300, 4, (12, 4)), (2, 900, (2, 14)), (300, 900, (8, 8))]
)
def test_steps_and_incidents_have_half_each_or_what_the_others_leave(
    steps: int, hits: int, named: tuple[int, int]
) -> None:
    state, struck = promise(*map(step, range(steps))), [hit(number) for number in range(hits)]
    found, more = foremost(state, struck, NOW)
    incidents = sum(fact.kind is FactKind.INCIDENT_OPEN for fact in found)
    assert (len(found) - incidents, incidents) == named
    assert more == steps + hits - len(found)
    every = facts(state, struck, NOW)
    assert [fact for fact in every if fact in found] == found
    assert len(every) > SHOWN or found == every


def test_unmet_steps_that_the_customer_knows_of_come_before_all_others() -> None:
    late = [step(number, StepStatus.REACHED, told=True) for number in range(100)]
    unknown = [step(number) for number in range(100, 200)]
    known = [step(number, told=True) for number in range(200, 203)]
    found, more = foremost(promise(*late, *unknown, *known), [], NOW)
    assert [fact.name for fact in found] == [f"step {number}" for number in range(203 - SHOWN, 203)]
    assert more == 203 - SHOWN
    many, _ = foremost(promise(*unknown, *(step(number, told=True) for number in range(40))), [], NOW)
    assert [fact.name for fact in many] == [f"step {number}" for number in range(SHOWN)], "the earliest says since when"


def test_the_severest_open_incidents_are_named_in_the_order_of_their_start() -> None:
    struck = [hit(number, severity=(number * 7 % 100) / 100) for number in range(100)] + [hit(100, 1.0, over=True)]
    found, more = foremost(promise(), struck, NOW)
    severest = sorted(range(100), key=lambda number: number * 7 % 100)[-SHOWN:]
    assert [fact.event_id for fact in found] == [f"w{number}" for number in sorted(severest)]
    assert more == 100 - SHOWN
    assert [one.incident_id for one in weightiest(struck, 2)] == sorted(f"i{number}" for number in severest[-2:])


def test_one_incident_more_is_news_though_it_is_not_named() -> None:
    struck = [hit(number, severity=0.9) for number in range(SHOWN)]
    before, none = foremost(promise(), struck, NOW)
    after, more = foremost(promise(), [*struck, hit(99, severity=0.1)], NOW)
    assert (before, none, more) == (after, 0, 1)
    assert digest(before, DUE_S, none) == digest(before, DUE_S)
    assert digest(after, DUE_S, more) != digest(before, DUE_S, none)


def test_an_event_is_of_a_readable_size_however_much_is_known() -> None:
    """With everything as long as delivery-svc takes it, in characters of four bytes."""
    long = "\N{DELIVERY TRUCK}"
    steps = [
        msgspec.structs.replace(
            step(number, told=True),
            name=f"{number:03}" + long * 197,
            source_event=long * 256,
            reason=long * TEXT_LIMIT,
            public_reason=long * PUBLIC_LIMIT,
        )
        for number in range(400)
    ]
    struck = [
        msgspec.structs.replace(
            hit(number),
            category=long * 200,
            source_event=long * 256,
            title=long * TITLE_LIMIT,
            public_title=long * TITLE_LIMIT,
        )
        for number in range(1_000)
    ]
    state = promise(*steps)
    said = (("incidents", words(struck)), ("lateness", "; ".join(late_steps(state, None))))
    state.view.shares = [(name, 0.9, 0.5, evidence) for name, evidence in said]
    found, more = foremost(state, struck, NOW)
    assert len(encode(gap_message(state, standing(state), found, more)).value) < EVENT_MOST
    assert event_of(state, standing(state), found, more).facts_more == 1_400 - SHOWN


def test_evidence_names_the_severest_and_says_how_many_others() -> None:
    light = [msgspec.structs.replace(hit(number, 0.1), title=f"light {number}") for number in range(1_997)]
    severe = [msgspec.structs.replace(hit(2_000 + number, 0.8), title=f"severe {number}") for number in range(3)]
    assert words([*light, *severe]) == ("severe 0, ongoing; severe 1, ongoing; severe 2, ongoing; and 1,997 more")
    assert words(severe[:1]) == "severe 0, ongoing"


@pytest.mark.parametrize("seed", range(5))
def test_a_forecast_of_many_incidents_is_that_of_all_of_them(seed: int) -> None:
    rng = random.Random(seed)
    struck = [
        hit(number, rng.random(), rng.choice(["strike", "snow", "power"]), over=rng.random() < 0.2)
        for number in range(rng.randint(0, 60))
    ]
    view, likes = view_of(promise(), NOW), SimilarPromises(Context())
    every, some = open_at(struck, MADE_S + 100), hits_of(struck, MADE_S + 100)
    assert len(some) <= 7
    found, expected = (features(view, NOW, "made", likes, hits) for hits in (some, every))
    assert list(found.items()) == list(expected.items())
    for category in {one.category for one in struck}:
        assert reason(INCIDENT + category, view, NOW, some) == reason(INCIDENT + category, view, NOW, every)


def test_of_very_many_categories_the_newest_count() -> None:
    struck = [hit(number, category=f"kind {number // 2}") for number in range(1_000)]
    found = hits_of(struck, NOW)
    assert {one.category for one in found} == {f"kind {number}" for number in range(500 - CATEGORIES, 500)}
    assert found[-1].since == struck[-1].since


@pytest.mark.parametrize("seed", range(3))
def test_a_crowd_of_incidents_is_found_as_one_by_one(seed: int) -> None:
    rng, known, kept = random.Random(seed), Incidents(), dict[str, Incident]()
    state = promise()
    state.depends_on = [("site", "EWR"), ("crew", "7")]
    for version in range(1, 200):
        one = msgspec.structs.replace(
            hit(rng.randrange(3 * CROWD)),
            version=version,
            since=MADE_S + rng.randrange(100),
            affects=rng.sample([("site", "EWR"), ("crew", "7"), ("site", "JFK")], rng.randint(1, 2)),
        )
        if rng.random() < 0.1 and kept:
            gone = rng.choice(list(kept))
            known.forget(gone)
            del kept[gone]
        known.put(one)
        kept[one.incident_id] = one
        here = [one for one in kept.values() if not set(one.affects).isdisjoint(state.depends_on)]
        assert known.linked(state) == sorted(here, key=lambda one: (one.since, one.incident_id))
    assert len(here) > CROWD
