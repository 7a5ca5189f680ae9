"""The checker on hand-made worlds: silent about a faultless one, and it names every way to be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from risk_svc.forecasting.snapshots import pseudonym
from tests.faults.rig.arrivals import Arrival
from tests.faults.rig.checker import Effects, Notice, judge
from tests.faults.rig.report import channels_of
from tests.faults.rig.story import CHANNELS
from tests.unit.faults.worlds import world

Spoil = Callable[[Effects], object]


def found_after(spoil: Spoil) -> dict[str, int]:
    expected, effects = world()
    spoil(effects)
    return {kind: len(found) for kind, found in judge(expected, effects).items() if found}


def test_nothing_is_held_against_a_faultless_world() -> None:
    expected, effects = world()
    assert judge(expected, effects).total == 0
    assert len(expected.promises) == 6
    assert len(expected.sightings) == 3


def _first(effects: Effects) -> str:
    return next(iter(effects.promises))


def _version(effects: Effects, by: int) -> None:
    name = _first(effects)
    dates = effects.promises[name]
    effects.promises[name] = dates._replace(version=dates.version + by)


def _step_again(effects: Effects) -> None:
    trail = effects.trail["h0"]
    trail.append((len(trail) + 1, trail[0][1]))


def _folded(effects: Effects, field: str, value: object) -> None:
    effects.folded["h0"][field] = value


LOST: dict[str, Spoil] = {
    "a promise": lambda e: e.promises.pop(_first(e)),
    "a change of a promise": lambda e: _version(e, -1),
    "a contact": lambda e: e.contacts.pop("c-p0"),
    "a milestone": lambda e: e.trail["h0"].pop(),
    "a report of an incident": lambda e: e.sightings.pop(),
    "an event that was never published": lambda e: e.published["promise"].pop(0),
    "a service that published nothing": lambda e: e.published.pop("delivery"),
    "a promise that was never folded": lambda e: e.folded.pop("h0"),
    "a milestone that was never folded": lambda e: _folded(e, "milestone_version", 1),
    "a lesson": lambda e: e.journalled.pop(pseudonym("p0")),
    "the way to a model version": lambda e: e.versions.pop(9),
    "an incident in one partition": lambda e: e.seen.pop((2, "i0")),
    "a promise that notify-svc never read": lambda e: e.read.pop("p0"),
    "a gap that notify-svc never read": lambda e: e.read.update(p0=(e.read["p0"][0], 16)),
    "a notice that risk-svc never heard of": lambda e: e.told.pop("p0"),
}
TWICE: dict[str, Spoil] = {
    "a change of a promise": lambda e: _version(e, 1),
    "a contact": lambda e: e.contacts.update({"c-p0": 2}),
    "a milestone": _step_again,
    "a report of an incident": lambda e: e.sightings.append(e.sightings[0]),
    "an event in the outbox": lambda e: e.published["delivery"].append(e.published["delivery"][0]),
    "a fold": lambda e: _folded(e, "promise_version", 9),
    "an incident in one partition": lambda e: e.seen.update({(2, "i0"): 4}),
}


@pytest.mark.parametrize("spoil", LOST.values(), ids=LOST)
def test_what_is_lost_is_found(spoil: Spoil) -> None:
    assert found_after(spoil)["lost"] >= 1


@pytest.mark.parametrize("spoil", TWICE.values(), ids=TWICE)
def test_what_took_effect_twice_is_found(spoil: Spoil) -> None:
    assert found_after(spoil)["twice"] >= 1


def test_a_model_that_the_journal_does_not_teach_is_found() -> None:
    assert found_after(lambda effects: effects.versions.update({7: False})) == {"wrong": 1}


def test_wrong_dates_are_found() -> None:
    def spoil(effects: Effects) -> None:
        effects.promises["p0"] = effects.promises["p0"]._replace(held="2026-01-01T00:00:00+00:00")

    assert found_after(spoil) == {"wrong": 1}


def test_a_wrong_fold_is_found_whichever_fact_it_is() -> None:
    expected, effects = world()
    for field in expected.folded["h0"]:
        if field.endswith("_version"):
            continue
        effects.folded["h0"] = dict(expected.folded["h0"]) | {field: "something else"}
        assert judge(expected, effects)["wrong"], field


def test_a_gap_in_the_versions_is_found() -> None:
    def spoil(effects: Effects) -> None:
        last = effects.trail["h0"].pop()
        effects.trail["h0"].append((last[0] + 1, last[1]))

    assert found_after(spoil) == {"wrong": 1}


def test_a_promise_that_nobody_made_is_found() -> None:
    assert found_after(lambda e: e.folded.update(ghost=e.folded["h0"])) == {"wrong": 1}


@pytest.mark.parametrize("what", ["unsent", "buried", "waiting"])
def test_what_is_left_over_is_found(what: str) -> None:
    assert found_after(lambda e: getattr(e, what).append("something")) == {"stuck": 1}


@pytest.mark.parametrize(("channel", "name"), [("email", "n1"), ("slack", "n2"), ("sms", "n3")])
def test_a_message_in_its_sink_twice_is_found(channel: str, name: str) -> None:
    assert found_after(lambda e: e.arrived.append(Arrival(channel, name))) == {"message_twice": 1}


def test_a_message_in_two_sinks_is_twice_and_unaccounted_in_the_second() -> None:
    found = found_after(lambda e: e.arrived.append(Arrival("teams", "n2")))
    assert found == {"message_twice": 2, "message_unaccounted": 1}


@pytest.mark.parametrize(("channel", "name"), [("email", "n1"), ("slack", "n2")])
def test_a_message_called_sent_that_the_sink_never_got_is_found(channel: str, name: str) -> None:
    assert found_after(lambda e: e.arrived.remove(Arrival(channel, name))) == {"message_lost": 1}


def test_a_message_in_the_wrong_sink_is_lost_in_its_own() -> None:
    def spoil(effects: Effects) -> None:
        effects.arrived[1] = Arrival("webhook", "n2")

    assert found_after(spoil) == {"message_lost": 1, "message_unaccounted": 1}


def test_an_unknown_message_need_not_be_in_the_sink() -> None:
    assert found_after(lambda e: e.arrived.remove(Arrival("sms", "n3"))) == {}


def test_a_message_that_no_notice_stands_for_is_found() -> None:
    assert found_after(lambda e: e.arrived.append(Arrival("slack", "n9"))) == {"message_unaccounted": 1}


@pytest.mark.parametrize("state", ["pending", "sending", "suppressed", "failed", "held"])
def test_a_message_in_the_sink_whose_notice_says_otherwise_is_found(state: str) -> None:
    def spoil(effects: Effects) -> None:
        effects.notices[0] = effects.notices[0]._replace(state=state)

    found = found_after(spoil)
    assert found["message_unaccounted"] == 1
    assert ("stuck" in found) == (state in ("pending", "sending"))


def test_an_unknown_message_that_is_not_shown_is_found() -> None:
    assert found_after(lambda e: e.shown.clear()) == {"unknown_hidden": 1, "message_unaccounted": 1}


def test_a_message_shown_as_unknown_that_is_not_is_found() -> None:
    assert found_after(lambda e: e.shown.add("n1")) == {"unknown_hidden": 1}


def test_risk_keeps_the_newest_eight_notices_of_a_promise() -> None:
    expected, effects = world()
    more = [Notice(f"m{number}", "p2", "sent", 3) for number in range(10)]
    effects = replace(
        effects, notices=effects.notices + more, arrived=effects.arrived + [Arrival("email", one.id) for one in more]
    )
    effects.told["p2"] = {(one.id, 3) for one in more[2:]}
    assert judge(expected, effects).total == 0
    effects.told["p2"].pop()
    assert judge(expected, effects)["lost"]


def test_the_findings_say_what_and_how_many() -> None:
    expected, effects = world()
    effects.arrived += [Arrival("email", "n1"), Arrival("email", "n9")]
    text = judge(expected, effects).text()
    assert "message_twice 1\n    email n1 × 2" in text
    assert "message_unaccounted 1\n    email n9: no such notice" in text
    assert "lost 0" in text


def test_each_channel_has_its_own_figures() -> None:
    expected, effects = world()
    effects.arrived += [Arrival("sms", "n3"), Arrival("slack", "n9")]
    effects.arrived.remove(Arrival("email", "n1"))
    effects.repeated["webhook"] = 2
    found = channels_of(effects, judge(expected, effects))
    assert list(found) == list(CHANNELS)
    assert {channel: list(figures.values()) for channel, figures in found.items()} == {
        "email": [1, 0, 0, 0, 1, 0, 0],
        "slack": [1, 0, 2, 0, 0, 0, 1],
        "teams": [0] * 7,
        "sms": [0, 1, 2, 0, 0, 1, 0],
        "webhook": [0, 0, 0, 2, 0, 0, 0],
    }
