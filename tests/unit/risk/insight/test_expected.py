"""What a customer expected before a promise ended: the last message that went out by then, else the date they hold."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import NoticeState, Statement
from risk_svc.domain.pause_mark import Mark
from risk_svc.domain.state import NoticeRecord, PromiseState
from risk_svc.insight.expected import UNKNOWN, Expected, expected

DUE, DEADLINE = 1000.0, 1060.0


def notice(at: float, statement: Statement = Statement.WARNING, state: NoticeState = NoticeState.SENT) -> NoticeRecord:
    ranged = statement in (Statement.WARNING, Statement.UPDATE)
    return NoticeRecord(
        notice_id=f"n{at}",
        version=1,
        statement=statement.value,
        state=state.value,
        at=at,
        low=DUE + at if ranged else None,
        high=DUE + 2 * at if ranged else None,
    )


def promise(*notices: NoticeRecord, **changes: Any) -> PromiseState:
    values = {"promise_version": 1, "held_due": DUE, "tolerance_s": 60, "notices": [*notices], **changes}
    return PromiseState(promise_id="p1", customer_id="c1", **values)


def test_without_a_message_it_is_the_date_they_hold_with_its_tolerance() -> None:
    assert expected(promise(), 2000.0) == Expected(DUE, DEADLINE, None)
    held = notice(10, state=NoticeState.HELD)
    assert expected(promise(held), 2000.0) == Expected(DUE, DEADLINE, None)


def test_while_it_waited_for_them_the_end_moved() -> None:
    waited = [Mark(100.0, 400.0, "measured")]
    assert expected(promise(pauses=waited), 2000.0) == Expected(DUE, DEADLINE + 300, None)
    # Seen from its end: what was waited for later moved nothing.
    assert expected(promise(pauses=waited), 250.0) == Expected(DUE, DEADLINE + 150, None)
    cleared = promise(notice(50, Statement.ALL_CLEAR), pauses=waited)
    assert expected(cleared, 2000.0) == Expected(DUE, DEADLINE + 300, "all_clear")
    # What was told is what was told.
    assert expected(promise(notice(90), pauses=waited), 2000.0) == expected(promise(notice(90)), 2000.0)


def test_it_is_the_range_of_the_last_message_that_went_out_before_the_end() -> None:
    some = promise(notice(300, Statement.UPDATE), notice(100), notice(500, Statement.ALL_CLEAR))
    assert expected(some, 500.0) == Expected(1300.0, 1600.0, "update")
    assert expected(some, 200.0) == Expected(1100.0, 1200.0, "warning")
    assert expected(some, 100.0) == Expected(DUE, DEADLINE, None)
    assert expected(some, 501.0) == Expected(DUE, DEADLINE, "all_clear")


def test_trouble_without_a_date_and_a_cancellation_have_no_end() -> None:
    vague = notice(100)
    vague.low = vague.high = None
    assert expected(promise(vague), 200.0) == Expected(DUE, math.inf, "warning")
    assert expected(promise(notice(100, Statement.CANCELLED)), 200.0) == Expected(DUE, math.inf, "cancelled")


@pytest.mark.parametrize(
    ("changes", "ended"), [({}, None), ({"historical": True}, 2000.0), ({"promise_version": 0}, 2000.0)]
)
def test_of_what_is_open_and_of_history_nothing_is_known(changes: dict[str, Any], ended: float | None) -> None:
    assert expected(promise(notice(100), **changes), ended) == UNKNOWN


@given(st.lists(st.tuples(st.integers(1, 900), st.sampled_from([*Statement]), st.sampled_from([*NoticeState]))))
def test_what_came_after_the_end_and_what_did_not_go_out_change_nothing(
    rows: list[tuple[int, Statement, NoticeState]],
) -> None:
    some = [notice(float(at), statement, state) for at, statement, state in rows]
    counted = [one for one in some if one.state == "sent" and one.at < 400]
    assert expected(promise(*some), 400.0)[2:] == expected(promise(*counted), 400.0)[2:]
    found = expected(promise(*some), 400.0)
    assert (found.told_before is None) == (not counted)
    assert (found.begin or 0.0) <= (found.end or 0.0)
