"""`candor demo`: a real bad day on this machine, from first promise to last message."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import date
from typing import Annotated, NoReturn

import httpx
import typer
from rich.console import Console

from candor.local.errors import LocalError
from candor.ops.settings import read_secret
from candor.replay.importing import ImportRefusedError
from candor.replay.sending import Unreachable
from candor.web.auth import Role
from candor.web.sessions import Sessions
from candor_demo import perform, shown, stage
from candor_demo.day import DEFAULT_DAY, DEFAULT_HISTORY_DAYS, Day, load_day
from candor_demo.quiet import NotQuietError
from candor_demo.source import DataMissingError

STOPPED = 130
FAILURES = (LocalError, DataMissingError, ImportRefusedError, Unreachable, NotQuietError, httpx.HTTPError)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(demo)


def parse_day(value: str | date) -> date:
    """A day as the command line has it; ValueError on anything else."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def demo(
    day: Annotated[
        date, typer.Option(parser=parse_day, metavar="YYYY-MM-DD", help="A day of 2013, up to 08-31.")
    ] = DEFAULT_DAY,
    speed: Annotated[float, typer.Option(min=0, max=100_000, help="Business seconds a second; 0: two minutes.")] = 0,
    history_days: Annotated[int, typer.Option(min=0, max=60, help="Days before it to learn from.")] = (
        DEFAULT_HISTORY_DAYS
    ),
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the summary.")] = False,
) -> None:
    """Replay a real day of flights out of New York: every flight a promise, every customer a mailbox.

    Starts a broker, a database, a mailbox and the services in a folder of their own, imports the days before as
    history, replays the day, and says how many late flights were announced in time. Keeps running until Ctrl-C.
    """
    console = Console()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        raise typer.Exit(_run(console, day, speed, history_days, leave=leave))
    except FAILURES as error:
        console.print(f"[red]candor demo: {error}", highlight=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        console.print("stopped")
        raise typer.Exit(STOPPED) from None


def _run(console: Console, chosen: date, speed: float, history_days: int, *, leave: bool) -> int:
    with console.status("reading the flights"):
        day = load_day(chosen, history_days)
    late = sum(truth.late for truth in day.truths.values())
    console.print(
        f"[bold]{chosen}[/]: {len(day.truths)} flights out of New York, {late} of them came late or never; "
        f"{history_days} days before it to learn from",
        highlight=False,
    )
    pace = speed or stage.usual_speed(day)
    begun = time.monotonic()
    set_up = stage.prepare(day, pace, lambda line: console.print(f"  [dim]{line}", highlight=False))
    try:
        set_up.stack.start()
        console.print(f"up after {time.monotonic() - begun:.0f} s", highlight=False)
        console.print(addresses(set_up), highlight=False, soft_wrap=True)
        status = asyncio.run(_perform(set_up, day, speed, console))
        if status == 0 and not leave:
            _stay(set_up, console)
        return status
    finally:
        set_up.stack.stop()


async def _perform(set_up: stage.Stage, day: Day, fixed: float, console: Console) -> int:
    begun = time.monotonic()
    imported = await perform.import_history(set_up, day, console)
    pace = fixed or stage.bearable_speed(set_up.speed, imported.total, time.monotonic() - begun)
    if pace < set_up.speed and not fixed:
        console.print(
            f"this machine is slow or busy: replaying at ×{pace:.0f}, not ×{set_up.speed:.0f}", highlight=False
        )
    replayed = await perform.replay_day(set_up, day, pace, console)
    if replayed.stopped:
        return STOPPED
    done = await perform.conclude(set_up, day, imported, replayed, console)
    console.print(shown.table(f"{day.day}: what became of the promises", done.summary))
    report = set_up.folder / "summary.json"
    perform.write_report(report, done, day, pace)
    console.print(f"the same figures as JSON: {report}", highlight=False, soft_wrap=True)
    for line in shown.blemishes(done.states, replayed, imported):
        console.print(f"[yellow]{line}", highlight=False)
    return 0


def addresses(set_up: stage.Stage) -> str:
    """Where to look, one line each."""
    urls = set_up.stack.urls
    link = Sessions(read_secret(set_up.stack.secrets.session), secure=False).link_token(Role.OPERATOR)
    return "\n".join(
        [
            f"  mailbox   {urls['mailbox']}",
            f"  board     {urls['risk-web']}/signin?token={link}",
            f"  API       {urls['promise-svc']}/docs  {urls['delivery-svc']}/docs  {urls['notify-svc']}/docs",
            f"  key       {set_up.key}  (operator, for this demo only)",
        ]
    )


def _stay(set_up: stage.Stage, console: Console) -> None:
    console.print("everything keeps running until Ctrl-C")
    try:
        while not (dead := set_up.stack.stopped()):
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("stopping")
        return
    raise LocalError(f"{', '.join(dead)} ended by itself: see {set_up.stack.folder.logs}")


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
