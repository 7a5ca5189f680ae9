"""Drafts: fields that are said by and by, of which the newest count, until nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from promise_svc.domain import Make
from promise_svc.domain.draft import REQUIRED, Draft, DraftState, outline
from promise_svc.domain.promise import Outline
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import HOUR, to_make
from tests.unit.promise.domain.stories import MINUTE

WHOLE = {"customer_id": "c1", "kind": "install", "what": "Espresso machine", "due": "2013-03-09T12:00:00Z"}


def read(_fields: Mapping[str, Any], _at: datetime) -> Make:
    return to_make()


def said(*, reported: bool = True, **fields: Any) -> Outline:
    return Outline(promise_id="p1", fields=fields, read=read, reported=reported)


def heard(*parts: tuple[int, Mapping[str, Any]]) -> Draft:
    """The draft after parts that were said so many minutes after noon, in the order in which they arrive."""
    draft: Draft | None = None
    for minute, fields in parts:
        draft = outline(draft, said(**fields), "crm", NOON + minute * MINUTE, historical=False)
    assert draft is not None
    return draft


def test_a_draft_says_what_is_missing() -> None:
    draft = heard((0, {"customer_id": "c1", "value": 120.0}))
    assert (draft.missing, draft.customer_id, draft.state) == (("kind", "what", "due"), "c1", DraftState.DRAFT)
    assert heard((0, {"kind": "install"})).customer_id == ""
    assert draft.document == {"customer_id": "c1", "value": 120.0}


def test_of_each_field_what_was_said_last_counts_whenever_it_comes() -> None:
    draft = heard((5, {"what": "Two machines", "kind": "install"}), (1, {"what": "A machine", "value": 80}))
    assert draft.document == {"what": "Two machines", "kind": "install", "value": 80}
    assert draft.newest_at == NOON + 5 * MINUTE


def test_a_promise_was_made_when_the_last_of_what_it_has_was_said() -> None:
    late_value = (9, {"value": 80})
    draft = heard((3, {"due": WHOLE["due"]}), late_value, (1, {"customer_id": "c1", "kind": "install", "what": "x"}))
    assert (draft.missing, draft.complete_at) == ((), NOON + 3 * MINUTE)


def test_what_our_own_user_says_follows_what_a_sender_said_by_a_clock_that_is_ahead() -> None:
    ahead = heard((4, {"what": "A machine"}))
    ours = outline(ahead, said(reported=False, what="Two machines"), "anna", NOON, historical=False)
    assert ours.document == {"what": "Two machines"}
    assert ours.newest_at > NOON + 4 * MINUTE
    assert ours.source == "crm"


def test_a_sender_that_says_two_things_at_one_moment_is_understood_alike_in_both_orders() -> None:
    one, other = (1, {"what": "A"}), (1, {"what": "B"})
    assert heard(one, other) == heard(other, one)


PARTS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.dictionaries(st.sampled_from([*REQUIRED, "value", "owner"]), st.sampled_from(["a", "b"]), min_size=1),
    ),
    min_size=1,
    max_size=6,
)


@given(PARTS, st.randoms(use_true_random=False))
def test_every_order_of_arrival_makes_the_same_draft(parts: Sequence[tuple[int, dict[str, str]]], chance: Any) -> None:
    arrived = [*parts, parts[0]]
    chance.shuffle(arrived)
    note(f"arrived as {arrived}")
    assert heard(*arrived) == heard(*parts)


def test_an_hour_of_fields_keeps_when_each_was_said() -> None:
    draft = heard((0, {"what": "x"}), (60, {"kind": "y"}))
    assert {name: field.at for name, field in draft.fields.items()} == {"what": NOON, "kind": NOON + HOUR}
