"""The search for an event that is too much: halves, trials, and what a restart makes of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from candor.messaging.slices import Slice
from candor.messaging.suspicion import DIED, Budget, Suspicion, recalled
from tests.unit.messaging.records import good, piece

BUDGET = Budget()


def part(low: int, high: int) -> list[Slice]:
    return [piece(good(offset) for offset in range(low, high))] if low < high else []


@given(st.integers(1, 300), st.data())
def test_the_culprit_is_found_whatever_its_place_and_whatever_ends_the_process(total: int, data: st.DataObject) -> None:
    culprit = data.draw(st.integers(0, total - 1))
    offset, tries, known = 0, 0, Suspicion()
    while not known.stuck:
        tries += 1
        assert tries < 60
        trial = known.choose(part(offset, total), BUDGET)
        [(low, high)] = known.trial.values()
        assert (low, trial[0].records[0].offset) == (offset, offset)
        if low <= culprit < high:
            if data.draw(st.booleans()):
                again = recalled(known.rows(), {"promises": offset}, BUDGET)
                assert again is not None
                known = again
            else:
                known.failed("slow", BUDGET)
        else:
            offset = high
            assert not known.passed({"promises": offset})
    assert known.ranges == {"promises": (culprit, culprit + 1)}


def test_nothing_is_suspected_once_all_of_it_is_applied() -> None:
    known = Suspicion()
    known.choose(part(0, 10), BUDGET)
    assert known.passed({"promises": 10})
    assert known.rows() == []


def test_a_trial_that_was_applied_before_its_process_ended_is_not_what_it_died_of() -> None:
    known = Suspicion({"promises": (0, 8)}, failures=2)
    known.choose(part(0, 8), BUDGET)
    assert known.trial == {"promises": (0, 4)}
    again = recalled(known.rows(), {"promises": 4}, BUDGET)
    assert again is not None
    assert (again.ranges, again.failures) == ({"promises": (4, 8)}, 2)
    assert recalled(known.rows(), {"promises": 8}, BUDGET) is None


def test_records_beyond_what_is_suspected_wait() -> None:
    known = Suspicion({"promises": (0, 4)}, failures=1)
    [trial] = known.choose(part(0, 100), BUDGET)
    assert len(trial.records) == 4
    assert known.choose(part(50, 100), BUDGET) == []


def test_what_a_process_died_of_is_not_tried_by_the_next_and_what_an_error_stopped_is_tried_once() -> None:
    known = Suspicion({"promises": (3, 4)}, failures=2)
    for error in (DIED, "QueryCanceledError"):
        known.choose(part(3, 4), BUDGET)
        known.failed(error, BUDGET)
        again = recalled(known.rows(), {"promises": 3}, BUDGET)
        assert again is not None
        assert bool(again.stuck) is (error == DIED)
        again.choose(part(3, 4), BUDGET)
        again.failed("QueryCanceledError", BUDGET)
        assert again.stuck
