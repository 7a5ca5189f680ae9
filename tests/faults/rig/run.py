"""A run from a started stack to its findings: send under fire, wait for quiet, compare with the ledgers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from tests.faults.rig import ledger as book
from tests.faults.rig.checker import Effects, Findings, judge
from tests.faults.rig.client import Client
from tests.faults.rig.collect import collect
from tests.faults.rig.ledger import Ledger
from tests.faults.rig.nemesis import Nemesis
from tests.faults.rig.oracle import expect
from tests.faults.rig.plan import Fault, Round
from tests.faults.rig.quiet import until_quiet
from tests.faults.rig.report import Report, channels_of, counts_of, recovery_of, states_of
from tests.faults.rig.stage import Stage
from tests.faults.rig.standing import counted, fill


class Run:
    """One stack under fire; `sent` may be called again, the ledger goes on."""

    def __init__(self, stage: Stage, http: httpx.AsyncClient, seed: int) -> None:
        folder = stage.stack.folder.data / "client"
        folder.mkdir(exist_ok=True)
        self.stage = stage
        self.seed = seed
        self.ledger = Ledger(folder / "accepted.jsonl")
        self.client = Client(http, stage.endpoints, stage.secret, stage.key, stage.clock, self.ledger)
        self.nemesis = Nemesis(stage.stack, stage.sinks, stage.received)
        self.strikes: Counter[str] = Counter()
        self.quiet_after = 0.0
        self.before: dict[str, int] = {}
        self._begun = time.monotonic()

    async def stand(self, count: int) -> None:
        """Have rows of years in the tables, for each kind so many times `count` as it has its share."""
        await fill(self.stage, count)
        self.before = await counted(self.stage)
        print(f"  {', '.join(f'{rows:,} {what}' for what, rows in self.before.items())}: {self._age:.0f} s", flush=True)

    async def sent(self, rounds: Sequence[Round], *, pace: float, quiet_s: float) -> None:
        """Send all rounds with their faults; returns once everything is well and nothing is under way.

        A round ends when all of it is accepted, all its faults have struck and `pace` seconds are over.
        """
        watching = asyncio.create_task(self.nemesis.watch())
        try:
            for number, round_ in enumerate(rounds):
                async with asyncio.TaskGroup() as group:
                    group.create_task(asyncio.sleep(pace))
                    group.create_task(self.client.send(round_))
                    for fault in round_.faults:
                        group.create_task(self._strike(fault))
                if number % 8 == 0:
                    print(f"  round {number}: {self.ledger.count:,} accepted, {self._age:.0f} s", flush=True)
            await self.nemesis.calm()
            self.quiet_after = await until_quiet(self.stage, seconds=quiet_s)
        finally:
            watching.cancel()

    async def judged(self) -> tuple[Effects, Findings]:
        """What there is, and what the checker has against it."""
        found = await collect(self.stage)
        findings = judge(expect(book.read(self.ledger.path)), found)
        # What was refused was in order: something it rests on must have been forgotten.
        findings["lost"] += [f"refused: {one}" for one in self.client.refused]
        after = await counted(self.stage) if self.before else {}
        for what, rows in self.before.items():
            if after[what] != rows:
                findings["wrong"].append(
                    f"of {rows:,} {what} that stood there before, {after[what]:,} are as they were"
                )
        return found, findings

    def report(self, found: Effects, findings: Findings) -> Report:
        """The figures."""
        return Report(
            seed=self.seed,
            seconds=round(self._age, 1),
            accepted=self.ledger.count,
            standing=sum(self.before.values()),
            retries=self.client.retries,
            channels=channels_of(found, findings),
            notices=states_of(found.notices),
            strikes=dict(sorted(self.strikes.items())),
            recovery=recovery_of(self.nemesis.recoveries),
            ended_by_itself=list(self.nemesis.by_itself),
            quiet_after=round(self.quiet_after, 1),
            findings=counts_of(findings),
        )

    def kills(self, target: str) -> int:
        """How often a process was killed."""
        return sum(count for name, count in self.strikes.items() if name.startswith(f"{target} kill"))

    async def _strike(self, fault: Fault) -> None:
        await self.nemesis.strike(fault)
        self.strikes[f"{fault.target} {fault.kind}"] += 1

    @property
    def _age(self) -> float:
        return time.monotonic() - self._begun


@asynccontextmanager
async def running(stage: Stage, seed: int) -> AsyncIterator[Run]:
    """A run on a started stack."""
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(trust_env=False, timeout=15, limits=limits) as http:
        run = Run(stage, http, seed)
        try:
            yield run
        finally:
            run.ledger.close()
