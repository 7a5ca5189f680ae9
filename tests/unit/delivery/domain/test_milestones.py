"""Reports of a step: what they may say after what is known."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_svc.domain import (
    NOTHING,
    DeliveredShare,
    MilestoneState,
    MilestoneStatus,
    NamespacedId,
    ParkReason,
    Refusal,
    RefusalReason,
    Report,
    check,
    check_items,
    place_report,
    record,
)
from tests.support.clocks import NOON

MINUTE = timedelta(minutes=1)
S = MilestoneStatus
DONE = {S.REACHED, S.CANCELLED}
OPEN = {S.PLANNED, S.STARTED, S.REDATED}
WAITS = {S.PAUSED, S.RESUMED}
statuses = st.sampled_from(list(S))


def report(status: S = S.REACHED, minutes: int = 0, **changes: object) -> Report:
    return replace(
        Report(
            promise_id="p1",
            reference=None,
            milestone="arrived",
            status=status,
            at=NOON + minutes * MINUTE,
            planned=NOON,
        ),
        **changes,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("before", list(S))
@pytest.mark.parametrize("after", list(S))
def test_only_a_finished_step_that_opens_again_is_refused(before: S, after: S) -> None:
    known = record(NOTHING, report(before))
    assert known.finished is (before in DONE)
    if before in DONE and after in OPEN:
        with pytest.raises(Refusal, match=f"is {before} already") as refused:
            record(known, report(after, 1))
        assert (refused.value.why, refused.value.pointer) == (RefusalReason.MILESTONE_REGRESSED, "/status")
        assert not record(known, report(after, 1, correction=True)).finished
    else:
        assert record(known, report(after, 1)).finished is (after in DONE or (before in DONE and after in WAITS))


@given(statuses, statuses, st.integers(1, 100))
def test_a_late_report_is_never_refused_and_ends_what_was_only_opened(before: S, late: S, minutes: int) -> None:
    known = record(record(NOTHING, report(before)), report(late, -minutes))
    assert known.finished is (before in DONE or (late in DONE and before in OPEN | WAITS))


def test_a_step_missed_after_its_end_may_be_planned_again() -> None:
    missed = record(record(NOTHING, report()), report(S.MISSED, 1))
    assert record(missed, report(S.REDATED, 2)) == missed
    assert record(missed, report(S.REACHED, 3)).finished


@given(
    st.lists(st.tuples(statuses, st.integers(0, 5), st.booleans()), min_size=1, max_size=7),
    st.randoms(use_true_random=False),
)
def test_in_any_order_the_step_is_the_same(said: list[tuple[S, int, bool]], random: Random) -> None:
    reports = [report(status, minutes, correction=correction) for status, minutes, correction in said]
    shuffled = random.sample([*reports, *reports], 2 * len(reports))
    assert after(sorted(reports, key=lambda one: one.at)) == after(reports) == after(shuffled)


def after(reports: list[Report]) -> MilestoneState:
    """What is known after the reports that were not refused."""
    known = NOTHING
    for one in reports:
        with suppress(Refusal):
            known = record(known, one)
    return known


@pytest.mark.parametrize("status", list(S))
def test_only_an_end_can_be_final(status: S) -> None:
    final = report(status, final=True)
    if status in DONE or status is S.MISSED:
        check(final)
        return
    with pytest.raises(Refusal) as refused:
        check(final)
    assert (refused.value.why, refused.value.pointer) == (RefusalReason.FINAL_WITHOUT_END, "/final")


def test_a_new_date_needs_a_date() -> None:
    check(report(S.REDATED))
    with pytest.raises(Refusal) as refused:
        check(report(S.REDATED, planned=None))
    assert refused.value.pointer == "/planned"


@pytest.mark.parametrize("status", list(S))
def test_what_is_only_planned_delivers_nothing(status: S) -> None:
    delivering = report(status, delivered=(DeliveredShare("seat", 0.5),))
    if status not in (S.PLANNED, S.REDATED):
        check(delivering)
        return
    with pytest.raises(Refusal) as refused:
        check(delivering)
    assert (refused.value.why, refused.value.pointer) == (RefusalReason.NOTHING_DELIVERED_YET, "/delivered")


def test_only_items_that_were_promised_are_delivered() -> None:
    delivering = report(delivered=(DeliveredShare("seat", 1.0), DeliveredShare("meal", 0.0)))
    check_items(delivering, ("meal", "seat", "lounge"))
    check_items(report(), ())
    with pytest.raises(Refusal, match="it has seat, lounge") as refused:
        check_items(delivering, ("seat", "lounge"))
    assert (refused.value.why, refused.value.pointer) == (RefusalReason.UNKNOWN_ITEM, "/delivered/1/item")
    with pytest.raises(Refusal, match="it has none"):
        check_items(delivering, ())


def test_a_report_with_a_promise_goes_there_once_it_is_known() -> None:
    assert place_report(report(), True, []) == "p1"
    assert place_report(report(), False, []) is ParkReason.AWAITING_PROMISE


@pytest.mark.parametrize(
    ("referred", "expected"),
    [([], ParkReason.AWAITING_REFERENCE), (["p7"], "p7"), (["p7", "p8"], ParkReason.AMBIGUOUS_REFERENCE)],
)
def test_a_reference_is_followed_only_if_it_names_one_promise(referred: list[str], expected: object) -> None:
    by_reference = report(promise_id=None, reference=NamespacedId("ops", "UA 1"))
    assert place_report(by_reference, False, referred) == expected
