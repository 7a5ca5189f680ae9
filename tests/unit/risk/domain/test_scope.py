"""Scope: what of a promise is not delivered, from reports in any order; the S of its gap, and its words."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Component, Message, MilestoneStatus, ScopeItem, Standing, Verdict
from risk_svc.domain.components.scope import missing_open, missing_settled, words
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.frozen_forecasts import given_up_at
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.scoring import event_of, score_open, score_settled
from risk_svc.domain.standings import standing
from risk_svc.domain.state import ItemState, PromiseState, folded, from_bytes, to_bytes
from tests.support.risk import ARRIVES, DEPARTS, DEPARTS_S, DUE_S, M, Story, prediction

ITEMS = [ScopeItem("seat", 3.0), ScopeItem("bag", 1.0), ScopeItem("meal", 1.0)]
SURE = prediction(p_slip=0.0, q50=DUE_S - 900, q80=DUE_S - 600, q90=DUE_S - 300, lateness=0.0, basis="flight")
share = st.floats(0, 1)
items = st.lists(
    st.builds(ItemState, st.just("x"), st.floats(0.001, 1e6), st.booleans(), st.none() | share), min_size=1, max_size=6
)


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
    return state


def shares(state: PromiseState) -> dict[str, float]:
    return {name: x for name, x, _, _ in state.view.shares}


def evidence(state: PromiseState) -> str:
    return next(text for name, _, _, text in state.view.shares if name == "scope")


def scored(state: PromiseState, never: float = 0.0, now: float = DEPARTS_S) -> PromiseState:
    score_open(state, [], replace(SURE, never=never), now, GapDefinition(), math.inf)
    return state


def settled(state: PromiseState) -> PromiseState:
    score_settled(state, standing(state), DUE_S, GapDefinition())
    return state


@given(items, share)
def test_it_lies_between_nothing_and_all(scope: list[ItemState], coming: float) -> None:
    state = PromiseState(promise_id="p1", customer_id="c1", scope=scope)
    assert 0.0 <= missing_open(state, coming) <= 1.0


@given(items, share, share)
def test_it_never_grows_with_what_is_delivered_or_expected(scope: list[ItemState], more: float, coming: float) -> None:
    state = PromiseState(promise_id="p1", customer_id="c1", scope=scope)
    before = missing_open(state, coming)
    assert missing_open(state, max(coming, more)) <= before + 1e-9
    better = [msgspec.structs.replace(item, share=max(more, item.share or 0.0)) for item in scope]
    assert missing_open(PromiseState(promise_id="p1", customer_id="c1", scope=better), coming) <= before + 1e-9


@given(items, share)
def test_what_is_not_supported_never_counts(scope: list[ItemState], coming: float) -> None:
    claimed = [msgspec.structs.replace(item, supported=False, share=1.0) for item in scope]
    assert missing_open(PromiseState(promise_id="p1", customer_id="c1", scope=claimed), coming) == 1.0


@given(items, st.floats(0.01, 100))
def test_only_the_relation_of_weights_matters(scope: list[ItemState], factor: float) -> None:
    scaled = [msgspec.structs.replace(item, weight=item.weight * factor) for item in scope]
    one, other = (
        missing_open(PromiseState(promise_id="p1", customer_id="c1", scope=found), 0.5) for found in (scope, scaled)
    )
    assert one == pytest.approx(other)


def test_a_promise_without_scope_items_has_no_such_gap() -> None:
    story = Story()
    state = scored(state_of(story.made()), 0.4)
    assert "scope" not in shares(state)
    other = Story()
    done = settled(state_of(other.made(), other.milestone("arrived", 5)))
    assert done.view.score == 0.0


def test_what_is_not_delivered_yet_counts_as_far_as_it_is_likely_to_come_at_all() -> None:
    story = Story()
    state = scored(state_of(story.made(scope=ITEMS)), 0.25)
    assert shares(state) == {"scope": pytest.approx(0.25)}
    assert evidence(state) == "0 of 3 items delivered"
    boarded = story.milestone("boarded", at=DEPARTS - 20 * M, delivered={"seat": 1.0, "bag": 0.5})
    fold(state, boarded.envelope, boarded.data)
    scored(state, 0.25)
    # The seat weighs 3 of 5; half of the bag and the meal, 1 each, may never come.
    assert shares(state)["scope"] == pytest.approx(0.25 * 1.5 / 5)
    assert evidence(state) == "1 of 3 items delivered, 1 in part"
    assert sum(part for _, _, part, _ in state.view.shares) == pytest.approx(1.0)


def test_being_late_is_not_missing_but_being_given_up_is() -> None:
    state = state_of(Story().made(scope=ITEMS))
    assert "scope" not in shares(scored(state, 0.0, DUE_S + 60))
    assert shares(scored(state, 0.0, given_up_at(state)))["scope"] == 1.0


def test_what_was_claimed_and_is_not_to_be_had_is_missing_from_the_beginning() -> None:
    scope = [*ITEMS, ScopeItem("lounge with a very long name that nobody reads to its end", 5.0, False)]
    state = scored(state_of(Story().made(scope=scope)))
    assert shares(state) == {"scope": pytest.approx(0.5)}
    assert evidence(state) == "0 of 4 items delivered; not supported: lounge with a very long name that nobody"
    assert state.view.score == pytest.approx(45.0)
    many = state_of(Story().made(scope=[ScopeItem(f"s{number}", 1.0, False) for number in range(5)]))
    assert words(many, Standing.OPEN) == "0 of 5 items delivered; not supported: s0, s1, s2 and 2 more"


def test_kept_in_time_and_not_in_full_is_a_gap() -> None:
    story = Story()
    arrived = story.milestone("arrived", 5, delivered={"seat": 1.0, "bag": 1.0, "meal": 0.0})
    state = settled(scored(state_of(story.made(scope=ITEMS), arrived)))
    assert standing(state) is Standing.KEPT
    assert shares(state) == {"scope": pytest.approx(0.2)}
    assert evidence(state) == "2 of 3 items delivered"
    found = event_of(state, Standing.KEPT, [])
    assert [(part.component, part.evidence) for part in found.contributions] == [
        (Component.SCOPE, "2 of 3 items delivered")
    ]
    assert found.score == pytest.approx(18.0)
    # Whoever tells the customer how it ended needs to know.
    assert found.missing == pytest.approx(0.2)
    assert event_of(state, Standing.WITHDRAWN, []).missing == 0.0
    assert event_of(scored(state_of(Story().made(scope=ITEMS))), Standing.OPEN, []).missing == 0.0


@pytest.mark.parametrize(
    ("end", "stands", "missing"),
    [
        # Nobody ever named an item: the completion stands for all of them.
        (lambda s: [s.milestone("arrived", 5)], Standing.KEPT, 0.0),
        (lambda s: [s.milestone("arrived", 90)], Standing.BROKEN, 0.0),
        # Somebody named some: the others were not delivered.
        (lambda s: [s.milestone("arrived", 5, delivered={"seat": 1.0})], Standing.KEPT, 0.4),
        (lambda s: [s.milestone("departed", delivered={"bag": 0.5}), s.milestone("arrived", 5)], Standing.KEPT, 0.9),
        (lambda s: [s.milestone("arrived", 5, status=MilestoneStatus.CANCELLED)], Standing.CANCELLED, 1.0),
        (lambda s: [s.milestone("arrived", 5, status=MilestoneStatus.MISSED)], Standing.BROKEN, 1.0),
        (lambda s: [s.settled(Verdict.BROKEN)], Standing.BROKEN, 1.0),
        # Whoever says kept has accepted what was delivered.
        (lambda s: [s.milestone("departed", delivered={"bag": 0.5}), s.settled(Verdict.KEPT)], Standing.KEPT, 0.0),
    ],
)
def test_once_it_is_over_what_was_delivered_counts(end, stands, missing) -> None:  # type: ignore[no-untyped-def]
    story = Story()
    state = settled(state_of(story.made(scope=ITEMS), *end(story)))
    assert standing(state) is stands
    assert missing_settled(state, stands) == pytest.approx(missing)
    assert shares(state).get("scope", 0.0) == pytest.approx(missing)


def test_a_withdrawn_promise_misses_nothing() -> None:
    story = Story()
    assert settled(state_of(story.made(scope=ITEMS), story.withdrawn())).view.score == 0.0


def test_acceptance_does_not_make_up_for_what_never_existed() -> None:
    story = Story()
    scope = [ScopeItem("seat"), ScopeItem("lounge", 1.0, False)]
    state = settled(state_of(story.made(scope=scope), story.settled(Verdict.KEPT)))
    assert shares(state) == {"scope": 0.5}


def reports(story: Story) -> list[Message]:
    at = [DEPARTS - 30 * M, DEPARTS, ARRIVES]
    parts: list[dict[str, float]] = [
        {"seat": 1.0, "bag": 0.5, "unknown": 1.0},
        {"bag": 1.0},
        {"bag": 0.25, "meal": 1.0},
    ]
    return [
        story.milestone(f"s{n}", at=when, delivered=part) for n, (when, part) in enumerate(zip(at, parts, strict=True))
    ]


@given(st.permutations([0, 1, 2]), st.integers(0, 3))
def test_the_report_with_the_latest_time_stands_whatever_the_order(order: list[int], made: int) -> None:
    story = Story()
    told = reports(story)
    numbered = [again_as(told[index], number) for number, index in enumerate(order, 1)]
    promise = story.made(scope=ITEMS)
    state = state_of(*numbered[:made], promise, *numbered[made:])
    assert [(item.name, item.share) for item in state.scope] == [("seat", 1.0), ("bag", 0.25), ("meal", 1.0)]
    for item in numbered:
        assert fold(state, item.envelope, item.data) is FoldOutcome.OLD


def again_as(item: Message, version: int) -> Message:
    return Message(msgspec.structs.replace(item.envelope, version=version), item.data)


@pytest.mark.parametrize("made", [0, 1, 2, 3])
def test_reports_and_promise_commute(made: int) -> None:
    story = Story()
    told, promise = reports(story), story.made(scope=ITEMS)
    expected = folded(state_of(promise, *told))
    assert folded(state_of(*told[:made], promise, *told[made:])) == expected


def test_of_two_reports_of_one_time_the_one_taken_last_stands() -> None:
    story = Story()
    told = [story.milestone("x", at=DEPARTS, delivered={"bag": share}) for share in (1.0, 0.5)]
    assert state_of(story.made(scope=ITEMS), *told).scope[1].share == 0.5


def test_a_state_stored_before_there_were_scope_items_is_read_with_none() -> None:
    state = state_of(Story().made())
    row = msgspec.msgpack.decode(to_bytes(state))
    place = PromiseState.__struct_fields__.index("scope")
    assert row[place] == []
    assert from_bytes(msgspec.msgpack.encode(row[:place])) == state


def test_a_state_with_scope_items_comes_back_from_its_bytes() -> None:
    story = Story()
    state = state_of(story.made(scope=ITEMS), *reports(story))
    assert from_bytes(to_bytes(state)) == state
