"""The whole pipeline under kills, stops and cuts: what was accepted is there once, what was sent is accounted for."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.faults.rig.plan import LONG, RISK, RISK_2, SHORT, Fault, Scale, plan
from tests.faults.rig.run import Run, running
from tests.faults.rig.stage import staged
from tests.faults.rig.standing import COUNTS
from tests.support.servers import HOME

RECORD = HOME / "faults-long.json"
AFTERMATH = Scale(rounds=7, history=350, live=16, kills=0, outages=0, pauses=0, mail=0, batch=100, prefix="b")


async def test_a_short_run_loses_nothing_and_the_same_checker_fails_a_broken_build(pytestconfig: pytest.Config) -> None:
    seed: int = pytestconfig.option.seed
    with staged("faults-short") as stage:
        async with running(stage, seed) as run:
            await nothing_is_lost(run, SHORT)
            await a_broken_build_is_found_out(run)


@pytest.mark.faults
@pytest.mark.timeout(2700)
async def test_a_long_run_loses_nothing(pytestconfig: pytest.Config) -> None:
    seed: int = pytestconfig.option.seed
    with staged("faults-long", with_board=True) as stage:
        async with running(stage, seed) as run:
            await nothing_is_lost(run, LONG, RECORD)
            assert run.ledger.count >= 50_000
            assert run.nemesis.recoveries
            assert all(run.kills(target) >= 20 for target in LONG.targets)


async def nothing_is_lost(run: Run, scale: Scale, record: Path | None = None) -> None:
    await run.stand(scale.standing)
    await run.sent(plan(run.seed, scale, run.stage.sinks.base), pace=scale.pace, quiet_s=300)
    found, findings = await run.judged()
    report = run.report(found, findings)
    print(f"\n{report.text()}")
    if record is not None:
        await asyncio.to_thread(record.write_text, json.dumps(report.as_json(), indent=2) + "\n")
    assert run.ledger.count >= scale.least_events
    assert len(run.before) == len(COUNTS)
    assert min(run.before.values()) > 0
    assert findings.total == 0, findings.text()
    for channel, figures in report.channels.items():
        assert figures["in sink"], f"nobody was written to by {channel}: the run proves nothing about it"


async def a_broken_build_is_found_out(run: Run) -> None:
    """One worker, which commits offsets before it saves; killed between the two, it must be seen to lose."""
    stage = run.stage
    stage.drop(RISK_2)
    stage.use(RISK, "tests.faults.rig.broken")
    rounds = plan(run.seed + 1, AFTERMATH, stage.sinks.base)
    # This kill has the broken build started, which then dies by itself between its offsets and their effects.
    rounds[0].faults.append(Fault(RISK, "kill", 0.0))
    await run.sent(rounds, pace=AFTERMATH.pace, quiet_s=120)
    assert stage.died_unsaved, "the broken build was never started, or had nothing to save"
    _, findings = await run.judged()
    assert findings["lost"], "a build that commits before it saves was not noticed"
