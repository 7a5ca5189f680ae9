"""`candor backtest`: what the forecasting engine would have said, at every decision of a recorded stream."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from candor.local.errors import LocalError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("backtest")(backtest)


def backtest(
    events: Annotated[list[Path] | None, typer.Option(help="Events in time order, .jsonl or .jsonl.gz.")] = None,
    decisions: Annotated[list[Path] | None, typer.Option(help="Where a forecast is asked for.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the forecasts go, one a line.")] = None,
    stdio: Annotated[bool, typer.Option("--stdio", help="Lock-step on standard input and output.")] = False,
) -> None:
    """Replay a recorded stream through the forecasting engine, which sees nothing before its time."""
    # Imported here: numpy takes a while, which `candor --help` must not wait for.
    from risk_svc.backtest import converse  # noqa: PLC0415

    if stdio:
        converse(sys.stdin.buffer, sys.stdout.buffer)
        return
    if not events or not decisions or out is None:
        raise LocalError("say --events, --decisions and --out, or --stdio")
    n = _files(events, decisions, out)
    Console(stderr=True, highlight=False).print(f"{n} forecasts in {out}")


def _files(events: list[Path], decisions: list[Path], out: Path) -> int:
    from candor.replay.shown import progress  # noqa: PLC0415
    from risk_svc.backtest import backtest as run  # noqa: PLC0415

    missing = [str(path) for path in (*events, *decisions) if not path.is_file()]
    if missing:
        raise LocalError(f"no such file: {', '.join(missing)}")
    total = sum(path.stat().st_size for path in (*events, *decisions))
    with progress(Console(stderr=True)) as display, out.open("wb") as lines:
        task = display.add_task("forecasting", total=total, note="bytes")
        return run(events, decisions, lines, lambda more: display.advance(task, more))
