"""The figures of messages: kept as they change, never counted by reading all of them, and in nobody's way."""

from __future__ import annotations

import pytest

from candor.contracts import NoticeState
from candor.store.unit_of_work import unit_of_work
from notify_svc import metrics
from notify_svc.delivery import resolve, switches
from notify_svc.delivery.figures import DELIVERIES, NOTICES, Figures
from notify_svc.domain.freshness import Freshness
from tests.support.notify import Desk, contact, gap, promise


def shown(state: NoticeState) -> float:
    return float(metrics.NOTICES.labels(state.value)._value.get())


async def turn(desk: Desk, *, sending: bool) -> None:
    async with unit_of_work(desk.database) as uow:
        await switches.turn(uow, "anna", sending=sending)


async def same(desk: Desk) -> None:
    """The tallies say what a count of everything says."""
    for tally in (NOTICES, DELIVERIES):
        names = ", ".join(tally.columns)
        rows = await desk.database.pool.fetch(f"SELECT {names}, count(*) FROM {tally.table} GROUP BY {names}")
        really = {tuple(row[:-1]): row[-1] for row in (tuple(row) for row in rows)}
        async with unit_of_work(desk.database) as uow:
            assert await tally.counts(uow) == really
            await tally.fold(uow, 3)
            assert await tally.counts(uow) == really


async def test_the_figures_follow_every_change_of_a_notice(desk_: Desk) -> None:
    await desk_.warned()
    await same(desk_)
    figures = Figures(desk_.database, ["email"], Freshness((), 60))
    await figures.measure()
    assert (shown(NoticeState.PENDING), shown(NoticeState.SENT)) == (1, 0)
    await desk_.send()
    await same(desk_)
    await figures.measure()
    assert (shown(NoticeState.PENDING), shown(NoticeState.SENT)) == (0, 1)
    await desk_.database.pool.execute("DELETE FROM notice")
    await same(desk_)
    await figures.measure()
    assert shown(NoticeState.SENT) == 0


async def test_previews_are_forgotten_some_a_transaction(desk_: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "PREVIEWS", 2)
    await turn(desk_, sending=False)
    names = [f"p{number}" for number in range(5)]
    await desk_.take(contact(), *(promise(name) for name in names), *(gap(1, name=name) for name in names))
    await desk_.later(5)
    previews = "SELECT count(*) FROM notice WHERE state = 'preview'"
    left = [await desk_.database.pool.fetchval(previews)]
    assert left == [5]
    assert not await resolve.forget_previews(desk_.database, desk_.clock.now())
    await turn(desk_, sending=True)
    while await resolve.forget_previews(desk_.database, desk_.clock.now()):
        left.append(await desk_.database.pool.fetchval(previews))
    assert left == [5, 3, 1, 0]
