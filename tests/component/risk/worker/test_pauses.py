"""The pause clock in the worker: told to readers when it begins and ends, also by its own end, and reloaded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from candor.contracts import GapScored, Message, MilestoneStatus, Standing
from risk_svc.domain.state import from_bytes
from risk_svc.insight.picture import promise_row
from tests.support.clocks import ManualClock
from tests.support.risk import DEPARTS, DUE, Desk, M, Story

pytestmark = pytest.mark.asyncio(loop_scope="session")
HOUR = timedelta(hours=1)


def gap(item: Message) -> GapScored:
    assert isinstance(item.data, GapScored)
    return item.data


def said(story: Story, status: MilestoneStatus, at: datetime, **more: Any) -> Message:
    return story.milestone("departed", status=status, at=at, **more)


async def test_it_is_published_when_it_begins_and_when_it_ends(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    clock.set(DEPARTS - HOUR)
    paused = said(
        story, MilestoneStatus.PAUSED, DEPARTS - HOUR, planned=DEPARTS + 3 * HOUR, public_reason="your measurements"
    )
    [item] = await desk.take(paused)
    pause = gap(item).pause
    assert pause is not None
    assert (pause.since, pause.until) == (DEPARTS - HOUR, DEPARTS + 3 * HOUR)
    assert pause.public_reason == "your measurements"
    # Whoever takes the partition over reads the same.
    desk.handler.drop(0)
    await desk.load()
    clock.set(DEPARTS)
    [item] = await desk.take(said(story, MilestoneStatus.RESUMED, DEPARTS))
    assert gap(item).pause is None
    clock.set(DUE + 50 * M)
    [item] = await desk.take(story.milestone("arrived", at=DUE + 50 * M))
    # Fifty minutes late, an hour of which the customer was waited for.
    assert gap(item).standing is Standing.KEPT
    [row] = await desk.rows("SELECT state FROM promise_state")
    assert 3600 in promise_row(from_bytes(row["state"]))


async def test_nobody_ends_it_and_it_ends_by_itself_in_sight(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made(), said(story, MilestoneStatus.PAUSED, DEPARTS - HOUR, planned=DEPARTS + HOUR))
    clock.set(DEPARTS + HOUR)
    [item] = await desk.take(tick=True)
    assert gap(item).pause is None
    # Its deadline moved by what was waited, and no further.
    clock.set(DUE + 3 * HOUR)
    items = await desk.take(tick=True)
    assert [gap(item).standing for item in items] == [Standing.OPEN]
    assert "60 min overdue" in gap(items[0]).contributions[0].evidence
