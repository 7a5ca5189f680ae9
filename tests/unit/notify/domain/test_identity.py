"""One id for one thing said to one customer."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Statement
from notify_svc.domain.facts import Reason
from notify_svc.domain.identity import message_id, notice_id, suppressed_value, thread_id, told_value
from tests.support.clocks import NOON
from tests.unit.notify.facts import HIGH, LOW

names = st.text(max_size=12)
parts = st.tuples(names, names, st.integers(1, 99), st.sampled_from(Statement), names)


@given(parts, parts)
def test_ids_are_equal_exactly_when_everything_is(
    one: tuple[str, str, int, Statement, str], other: tuple[str, str, int, Statement, str]
) -> None:
    assert (notice_id(*one) == notice_id(*other)) == (one == other)


def test_the_id_is_stable_across_releases() -> None:
    assert notice_id("c1", "p1", 1, Statement.WARNING, "x") == "825c526e-d07c-51e2-9c7c-ef20bc0df067"


def told(statement: Statement = Statement.WARNING, reason: Reason = Reason.SLIP_HELD, **changes: object) -> str:
    values = {"low": LOW, "high": HIGH, "next_update_by": HIGH, "completed_at": None, **changes}
    return told_value(statement, reason, **values)  # type: ignore[arg-type]


def test_the_told_value_is_the_range_and_the_next_update_in_no_zone_in_particular() -> None:
    zone = ZoneInfo("America/New_York")
    assert told() == told(low=LOW.astimezone(zone))
    assert told() != told(low=LOW + timedelta(minutes=5))
    assert told() != told(next_update_by=NOON)


def test_a_cancellation_and_an_all_clear_can_be_told_once_an_episode() -> None:
    assert told(Statement.CANCELLED) == told(Statement.CANCELLED, low=NOON)
    assert told(Statement.ALL_CLEAR) == told(Statement.ALL_CLEAR, completed_at=NOON)
    assert told(reason=Reason.NOT_KEPT) == told(reason=Reason.NOT_KEPT, next_update_by=NOON)


def test_an_end_is_told_by_when_it_was() -> None:
    closing = {"reason": Reason.DONE_OUTSIDE_RANGE, "statement": Statement.UPDATE}
    assert told(completed_at=NOON, **closing) != told(completed_at=HIGH, **closing)  # type: ignore[arg-type]


def test_a_suppressed_notice_is_one_for_each_reason() -> None:
    assert suppressed_value(Reason.NO_CONTACT) != suppressed_value(Reason.NO_CONSENT)


@given(st.text(min_size=1, max_size=128))
def test_any_promise_has_a_thread_that_a_header_may_hold(promise_id: str) -> None:
    assert re.fullmatch(
        r"<[A-Za-z0-9-]+\.promise@mail\.test>", message_id(f"{thread_id(promise_id)}.promise", "mail.test")
    )
