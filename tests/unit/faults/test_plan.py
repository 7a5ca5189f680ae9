"""The plan of a run: the seed decides it, every strike falls under load, every story ends."""

from __future__ import annotations

from collections import Counter

import pytest

from candor.replay.stream import DELIVERY_TYPES
from tests.faults.rig.plan import (
    DELIVERY,
    HOOKS,
    KAFKA,
    LEARNER,
    LONG,
    LONGEST_STORY,
    MAIL,
    MAIL_FAULTS,
    NOTIFY,
    POSTGRES,
    PROMISE,
    RISK,
    RISK_2,
    SHORT,
    WEB,
    Scale,
    plan,
    strikes,
)
from tests.faults.rig.story import CHANNELS

TINY = Scale(rounds=9, history=20, live=6, kills=3, outages=2, pauses=2, mail=3, batch=7)


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert plan(5, TINY) == plan(5, TINY)
    assert strikes(5, TINY) != strikes(6, TINY)
    assert plan(5, TINY)[0].history != plan(6, TINY)[0].history


def test_every_event_has_its_own_id_and_goes_to_its_service() -> None:
    rounds = plan(1, TINY)
    names: list[str] = []
    for round_ in rounds:
        for service, batches in round_.history.items():
            for event in (event for batch in batches for event in batch):
                names.append(event.id)
                assert (event.type in DELIVERY_TYPES) == (service == DELIVERY)
        names += [event.id for event in round_.live]
    assert len(names) == len(set(names)) >= TINY.least_events


def test_history_is_sent_in_order_and_no_batch_is_too_large() -> None:
    rounds = plan(1, TINY)
    batches = [batch for round_ in rounds for batch in round_.history[PROMISE]]
    assert all(0 < len(batch) <= TINY.batch for batch in batches)
    made = [event.id for batch in batches for event in batch if event.type == "promise.made"]
    assert made == [f"h{number}.made" for number in range(TINY.history)]


def test_customers_are_spread_over_all_channels_and_have_mail_for_their_second() -> None:
    base = "http://127.0.0.1:4180"
    found = [e.data for r in plan(1, SHORT, base) for e in r.live if e.type == "contact.set"]
    counted = Counter(data.get("channels", ["email"])[0] for data in found)
    assert counted == dict.fromkeys(CHANNELS, SHORT.live // len(CHANNELS))
    for data in found:
        first, *others = data.get("channels", ["email"])
        [(kind, address)] = data.get("addresses", {"email": data["email"]}).items()
        assert others == ([] if first == "email" else ["email"])
        assert kind == ("phone" if first == "sms" else first)
        assert address.startswith({"email": data["email"], "sms": "+1555"}.get(first, f"{base}/{first}/p"))
    assert len({str(data.get("addresses", data["email"])) for data in found}) == SHORT.live


def test_where_the_sinks_are_changes_nothing_else() -> None:
    one, other = plan(1, SHORT), plan(1, SHORT, "http://127.0.0.1:4180")
    for first, second in zip(one, other, strict=True):
        assert first.faults == second.faults
        rest = [[e for e in r.live if e.type != "contact.set"] for r in (first, second)]
        assert rest[0] == rest[1]


def test_every_story_ends_within_the_run() -> None:
    rounds = plan(1, TINY)
    final = {event.lane for r in rounds for event in r.live if event.data.get("final") or "withdrawn" in event.id}
    assert final == {f"p{number}" for number in range(TINY.live)}
    assert all(event.lane != "p0" for event in rounds[LONGEST_STORY].live)


@pytest.mark.parametrize("scale", [SHORT, LONG, TINY])
def test_every_target_is_struck_as_often_as_the_scale_says_and_once_a_round_at_most(scale: Scale) -> None:
    found = strikes(3, scale)
    counted = Counter((fault.target, fault.kind) for _, fault in found)
    for target in scale.targets:
        assert counted[target, "kill"] + counted[target, "kill_at_mail"] == scale.kills
    assert counted[KAFKA, "kill"] == counted[POSTGRES, "kill"] == scale.outages
    assert counted[RISK_2, "pause"] == scale.pauses
    for sink in (MAIL, HOOKS):
        assert sum(counted[sink, kind] for kind in MAIL_FAULTS) == scale.mail
    kills = [(when, fault.target) for when, fault in found if fault.kind.startswith("kill")]
    assert len(kills) == len(set(kills))
    assert all(0 < when < scale.rounds for when, _ in found)


def test_the_long_run_is_what_it_claims() -> None:
    assert set(LONG.targets) == {PROMISE, DELIVERY, RISK, LEARNER, WEB, NOTIFY}
    assert LONG.kills >= 20
    events = sum(len(r.live) + sum(len(b) for batches in r.history.values() for b in batches) for r in plan(1, LONG))
    assert events >= 50_000


def test_a_paused_worker_stays_away_for_longer_than_its_lease() -> None:
    assert all(fault.amount > 5 for _, fault in strikes(2, LONG) if fault.kind == "pause")


def test_half_of_the_mailers_kills_come_as_a_message_was_taken() -> None:
    counted = Counter(fault.kind for _, fault in strikes(2, LONG) if fault.target == NOTIFY)
    assert counted["kill_at_mail"] == 10
    assert Counter(fault.kind for _, fault in strikes(2, LONG) if fault.target == RISK) == {"kill": 20}


def test_a_prefix_keeps_two_runs_apart() -> None:
    other = Scale(**{**{name: getattr(TINY, name) for name in TINY.__dataclass_fields__}, "prefix": "b"})
    ids = [{event.id for round_ in plan(1, scale) for event in round_.live} for scale in (TINY, other)]
    assert not ids[0] & ids[1]
