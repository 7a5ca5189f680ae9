"""What people look at costs the same however many promises, incidents and scores there are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from candor.contracts import Dependency, Standing
from candor.store.unit_of_work import unit_of_work
from candor.web.http.listings import counted
from risk_svc.domain.gap import BAND_NAMES, BANDS, DOUBT
from risk_svc.store import queries
from risk_svc.store.counting import SHOWN
from risk_svc.web.api import presenters
from risk_svc.web.board import live_data
from tests.support.clocks import ManualClock
from tests.support.risk import Desk, Story, incident

pytestmark = pytest.mark.asyncio(loop_scope="session")
TOPS = ", ".join(str(top) for _, top in BANDS)
REALLY = f"""
SELECT standing, width_bucket(score, ARRAY[{TOPS}])::text, coalesce(p_slip >= {DOUBT}, false)::text, told::text,
  count(*)
FROM promise_state WHERE shown GROUP BY 1, 2, 3, 4"""


async def same(desk: Desk) -> None:
    """The kept counts are those of the rows, before and after they are folded together."""
    really = {(*row.values(),)[:-1]: (*row.values(),)[-1] for row in await desk.rows(REALLY)}
    for most in (0, 2, 1_000):
        async with unit_of_work(desk.database, durable=False) as uow:
            await SHOWN.fold(uow, most)
            assert await SHOWN.counts(uow) == really


async def test_the_counts_follow_every_change_of_a_promise(desk: Desk) -> None:
    stories = [Story(f"p{number}", f"c{number}") for number in range(5)]
    await desk.take(*(one.made() for one in stories), Story("old", "c").made(historical=True))
    await same(desk)
    await desk.take(*(one.milestone("departed", 20.0 * place) for place, one in enumerate(stories)))
    await same(desk)
    await desk.take(stories[0].milestone("arrived", 0.0), stories[1].withdrawn(), stories[2].notice())
    await same(desk)
    async with unit_of_work(desk.database) as uow:
        await uow.connection.execute("DELETE FROM promise_state WHERE promise_id IN ('p0', 'p3', 'old')")
    await same(desk)
    async with desk.database.reading() as session:
        counted = await queries.counts(session)
    assert (counted["open"], counted["settled"]["withdrawn"], counted["settled"]["kept"]) == (2, 1, 0)


async def test_the_number_of_a_list_is_in_the_kept_counts(desk: Desk) -> None:
    stories = [Story(f"p{number}", f"c{number}") for number in range(8)]
    await desk.take(*(one.made() for one in stories), Story("old", "c").made(historical=True))
    await desk.take(*(one.milestone("departed", 20.0 * place) for place, one in enumerate(stories)))
    await desk.take(stories[0].milestone("arrived", 0.0), stories[1].withdrawn())
    lists = [queries.GapFilter(standing=one) for one in (None, *(standing.value for standing in Standing))]
    lists += [queries.GapFilter(standing="open", band=band) for band in BAND_NAMES]
    async with desk.database.reading() as session:
        counts = await queries.counts(session)
        for wanted in lists:
            assert queries.number_of(wanted, counts) == await counted(session, queries.wanted_rows(wanted)), wanted
    for other in ({"search": "p"}, {"kind": "parcel"}, {"customer_id": "c1"}, {"min_score": 1.0}, {"band": "low"}):
        assert queries.number_of(queries.GapFilter(**other), counts) is None
    assert queries.number_of(queries.GapFilter(), {**counts, "open": 100_001}) == (100_000, False)


async def test_of_a_list_that_is_searched_only_so_many_are_counted(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_data, "MOST_COUNTED", 3)
    await desk.take(*(Story(f"p{number}").made() for number in range(5)))
    reading = live_data.LiveData(desk.database, cast(Any, SimpleNamespace()), clock)
    found = await reading.overview(live_data.ListQuery(queries.GapFilter(search="p")))
    assert (found.number, len(found.items)) == ((3, False), 5)
    assert (await reading.overview(live_data.ListQuery())).number == (5, True)


async def test_of_a_customer_with_too_many_promises_some_are_taken_and_it_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_OF_CUSTOMER", 3)
    await desk.take(*(Story(f"p{number}", "large").made() for number in range(5)))
    async with desk.database.reading() as session:
        still = await queries.open_of(session, "large")
        shown = await queries.shown_of(session, "large")
    found = presenters.customer("large", shown.total, still)
    assert (len(still), found.open, found.promises, found.exact) == (4, 3, 5, False)
    assert presenters.customer("large", 3, still[:3]).exact


async def test_incidents_are_found_by_their_place(desk: Desk) -> None:
    for number in range(4):
        await desk.take(incident(incident_id=f"i{number}", affects=[Dependency("airport", f"AP{number}")]))
    async with desk.database.reading() as session:
        found = await queries.incidents_at(session, ["airport:AP1", "airport:AP3", "airport:none"])
        nowhere = await queries.incidents_at(session, [])
    assert [name for name in ("i0", "i1", "i2", "i3") if any(name.encode() in one for one in found)] == ["i1", "i3"]
    assert nowhere == []


async def test_of_older_scores_only_so_many_are_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "COUNTED", 3)
    async with unit_of_work(desk.database) as uow:
        await uow.connection.execute(
            "INSERT INTO forecast_score (promise_id, lead, kind, p, base, outcome, settled_at) "
            "SELECT 'p' || n, 'made', 'flight', .2, .1, 0, now() FROM generate_series(1, 10) AS n"
        )
    async with desk.database.reading() as session:
        for most, older in ((2, 3), (8, 2), (10, 0), (20, 0)):
            rows, left = await queries.scores(session, queries.ScoreFilter(), most)
            assert (len(rows), left) == (min(most, 10), older)
