"""`candor demo`: a real bad day on this machine, from first promise to last message."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from candor.command_texts import examples
from candor_demo.day import DEFAULT_DAY, DEFAULT_HISTORY_DAYS, load_day


def register(app: typer.Typer) -> None:
    """Adds the command."""
    shown = ("candor demo", "candor demo --day 2013-02-08 --speed 2000 --exit")
    app.command("demo", epilog=examples(*shown))(demo)


def parse_day(value: str | date) -> date:
    """The day given on the command line; raises ValueError for anything else."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def demo(
    day: Annotated[
        date, typer.Option(parser=parse_day, metavar="YYYY-MM-DD", help="The day to replay, in 2013, up to 08-31.")
    ] = DEFAULT_DAY,
    speed: Annotated[
        float,
        typer.Option(min=0, max=100_000, help="Business seconds per second; 0 makes the day last about two minutes."),
    ] = 0,
    history_days: Annotated[int, typer.Option(min=0, max=60, help="How many days before it to learn from.")] = (
        DEFAULT_HISTORY_DAYS
    ),
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the summary.")] = False,
) -> None:
    """Replay a real day of flights out of New York: every flight a promise, every customer a mailbox.

    Starts a broker, a database, a mailbox and the services in a folder of their own, imports the days before as
    history, replays the day, and says how many late flights were announced in time. Keeps running until Ctrl-C.
    """
    # Imported here because `candor --help` needs neither the web framework nor an HTTP client.
    from candor_demo.run import run  # noqa: PLC0415

    raise typer.Exit(run(lambda: load_day(day, history_days), speed, leave=leave))
