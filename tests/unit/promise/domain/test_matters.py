"""Matters: the table of their moves, and the fold of their entries in whatever order they arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.domain import MACHINES, Enter, Entry, Kind, Matter, Refusal, RefusalReason, enter, repeats
from promise_svc.domain.limits import ENTRIES
from promise_svc.domain.machines import EXPIRED
from promise_svc.domain.matter import fold
from tests.support.clocks import NOON

M = timedelta(minutes=1)
EVERY = [(kind, before, action) for kind in Kind for before in (None, *sorted(MACHINES[kind].states))
         for action in sorted(MACHINES[kind].actions)]  # fmt: skip


def command(kind: Kind, action: str, minute: int = 0, *, waits: bool = False, **content: Any) -> Enter:
    return Enter(kind=kind, matter_id="m1", action=action, at=NOON + minute * M, content=content, waits=waits)


def way(kind: Kind, state: str | None) -> list[str]:
    """The shortest row of actions that leads to a state."""
    ways: dict[str | None, list[str]] = {None: []}
    while state not in ways:
        ways |= {
            after: [*ways[before], action]
            for (before, action), after in MACHINES[kind].moves.items()
            if before in ways and after not in ways
        }
    return ways[state]


def at_state(kind: Kind, state: str | None) -> tuple[Matter | None, list[Entry]]:
    matter: Matter | None = None
    entries: list[Entry] = []
    for minute, action in enumerate(way(kind, state)):
        matter, entry = enter(matter, entries, command(kind, action, minute))
        entries.append(entry)
    return matter, entries


@pytest.mark.parametrize(("kind", "before", "action"), EVERY)
def test_every_move_is_made_or_refused_as_the_table_says(kind: Kind, before: str | None, action: str) -> None:
    matter, entries = at_state(kind, before)
    assert (None if matter is None else matter.state) == before
    following = MACHINES[kind].moves.get((before, action))
    said = command(kind, action, 60)
    if following is None:
        with pytest.raises(Refusal) as refused:
            enter(matter, entries, said)
        begins = action == MACHINES[kind].begins and not MACHINES[kind].replaces
        expected = RefusalReason.PROMISE_EXISTS if begins else RefusalReason.NOT_NOW
        assert refused.value.why is (RefusalReason.UNKNOWN_MATTER if matter is None else expected)
        return
    found, entry = enter(matter, entries, said)
    assert (found.state, found.in_effect, found.version) == (following, True, (matter.version if matter else 0) + 1)
    assert (entry.number, entry.action) == (found.version if MACHINES[kind].keeps else entry.number, action)


def test_newer_words_are_not_said_to_be_of_who_spoke_before() -> None:
    matter, entries = at_state(Kind.CHALLENGE, "opened")
    said = [("answered", {"reason": "it is done", "person": "kim"}), ("settled", {"reason": "it is not"})]
    for minute, (action, words) in enumerate(said, 1):
        matter, entry = enter(matter, entries, replace(command(Kind.CHALLENGE, action, minute), words=words))
        entries.append(entry)
        assert matter.words == words
    claim, made = at_state(Kind.CLAIM, None)
    for minute, (action, words) in enumerate((("made", {"person": "kim"}), ("corrected", {}))):
        claim, entry = enter(claim, made, replace(command(Kind.CLAIM, action, minute), words=words))
        made.append(entry)
        assert claim.words == {"person": "kim"}


def test_of_an_account_what_was_said_earlier_is_not_in_effect() -> None:
    known, _ = enter(None, [], command(Kind.ACCOUNT, "set", 60, exposure=2))
    for minute, stands in ((59, False), (60, True), (61, True)):
        found, _ = enter(known, [], command(Kind.ACCOUNT, "set", minute, waits=True, exposure=1))
        assert (found.content["exposure"], found.in_effect) == (1 if stands else 2, stands)


@pytest.mark.parametrize("kind", Kind)
def test_refusals_name_a_kind_by_a_word_of_the_glossary(kind: Kind) -> None:
    with pytest.raises(Refusal, match=f" {kind.words}"):
        enter(None, [], command(kind, "unheard of"))
    words = (Path(__file__).parents[4] / "docs" / "glossary.md").read_text()
    assert kind.words in words


@pytest.mark.parametrize("kind", Kind)
def test_each_table_has_one_beginning_and_no_state_out_of_reach(kind: Kind) -> None:
    machine = MACHINES[kind]
    assert [before for before, _ in machine.moves].count(None) == 1
    assert {state for state, _ in machine.moves if state is not None} <= machine.states
    assert machine.open <= machine.states
    assert EXPIRED not in machine.states
    for state in machine.states:
        assert at_state(kind, state)[0] is not None


@st.composite
def stories(draw: st.DrawFn) -> tuple[Kind, list[Entry]]:
    """Entries of one kind, each at a moment of its own; the first begins it."""
    kind = draw(st.sampled_from([kind for kind in Kind if MACHINES[kind].keeps]))
    machine = MACHINES[kind]
    actions = draw(st.lists(st.sampled_from(sorted(machine.actions)), max_size=6))
    minutes = draw(st.lists(st.integers(1, 90), min_size=len(actions), max_size=len(actions), unique=True))
    ends = {"expires_at": (NOON + 45 * M).isoformat()} if draw(st.booleans()) and kind is Kind.HANDOFF else {}
    first = Entry(1, machine.begins, NOON, {"n": 0, **ends}, {})
    others = [
        Entry(number, action, NOON + minute * M, {"n": minute, f"of {action}": minute}, {"words": f"{minute}"})
        for number, (action, minute) in enumerate(zip(actions, minutes, strict=True), 2)
    ]
    return kind, [first, *others]


@given(stories(), st.randoms(use_true_random=False))
def test_the_state_is_the_same_in_whatever_order_entries_arrive(
    story: tuple[Kind, list[Entry]], random: st.DataObject
) -> None:
    kind, entries = story
    begun = command(kind, MACHINES[kind].begins)
    expected, effects = fold(begun, entries)
    shuffled = [*entries]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    arrived = [entry._replace(number=number) for number, entry in enumerate(shuffled, 1)]
    found, taken = fold(begun, arrived)
    assert found == expected
    assert {arrived[number - 1].at for number in taken} == {entries[number - 1].at for number in effects}


@given(stories())
def test_entering_them_one_by_one_is_the_fold_of_all(story: tuple[Kind, list[Entry]]) -> None:
    kind, entries = story
    matter: Matter | None = None
    kept: list[Entry] = []
    for said in entries:
        if matter is not None and said.action == MACHINES[kind].begins and not MACHINES[kind].replaces:
            continue
        asked = Enter(
            kind=kind,
            matter_id="m1",
            action=said.action,
            at=said.at,
            content=said.content,
            words=said.words,
            waits=True,
        )
        matter, entry = enter(matter, kept, asked)
        kept.append(entry)
    whole, _ = fold(command(kind, MACHINES[kind].begins), kept)
    assert matter is not None
    assert whole is not None
    assert (matter.state, matter.content, matter.words, matter.at) == (
        whole.state,
        whole.content,
        whole.words,
        whole.at,
    )
    assert matter.version == len(kept)


@given(stories(), st.integers(0, 100))
def test_a_repeated_entry_changes_no_state(story: tuple[Kind, list[Entry]], place: int) -> None:
    kind, entries = story
    again = entries[place % len(entries)]
    begun = command(kind, MACHINES[kind].begins)
    before, _ = fold(begun, entries)
    after, _ = fold(begun, [*entries, again._replace(number=len(entries) + 1)])
    assert after == before


def test_an_entry_from_before_the_beginning_is_not_in_effect() -> None:
    begun = command(Kind.HANDOFF, "requested")
    entries = [Entry(1, "requested", NOON, {}, {}), Entry(2, "accepted", NOON - M, {}, {})]
    matter, taken = fold(begun, entries)
    assert matter is not None
    assert matter.state == "requested"
    assert taken == {1}


@pytest.mark.parametrize(("minute", "state"), [(29, "accepted"), (30, "requested"), (31, "requested")])
def test_what_is_accepted_in_time_is_accepted_however_late_it_is_known(minute: int, state: str) -> None:
    ends = (NOON + 30 * M).isoformat()
    matter, entry = enter(None, [], command(Kind.HANDOFF, "requested", expires_at=ends))
    assert (matter.state_at(NOON + 29 * M), matter.state_at(NOON + 30 * M)) == ("requested", EXPIRED)
    found, _ = enter(matter, [entry], command(Kind.HANDOFF, "accepted", minute, waits=True))
    assert (found.state, found.in_effect) == (state, state == "accepted")


def test_what_is_said_anew_undoes_nothing_newer_and_forgets_what_it_does_not_say() -> None:
    for order in permutations(range(3)):
        matter: Matter | None = None
        entries: list[Entry] = []
        for place in order:
            currency: dict[str, Any] = {"currency": "EUR"} if place < 2 else {}
            said = command(Kind.ACCOUNT, "set", place, exposure=place, **currency)
            matter, entry = enter(matter, entries, said)
            entries.append(entry)
        assert matter is not None
        assert (matter.content, matter.at, matter.version) == ({"exposure": 2}, NOON + 2 * M, 3)


@pytest.mark.parametrize(
    ("known", "said", "fine"), [(False, 0, True), (False, 1, False), (True, 1, True), (True, 0, False)]
)
def test_the_version_that_was_read_is_asked_for(known: bool, said: int, fine: bool) -> None:
    matter = enter(None, [], command(Kind.ACCOUNT, "set"))[0] if known else None
    asked = Enter(kind=Kind.ACCOUNT, matter_id="m1", action="set", at=NOON, expected_version=said)
    if fine:
        assert enter(matter, [], asked)[0].version == said + 1
        return
    with pytest.raises(Refusal) as refused:
        enter(matter, [], asked)
    assert refused.value.why is RefusalReason.VERSION_CHANGED


def test_entries_have_an_end() -> None:
    matter, entry = enter(None, [], command(Kind.CHALLENGE, "opened"))
    entries = [entry]
    for minute in range(1, ENTRIES):
        matter, entry = enter(matter, entries, command(Kind.CHALLENGE, "answered", minute))
        entries.append(entry)
    with pytest.raises(Refusal) as refused:
        enter(matter, entries, command(Kind.CHALLENGE, "answered", ENTRIES, waits=True))
    assert (refused.value.why, refused.value.limit) == (RefusalReason.LIMIT_REACHED, ENTRIES)


@pytest.mark.parametrize(
    ("content", "ends"),
    [({}, None), ({"expires_at": "2013-03-08T12:00:00Z"}, NOON), ({"renews_on": "2013-03-08"}, NOON - 720 * M)],
)
def test_a_day_ends_where_it_begins_in_utc(content: dict[str, Any], ends: object) -> None:
    assert enter(None, [], command(Kind.HANDOFF, "requested", **content))[0].ends_at == ends


def test_a_plan_says_since_when_it_is_in_its_state_however_late_what_came_before_is_heard() -> None:
    begun = command(Kind.PLAN, "opened")
    entries = [
        Entry(1, "opened", NOON, {"due": "a", "department": "sales"}, {}),
        Entry(2, "done", NOON + 60 * M, {}, {}),
        # Heard after it was done, and said before: the date counts, the end stays when it was.
        Entry(3, "changed", NOON + 20 * M, {"due": "b"}, {}),
        # Said after it was done: nothing follows.
        Entry(4, "changed", NOON + 70 * M, {"due": "c"}, {}),
        Entry(5, "dropped", NOON + 80 * M, {}, {}),
    ]
    matter, taken = fold(begun, entries)
    assert matter is not None
    assert taken == {1, 2, 3}
    assert (matter.state, matter.at, matter.since) == ("done", NOON, NOON + 60 * M)
    assert matter.content == {"due": "b", "department": "sales"}
    still, _ = fold(begun, entries[::2][:2])
    assert still is not None
    assert (still.state, still.since) == ("open", NOON)


@given(stories())
def test_since_is_the_time_of_an_entry_in_effect_that_led_to_the_state(story: tuple[Kind, list[Entry]]) -> None:
    kind, entries = story
    machine = MACHINES[kind]
    matter, taken = fold(command(kind, machine.begins), entries)
    assert matter is not None
    assert matter.since is not None
    leading = [one for one in entries if one.number in taken and one.at == matter.since]
    assert len(leading) == 1
    assert matter.state in {after for (_, action), after in machine.moves.items() if action == leading[0].action}
    # Whatever else is in effect since then changed the state no more.
    later = [one for one in entries if one.number in taken and one.at > matter.since]
    assert all(machine.moves.get((matter.state, one.action)) == matter.state for one in later)


def published(minute: int, words: str, tags: list[str], **about: Any) -> Enter:
    said = command(Kind.REVIEW, "published", minute, source="s", tags=tags, tagged_by="machine")
    return replace(said, words={"words": words}, **about)


def after(*commands: Enter) -> tuple[Matter, list[Entry]]:
    matter: Matter | None = None
    entries: list[Entry] = []
    for said in commands:
        matter, entry = enter(matter, entries, replace(said, waits=True))
        entries.append(entry)
    assert matter is not None
    return matter, entries


CORRECTED = command(Kind.REVIEW, "tagged", 10, tags=["too_late"], tagged_by="person")


def test_what_a_person_read_stands_over_the_machines_tags_until_the_review_says_something_else_later() -> None:
    first, later = published(0, "old", ["not_told"]), published(20, "new", ["unreachable"])
    matter, _ = after(first, CORRECTED)
    assert (matter.state, matter.content["tags"], matter.words["words"]) == ("tagged", ["too_late"], "old")
    matter, _ = after(first, CORRECTED, later)
    assert (matter.state, matter.content["tags"], matter.words["words"]) == ("published", ["unreachable"], "new")
    # Also where the correction arrives last; and a version of before does not take it back.
    assert after(first, later, CORRECTED)[0].content["tags"] == ["unreachable"]
    assert after(first, CORRECTED, published(5, "edited", ["not_told"]))[0].content["tags"] == ["too_late"]


def test_of_a_review_that_was_removed_nothing_is_left_and_it_does_not_come_back() -> None:
    first, gone = published(0, "old", ["not_told"]), command(Kind.REVIEW, "removed", 10)
    matter, entries = after(first, gone)
    assert (matter.state, matter.content, matter.words) == ("removed", {}, {})
    again, _ = after(first, gone, published(20, "old", ["not_told"]))
    assert (again.state, again.content, again.words, again.in_effect) == ("removed", {}, {}, False)
    for minute in (5, 20):
        with pytest.raises(Refusal) as refused:
            enter(matter, entries, published(minute, "old", ["not_told"]))
        assert refused.value.why is RefusalReason.NOT_NOW


@pytest.mark.parametrize(
    ("said", "same"),
    [
        (published(0, "old", ["not_told"]), False),
        (published(20, "new", ["unreachable"]), True),
        (published(20, "other", ["unreachable"]), False),
        (published(21, "new", ["unreachable"]), False),
        (published(20, "new", []), False),
        (published(20, "new", ["unreachable"], promise_id="p1"), False),
        (published(20, "new", ["unreachable"], customer_id="c1"), False),
        (CORRECTED, False),
    ],
)
def test_a_review_that_comes_again_as_it_is_changes_nothing(said: Enter, same: bool) -> None:
    matter, entries = after(published(20, "old", ["not_told"]), published(20, "new", ["unreachable"]))
    assert repeats(matter, entries, said) is same
    assert not repeats(None, [], said)


def test_what_says_again_how_a_matter_began_repeats_and_nothing_else() -> None:
    for kind in Kind:
        machine = MACHINES[kind]
        begun = command(kind, machine.begins)
        matter, entries = after(begun)
        assert repeats(matter, entries, begun) is (machine.named or not machine.replaces)
        others = ({"content": {"a": 1}}, {"words": {"a": "b"}}, {"promise_id": "p2"}, {"customer_id": "c2"})
        for other in (*others, {"at": begun.at + timedelta(hours=1)}):
            assert not repeats(matter, entries, replace(begun, **other)), (kind, other)
        assert not repeats(None, [], begun)


def test_how_a_matter_began_is_said_again_whenever_it_is_said_without_a_time() -> None:
    begun = command(Kind.WISH, MACHINES[Kind.WISH].begins)
    matter, entries = after(begun)
    assert repeats(matter, entries, replace(begun, at=begun.at + timedelta(hours=1), now=True))


def test_a_review_may_learn_its_promise_later_but_never_another_one() -> None:
    first = published(0, "old", [])
    matter, entries = after(first, published(1, "old", [], promise_id="p1", customer_id="c1"))
    assert (matter.promise_id, matter.customer_id) == ("p1", "c1")
    matter, entry = enter(matter, entries, published(2, "newer", []))
    assert (matter.promise_id, matter.customer_id) == ("p1", "c1")
    for about in ({"promise_id": "p2", "customer_id": "c1"}, {"customer_id": "c2"}):
        with pytest.raises(Refusal) as refused:
            enter(matter, [*entries, entry], published(3, "newest", [], **about))
        assert (refused.value.why, refused.value.pointer) == (RefusalReason.WRONG_FIELD, "/promise_id")


def test_what_is_made_once_is_there_already_whatever_it_names_then() -> None:
    first = replace(command(Kind.CLAIM, "made"), customer_id="c1")
    matter, entry = enter(None, [], first)
    with pytest.raises(Refusal) as refused:
        enter(matter, [entry], replace(first, customer_id="c2"))
    assert refused.value.why is RefusalReason.PROMISE_EXISTS


def test_what_our_own_user_says_now_counts_whatever_clock_a_sender_has() -> None:
    ahead, entry = enter(None, [], command(Kind.CAPABILITY, "set", 4, waits=True, statuses="theirs"))
    ours = replace(command(Kind.CAPABILITY, "set", 0, statuses="ours"), now=True)
    found, placed = enter(ahead, [entry], ours)
    assert (found.content, found.in_effect, placed.at) == ({"statuses": "ours"}, True, NOON + 4 * M)
    at_a_time, _ = enter(ahead, [entry], command(Kind.CAPABILITY, "set", 0, statuses="then"))
    assert at_a_time.content == {"statuses": "theirs"}
