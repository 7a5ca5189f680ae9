"""Runs the demo on a running stack up to its summary: import, wait, replay, wait, count."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console

from candor.replay import shown as replay_shown
from candor.replay.engine import Outcome
from candor.replay.importing import Importer, ImportProgress
from candor.replay.live import client, send_stream
from candor.replay.sending import ImportSender
from candor.replay.stream import write_stream
from candor.replay.where import webhook_secret
from candor_demo import gather
from candor_demo.day import Day
from candor_demo.quiet import until_learnt, until_quiet
from candor_demo.stage import SOURCE, Stage
from candor_demo.summary import Summary, count_messages, summarise

DIGEST_S: Final = 120.0
STEP_S: Final = 3600.0
"""Business seconds between two model versions."""
LAST_LOOKS: Final = 40
TOPICS: Final = ("promises", "milestones")
Said = Callable[[str], None]


@dataclass(frozen=True)
class DemoResult:
    """The result of a demo; `states` counts notices, `replayed` and `imported` are the figures of replay and import."""

    imported: ImportProgress
    replayed: Outcome
    summary: Summary
    states: dict[str, int]

    def as_json(self, day: Day, speed: float) -> dict[str, Any]:
        """The whole result, for the file that the demo writes."""
        replayed = asdict(self.replayed) | {"refused": len(self.replayed.refused)}
        return {
            "day": day.day.isoformat(),
            "speed": speed,
            "history_rate": day.history_rate,
            "imported": {"events": self.imported.total, "rejected": len(self.imported.rejected)},
            "replayed": replayed,
            "notices": self.states,
            "summary": self.summary.as_json(),
        }


async def import_history(stage: Stage, day: Day, console: Console) -> ImportProgress:
    """Import the history and wait until it has been processed; business time is stopped meanwhile."""
    path = stage.folder / "history.jsonl"
    write_stream(path, day.history)
    async with client() as http:
        with replay_shown.progress(console) as display:
            report = replay_shown.import_reporter(display, "importing history")
            sender = ImportSender(http, stage.key)
            imported = await Importer(sender, stage.endpoints, stage.folder / "imports", report=report).run(path)
        with console.status("reading the history") as status:
            await _quiet(http, stage, lambda text: status.update(f"reading the history: {text}"))
    return imported


async def learn(stage: Stage, day: Day, console: Console) -> None:
    """Wait until the worker's forecasts use the history up to its last whole hour."""
    if not day.history:
        return
    first, end = day.history[0].time.timestamp(), day.starts.timestamp() // STEP_S * STEP_S
    urls = {name: stage.stack.urls[name] for name in ("risk-learner", "risk-worker")}
    hours = max(1, math.ceil((end - first) / STEP_S))
    name = f"learning from {math.ceil(hours / 24)} days"
    async with client() as http:
        with replay_shown.progress(console) as display:
            task = display.add_task(name, total=hours, note="hours")

            def report(reached: float) -> None:
                display.update(task, completed=max(0, hours - math.ceil((end - reached) / STEP_S)))

            await until_learnt(http, urls, end, seconds=DIGEST_S, report=report)


async def replay_day(stage: Stage, day: Day, speed: float, console: Console) -> Outcome:
    """Start business time and replay the live part."""
    secret = webhook_secret(stage.stack.secrets.webhooks, SOURCE)
    paced = stage.begin(speed)
    with replay_shown.progress(console) as display:
        report = replay_shown.replay_reporter(display, len(day.live), f"replaying {day.day}")
        return await send_stream(day.live, stage.endpoints, SOURCE, secret, paced, report, interruptible=False)


async def conclude(stage: Stage, day: Day, imported: ImportProgress, replayed: Outcome, console: Console) -> DemoResult:
    """Wait until the last message has been sent, then read forecasts and messages and compute the summary."""
    async with client() as http:
        with console.status("waiting for the last messages") as status:
            await _quiet(http, stage, lambda text: status.update(f"waiting for the last messages: {text}"))
            states = await _all_said(http, stage)
        urls = stage.stack.urls
        spoken = await gather.spoken(http, urls["notify-svc"], stage.key)
        scores = await gather.scores(http, urls["risk-web"], stage.key)
        mails = count_messages(await gather.recipients(http, urls["mailbox"]))
    return DemoResult(imported, replayed, summarise(day.truths, spoken, mails, scores), states)


def write_report(path: Path, performed: DemoResult, day: Day, speed: float) -> None:
    """Write the result as a JSON file."""
    path.write_text(json.dumps(performed.as_json(day, speed), indent=2, default=str) + "\n")


async def _quiet(http: httpx.AsyncClient, stage: Stage, report: Said) -> None:
    urls = {name: stage.stack.urls[name] for name in stage.stack.processes}
    await until_quiet(http, urls, TOPICS, seconds=DIGEST_S, report=report)


async def _all_said(http: httpx.AsyncClient, stage: Stage) -> dict[str, int]:
    """The notices by state once none was under way, or at the last of LAST_LOOKS."""
    # Metrics of notices may be some seconds old.
    url = stage.stack.urls["notify-svc"]
    for _ in range(LAST_LOOKS):
        if not await gather.waiting_to_go(http, url, stage.key):
            states = await gather.notice_states(http, url, stage.key)
            if not gather.under_way(states):
                return states
        await asyncio.sleep(0.5)
    return await gather.notice_states(http, url, stage.key)
