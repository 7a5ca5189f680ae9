"""Runs the demo as a process: set up, performed, kept running until asked to stop, and shut down in order."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

import httpx

from candor.errors import OperatorError
from candor.local.restarts import kept_up
from candor.local.stack import Stack
from candor.ops.settings import read_secret
from candor.replay.importing import ImportRefusedError
from candor.replay.sending import Unreachable
from candor.terminal import Screen, styled
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from candor_demo import perform, shown, stage
from candor_demo.day import Day
from candor_demo.quiet import NotQuietError
from candor_demo.source import DataMissingError

STOPPED: Final = 130
PAGES: Final = ("accounts", "teams", "path")
"""Pages of the board that say where gaps come from; docs/ has a picture of each."""
LOOK_S: Final = 0.1
FAILURES: Final = (OperatorError, DataMissingError, ImportRefusedError, Unreachable, NotQuietError, httpx.HTTPError)


def run(
    load: Callable[[], Day],
    speed: float = 0,
    *,
    leave: bool = False,
    usual_ports: bool = True,
    kind: type[Stack] = Stack,
) -> int:
    """Runs the whole demo of a day and returns the exit status. `speed` 0 takes about two minutes.

    SIGINT or SIGTERM at any time ends everything that it started, with status 0. `leave` stops after the summary; if
    stopped before that, the status is 130, so that a script does not mistake a missing summary for success.
    """
    console, stopping = Screen(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # A flag, because an exception in the middle of a start or stop would leave processes behind.
        signal.signal(number, lambda *_: stopping.set())
    try:
        with console.status("reading the flights"):
            day = load()
        done = _staged(console, day, speed, stopping, leave=leave, usual_ports=usual_ports, kind=kind)
    except FAILURES as error:
        if not stopping.is_set():
            console.print(f"candor demo: {error}", style="red", soft_wrap=True)
            return 1
        done = False
    if stopping.is_set():
        console.print("stopped" if done else "stopped before the summary")
    return STOPPED if leave and not done else 0


def _staged(
    console: Screen,
    day: Day,
    speed: float,
    stopping: threading.Event,
    *,
    leave: bool,
    usual_ports: bool,
    kind: type[Stack],
) -> bool:
    """Whether there was a summary."""
    console.print(styled((str(day.day), "bold"), f": {headline(day)}"), soft_wrap=True)
    begun = time.monotonic()

    def say(line: str) -> None:
        console.print(f"  {line}", style="dim", soft_wrap=True)

    set_up = stage.prepare(
        day, speed or stage.usual_speed(day), say, usual_ports=usual_ports, stopping=stopping.is_set, kind=kind
    )
    try:
        set_up.stack.start()
        console.print(f"up after {time.monotonic() - begun:.0f} s")
        console.print(addresses(set_up), soft_wrap=True)
        with kept_up(set_up.stack, lambda line: console.print(line, style="red", soft_wrap=True)):
            done = asyncio.run(_until_told(_performed(set_up, day, speed, console), stopping))
            if done and not leave:
                console.print(f"the day is over: its clock has stopped at {day.ends:%d %B %Y, %H:%M} UTC")
                console.print("everything keeps running until Ctrl-C")
                stopping.wait()
        return done
    finally:
        if stopping.is_set():
            console.print("stopping")
        set_up.stack.stop()


async def _until_told(work: Coroutine[Any, Any, None], stopping: threading.Event) -> bool:
    """Does the work until it is done or `stopping` is set; returns whether it was done."""
    task = asyncio.create_task(work)
    while not task.done():
        await asyncio.wait([task], timeout=LOOK_S)
        if stopping.is_set() and not task.done():
            task.cancel()
            await asyncio.wait([task])
            return False
    task.result()
    return True


async def _performed(set_up: stage.Stage, day: Day, fixed: float, console: Screen) -> None:
    begun = time.monotonic()
    imported = await perform.import_history(set_up, day, console)
    pace = fixed or stage.bearable_speed(set_up.speed, imported.total, time.monotonic() - begun)
    if pace < set_up.speed and not fixed:
        console.print(f"this machine is slow or busy: replaying at ×{pace:.0f}, not ×{set_up.speed:.0f}")
    await perform.learn(set_up, day, console)
    replayed = await perform.replay_day(set_up, day, pace, console)
    done = await perform.conclude(set_up, day, imported, replayed, console)
    console.print(shown.table(f"{day.day}: what became of the promises", done.summary))
    for note in shown.notes(done.summary, day.history_rate, pace):
        console.print(note)
    report = set_up.folder / "summary.json"
    perform.write_report(report, done, day, pace)
    console.print(f"the same figures as JSON: {report}", soft_wrap=True)
    for line in shown.blemishes(done.states, replayed, imported):
        console.print(line, style="yellow")


def headline(day: Day) -> str:
    """A one-line description of the day."""
    late = sum(truth.late for truth in day.truths.values())
    learnt = f"{len(day.history):,} events of the days before to learn from"
    return f"{len(day.truths)} flights out of New York, {late} of them came late or never; {learnt}"


def addresses(set_up: stage.Stage) -> str:
    """Addresses to look at, one per line."""
    urls = set_up.stack.urls
    link = Sessions(read_secret(set_up.stack.secrets.session), secure=False).link_token(Role.OPERATOR)
    return "\n".join(
        [
            f"  mailbox   {urls['mailbox']}",
            f"  board     {urls['risk-web']}/signin?token={link}",
            *(f"  {name:<9} {urls['risk-web']}/board/{name}" for name in PAGES),
            *(
                f"  API of {name:<13}{urls[name]}/docs"
                for name in ("promise-svc", "delivery-svc", "risk-web", "notify-svc")
            ),
            f"  key       {set_up.key}  (operator, for this demo only)",
        ]
    )
