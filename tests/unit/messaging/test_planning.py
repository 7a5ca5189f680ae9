"""What is delivered, parked and skipped: order within a subject, limits in mid-batch, offsets without gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Record
from candor.messaging.limits import Limits
from candor.messaging.planning import Action, Continuity, OwnedPartition, Plan, plan, private, read
from candor.messaging.slices import Slice
from candor.messaging.suspicion import halves
from candor.records.origin import FOREIGN
from candor.store.dead_letter import BEHIND, HeldLetters
from tests.unit.messaging.records import FetchedRecord, bad, good, own, piece

LIMITS = Limits()
FOREIGN_REASON = min(FOREIGN)


def decided(part: Slice, owner: OwnedPartition | None = None, limits: Limits = LIMITS) -> Plan:
    return plan("g", owner or own(), part, {}, limits)


def subjects(result: Plan) -> list[str]:
    return [message.envelope.subject for message in result.deliver]


def test_a_clean_slice_is_delivered_whole_and_as_it_is() -> None:
    part = piece(good(offset) for offset in range(5))
    result = decided(part)
    assert result.deliver is part.messages
    assert (result.letters, result.following, result.halted) == ([], 5, "")


def test_a_bad_record_is_parked_and_its_neighbours_go_on() -> None:
    result = decided(piece([good(0), bad(1), good(2)]))
    assert subjects(result) == ["p0", "p2"]
    [letter] = result.letters
    assert (letter.offset, letter.topic, letter.subject, letter.reason) == (1, "promises", "p1", "bad_data")
    assert letter.record.value == b"{"
    assert result.following == 3


def test_later_events_of_a_subject_park_behind_the_bad_one_and_others_do_not() -> None:
    result = decided(piece([good(0, "a"), bad(1, "a"), good(2, "b"), good(3, "a")]))
    assert subjects(result) == ["a", "b"]
    assert [(letter.offset, letter.reason) for letter in result.letters] == [(1, "bad_data"), (3, BEHIND)]
    assert ("promises", "a") in result.held


def test_a_partition_halts_once_too_many_letters_wait_whatever_they_wait_for() -> None:
    limits = Limits(waiting=3)
    result = decided(piece([bad(0, "a"), *(good(offset, "a") for offset in range(1, 9))]), limits=limits)
    assert (len(result.letters), result.following) == (3, 3)
    assert result.halted == "promises: 3 dead letters wait for a person"
    owner = own()
    letters = [HeldLetters("promises", "a", 0, "bad_data"), *(HeldLetters("promises", "a", n, BEHIND) for n in (1, 2))]
    owner.remember(letters, limits)
    assert owner.halted == "3 dead letters wait for a person"
    owner.remember(letters[:2], limits)
    assert owner.halted == ""
    result = decided(piece([good(3, "a"), good(4, "a")]), owner, limits)
    assert (len(result.letters), result.following) == (1, 4)


def test_forged_records_halt_nothing_however_many_are_kept() -> None:
    limits, owner = Limits(waiting=3), own()
    forged = FOREIGN_REASON, "not signed by promise-svc"
    part = piece(good(offset) for offset in range(9))
    result = decided(part._replace(faults=dict.fromkeys(range(8), forged)), owner, limits)
    assert ([letter.offset for letter in result.letters], subjects(result), result.halted) == ([0, 1, 2], ["p8"], "")
    owner.remember([HeldLetters("promises", "", offset, FOREIGN_REASON) for offset in range(3)], limits)
    assert owner.halted == ""
    result = decided(part._replace(faults=dict.fromkeys(range(4), forged)), owner, limits)
    assert (result.letters, len(result.deliver)) == ([], 5)


def test_what_was_held_before_keeps_its_subject_waiting() -> None:
    owner = own()
    owner.remember([HeldLetters("promises", "a", 0, "bad_data")], LIMITS)
    assert subjects(decided(piece([good(1, "a"), good(2, "b")]), owner)) == ["b"]


def test_the_same_subject_on_another_topic_is_another_matter() -> None:
    owner = own()
    owner.remember([HeldLetters("milestones", "a", 0, "bad_data")], LIMITS)
    assert subjects(decided(piece([good(1, "a")]), owner)) == ["a"]


def test_a_record_without_a_readable_subject_holds_nobody() -> None:
    garbage = FetchedRecord(0, None, None, [])
    result = decided(piece([garbage, good(1)]))
    assert [letter.reason for letter in result.letters] == ["missing_attribute"]
    assert result.letters[0].record == Record(b"", b"", [])
    assert result.held == set()
    assert subjects(result) == ["p1"]


def test_headers_without_values_are_a_dead_letter_and_no_crash() -> None:
    headers = [(name, None) for name, _ in good(0).headers]
    strange = FetchedRecord(0, b"c1", b"{}", headers)  # type: ignore[arg-type]
    result = decided(piece([strange, good(1)]))
    assert len(result.letters) == 1
    assert subjects(result) == ["p1"]


def test_a_known_rejection_is_parked_under_its_own_reason() -> None:
    known = {(0, "promises", 1): ("not_open", "the promise is not open")}
    result = plan("g", own(), piece([good(0), good(1), good(2)]), known, LIMITS)
    assert subjects(result) == ["p0", "p2"]
    assert result.letters[0].reason == "not_open"


def test_a_known_rejection_of_another_partition_is_none_of_ours() -> None:
    known = {(3, "promises", 1): ("not_open", "")}
    assert len(plan("g", own(), piece([good(0), good(1)]), known, LIMITS).deliver) == 2


def test_twenty_in_a_row_stop_the_slice_right_after_the_twentieth() -> None:
    result = decided(piece([*(bad(offset) for offset in range(50)), good(50)]))
    assert len(result.letters) == 20
    assert result.following == 20
    assert "20 dead letters in a row" in result.halted
    assert result.deliver == []


def test_what_waits_behind_neither_counts_nor_breaks_the_row() -> None:
    records = []
    for number in range(19):
        records += [bad(2 * number, f"s{number}"), good(2 * number + 1, f"s{number}")]
    assert decided(piece(records)).halted == ""
    assert decided(piece([*records, bad(38, "last")])).halted != ""


def test_a_plan_changes_nothing_that_its_transaction_might_take_back() -> None:
    owner = own()
    owner.remember([], LIMITS)
    before = owner.guards["promises"]
    decided(piece([bad(0), bad(1)]), owner)
    assert owner.guards["promises"] is before
    assert (before.run, before.seen, owner.held) == (0, 0, set())


def test_records_before_the_next_offset_are_left_out() -> None:
    part = piece([good(5), bad(6), good(7), bad(8)])
    rest = part.since(7)
    assert [record.offset for record in rest.records] == [7, 8]
    assert list(rest.faults) == [1]
    assert part.since(3) is part
    assert list(part.since(9).records) == []


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.data())
def test_halves_keep_every_record_once_and_in_order(kinds: list[bool], data: st.DataObject) -> None:
    records = [good(offset) if kind else bad(offset) for offset, kind in enumerate(kinds)]
    cut = data.draw(st.integers(0, len(records)))
    pieces = [piece(part) for part in (records[:cut], records[cut:]) if part]
    first, second = halves(pieces, len(records))
    sizes = [sum(len(part.records) for part in half) for half in (first, second)]
    assert sizes == [len(records) // 2, len(records) - len(records) // 2]
    parts = [*first, *second]
    assert [record for part in parts for record in part.records] == records
    assert all(message is None for part in parts for message in [part.messages[index] for index in part.faults])
    assert sum(len(part.faults) for part in parts) == kinds.count(False)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=80))
def test_every_record_is_delivered_or_parked_and_no_subject_goes_on_after_a_letter(
    events: list[tuple[str, bool]],
) -> None:
    records = [good(o, name) if fine else bad(o, name) for o, (name, fine) in enumerate(events)]
    if not records:
        return
    result = decided(piece(records))
    assert len(result.deliver) + len(result.letters) == result.following
    first: dict[str, int] = {}
    for letter in result.letters:
        first.setdefault(letter.subject, letter.offset)
    kept = {letter.offset for letter in result.letters}
    for offset, (name, _) in enumerate(events[: result.following]):
        assert (offset in kept) == (offset >= first.get(name, len(events)))


def test_private_messages_are_equal_and_not_the_same() -> None:
    part = read("promises", [good(0), bad(1)])
    twin = private(part)
    assert twin.messages == part.messages
    assert twin.messages[0] is not part.messages[0]


@pytest.mark.parametrize(
    ("first", "last", "following", "steps"),
    [
        (10, 20, 10, [Action.USE, Action.USE]),
        (10, 20, 15, [Action.USE, Action.USE]),
        (10, 20, 20, [Action.USE, Action.USE]),
        (10, 20, 9, [Action.AGAIN, Action.HOLE]),
        (10, 20, 21, [Action.AGAIN, Action.RESET]),
    ],
)
def test_only_a_second_fetch_that_says_the_same_is_believed(
    first: int, last: int, following: int, steps: list[Action]
) -> None:
    continuity = Continuity()
    assert [continuity.check(("promises", 0), first, last, following) for _ in steps] == steps


def test_a_fetch_that_fits_clears_an_earlier_doubt() -> None:
    continuity = Continuity()
    name = ("promises", 0)
    assert continuity.check(name, 10, 20, 9) is Action.AGAIN
    assert continuity.check(name, 9, 20, 9) is Action.USE
    assert continuity.check(name, 10, 20, 9) is Action.AGAIN
