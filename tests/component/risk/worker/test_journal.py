"""What the handler writes into the journal: each event's picture, at its time, once, and without a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest

from candor.contracts import IncidentStatus, Standing
from risk_svc.forecast.view import Entry, IncidentSnapshot, PromiseSnapshot
from risk_svc.forecasting.snapshots import pseudonym
from risk_svc.training import journal
from tests.component.risk.worker.test_handler import gap
from tests.support.clocks import ManualClock
from tests.support.risk import ARRIVES, DEPARTS, MADE, Desk, M, Story, again, erased, incident


async def journalled(desk: Desk) -> list[Entry]:
    """All that the journal holds, in its order."""
    async with desk.database.pool.acquire() as connection:
        return [entry for row in await journal.read(connection, journal.Place(), most=1000) for entry in row.entries]


async def seen(desk: Desk) -> list[tuple[datetime, list[str], bool]]:
    """(time, milestones reached by then, completed) of the promises in the journal."""
    found = [entry for entry in await journalled(desk) if isinstance(entry, PromiseSnapshot)]
    return [
        (datetime.fromtimestamp(one.at, UTC), sorted(one.view.reached), one.view.completed is not None) for one in found
    ]


async def test_every_event_of_a_batch_is_journalled_as_it_was_known_then(desk: Desk, clock: ManualClock) -> None:
    clock.set(MADE + timedelta(days=20))
    story, other = Story(), Story("p2", "c2")
    lives = [one.made(historical=True) for one in (story, other)]
    lives += [one.milestone(name, 5, historical=True) for name in ("departed", "arrived") for one in (story, other)]
    await desk.take(*lives)
    steps = [(MADE, [], False), (DEPARTS + 5 * M, ["departed"], False), (ARRIVES + 5 * M, ["departed"], True)]
    assert sorted(await seen(desk)) == sorted(steps * 2)
    rows = await desk.rows("SELECT partition, n FROM journal")
    assert sum(row["n"] for row in rows) == 6
    assert len(rows) == len({row["partition"] for row in rows})


async def test_milestones_before_their_promise_are_seen_in_their_turn_once_it_comes(desk: Desk) -> None:
    story = Story()
    await desk.take(story.milestone("departed", 30))
    assert await journalled(desk) == []
    await desk.take(story.made())
    assert await seen(desk) == [(MADE, [], False), (DEPARTS + 30 * M, ["departed"], False)]


async def test_what_changes_nothing_that_a_forecast_knows_is_not_journalled(desk: Desk) -> None:
    story = Story()
    made = story.made()
    await desk.take(made)
    await desk.take(made, story.notice())
    await desk.take(again(story.milestone("departed"), 3))
    await desk.take(tick=True)
    assert len(await journalled(desk)) == 1


async def test_an_incident_is_journalled_once_though_every_partition_hears_of_it(desk: Desk) -> None:
    begun, over = MADE + timedelta(hours=10), MADE + timedelta(hours=11)
    await desk.take(incident())
    await desk.take(incident(), incident(IncidentStatus.RESOLVED, 2, resolved=over))
    found = await journalled(desk)
    assert [(one.at, one.incident_id) for one in found if isinstance(one, IncidentSnapshot)] == [
        (begun.timestamp(), "i1"),
        (over.timestamp(), "i1"),
    ]
    [opened, closed] = [one.incident for one in found if isinstance(one, IncidentSnapshot)]
    assert opened is not None
    assert (opened.category, opened.measures) == ("snow", {"severity": 0.6})
    assert closed is None


async def test_who_withdraws_or_is_erased_leaves_the_lesson_without_an_answer(desk: Desk) -> None:
    story, other = Story(), Story("p2", "c2")
    await desk.take(story.made(), other.made())
    await desk.take(story.withdrawn())
    await desk.take(erased("c2"))
    await desk.end_erasures()
    gone = [one.view.promise_id for one in await journalled(desk) if isinstance(one, PromiseSnapshot) and one.gone]
    assert gone == [pseudonym("p1"), pseudonym("p2")]


async def test_history_teaches_and_is_neither_scored_nor_shown(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    made = [story.made(historical=True)]
    done = [story.milestone(name, 5, historical=True) for name in ("departed", "arrived")]
    clock.set(MADE + timedelta(days=20))
    assert await desk.take(*made) == []
    assert await desk.take(*done, tick=True) == []
    assert [at for at, _, _ in await seen(desk)] == [MADE, DEPARTS + 5 * M, ARRIVES + 5 * M]
    assert await desk.rows("SELECT lead FROM forecast_score") == []
    assert not (await desk.rows("SELECT shown FROM promise_state"))[0]["shown"]


async def test_withdrawn_is_told_and_teaches_nothing(desk: Desk) -> None:
    story = Story()
    await desk.take(story.made())
    [item] = await desk.take(story.withdrawn())
    assert (gap(item).standing, gap(item).score) == (Standing.WITHDRAWN, 0.0)
    assert [(await seen(desk))[0], (await seen(desk))[-1]] == [(MADE, [], False)] * 2


@pytest.mark.parametrize("touched", [True, False], ids=["touched", "at rest"])
async def test_of_two_promises_of_one_id_the_erased_one_is_forgotten_between_them(
    desk: Desk, clock: ManualClock, touched: bool
) -> None:
    story = Story("p1", "c1")
    await desk.take(story.made())
    clock.set(MADE + timedelta(hours=2))
    back = Story("p1", "c1", start=MADE + timedelta(hours=2))
    before = [story.milestone("departed")] if touched else []
    await desk.take(*before, erased("c1", at=MADE + timedelta(hours=1)), back.made())
    await desk.end_erasures()
    seen = [entry.gone for entry in await journalled(desk) if isinstance(entry, PromiseSnapshot)]
    assert [one for one, _ in groupby(seen)] == [False, True, False]


async def test_many_reports_the_newest_first_are_journalled_in_proportion_to_their_number(desk: Desk) -> None:
    story, count = Story(), 100
    await desk.take(story.made())
    steps = [story.milestone(f"step {number}", at=MADE + number * M) for number in range(count, 0, -1)]
    await desk.take(*steps)
    found = await journalled(desk)
    assert len(found) < 3 * count
    last = found[-1]
    assert isinstance(last, PromiseSnapshot) and len(last.view.reached) == count


async def test_who_is_erased_after_many_reports_in_the_same_batch_is_not_journalled_again(desk: Desk) -> None:
    story, count = Story(), 40
    await desk.take(story.made())
    steps = [story.milestone(f"step {number}", at=MADE + number * M) for number in range(count, 0, -1)]
    await desk.take(*steps, erased("c1", at=MADE + timedelta(hours=1)))
    await desk.end_erasures()
    seen = [entry.gone for entry in await journalled(desk) if isinstance(entry, PromiseSnapshot)]
    assert [one for one, _ in groupby(seen)] == [False, True]
