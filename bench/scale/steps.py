"""One promise with thousands of differently named steps: an import, one batch three times, and parked ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from bench.scale.feed import Gaps
from bench.scale.others import calm, lived, others
from bench.scale.paced import Paced
from bench.scale.process import Process
from bench.scale.promises import made
from bench.scale.reports import past, report, steps
from bench.scale.scenario import Finding, Scenario, within
from bench.scale.site import Site

CROWDED: Final = "crowded"
WATCHED: Final = 40.0
ASKED: Final = 10.0
KEPT: Final = 1.0
DELIVERY, WORKER = "delivery-svc", "risk-worker"


async def imported(site: Site, count: int) -> Sequence[Finding]:
    """The newest first, through `/v1/imports`: each report then is older than all before it."""
    async with crowd(site) as (delivery, pace, before):
        answers = await past(site, delivery, steps(CROWDED, count)[::-1], "import")
        return [before, *await judged(site, pace, answers)]


async def batches(site: Site, count: int) -> Sequence[Finding]:
    """Three batches of `/v1/events`, their times spread ahead."""
    async with crowd(site) as (delivery, pace, before):
        answers = []
        for number in range(3):
            answers += await report(
                site, delivery, "milestone.reported", steps(CROWDED, count, f"s{number}"), f"b{number}"
            )
        return [before, *await judged(site, pace, answers)]


async def parked(site: Site, count: int) -> Sequence[Finding]:
    """Reports that wait for a promise, which then is made."""
    async with crowd(site, known=False) as (delivery, pace, before):
        answers = await report(site, delivery, "milestone.reported", steps(CROWDED, count), "parked")
        pace.mark()
        await (await site.feed()).send([made(CROWDED, "crowd")])
        return [before, *await judged(site, pace, answers)]


@asynccontextmanager
async def crowd(site: Site, *, known: bool = True) -> AsyncIterator[tuple[Process, Paced, Finding]]:
    """Yield delivery-svc, the pace of the others, all of it at work, and how they fared before."""
    feed = await site.feed()
    delivery = await site.start(DELIVERY)
    await site.start(WORKER)
    async with Gaps(feed) as gaps, others(feed, gaps) as pace:
        await pace.first()
        if known:
            await feed.send([made(CROWDED, "crowd")])
            await gaps.of(CROWDED)
        before = await calm(site, pace)
        yield delivery, pace, before


async def judged(site: Site, pace: Paced, answers: Sequence[str]) -> list[Finding]:
    """Watch the others for a while after the last request."""
    await site.rest(ASKED)
    await pace.finish(WATCHED - ASKED)
    worker = next(one for one in site.processes if one.name == WORKER)
    found = [within("others' scoring meanwhile, p99", pace.slowest(0.99), KEPT, WATCHED)]
    found.append(Finding("answers", "; ".join(dict.fromkeys(answers))[:120]))
    return [*found, *lived(worker)]


SCENARIOS = (
    Scenario(
        name="steps-import",
        about="a newest-first import of one promise's differently named steps",
        things="steps",
        stated=5_001,
        run=imported,
    ),
    Scenario(
        name="steps-batch",
        about="one batch of differently named steps of one promise, three times",
        things="steps a batch",
        stated=1_000,
        run=batches,
    ),
    Scenario(
        name="steps-parked",
        about="steps that wait for one promise, which then is made",
        things="parked steps",
        stated=10_000,
        run=parked,
    ),
)
