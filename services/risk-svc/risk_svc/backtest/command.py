"""`candor backtest`: what the engine would have forecast at every decision of a recorded stream."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Final

import typer

from candor.command_texts import examples
from candor.errors import InputError, OperatorError, explain_os_error
from candor.terminal import Screen, say_json

if TYPE_CHECKING:
    from rich.table import Table

    from risk_svc.backtest.outcomes import OutcomeLedger
    from risk_svc.backtest.report import Backtest

HELP: Final = """Replay a recorded stream through the forecasting engine.

It sees nothing before its time. How good would it be on promises of your own?

  candor backtest --events ledger.jsonl.gz --report record.html

reads events in time order, one JSON object a line (broken up here):

  {"id": "e1", "type": "promise.made", "time": "2026-03-01T09:00:00Z",
   "promise_id": "p1", "data": {"kind": "parcel", "carrier": "XA",
   "due": "2026-03-03T17:00:00Z", "milestones": ["shipped", "delivered"]}}
  {"id": "e2", "type": "milestone.reached", "time": "2026-03-03T11:30:00Z",
   "promise_id": "p1", "data": {"milestone": "delivered", "final": true}}

It asks for a forecast when each promise is made, with 75, 50 and 25 % of
its time left and at each milestone, holds it against what later events say,
prints the record, and writes it with plots as a page that needs no network.

A file that `candor import` takes needs no other format:

  candor backtest --history history.jsonl --report record.html

Forecasts to score elsewhere: --decisions asked.jsonl.gz --out said.jsonl,
where a line asked has decision_id, time, promise_id and kind. In lock-step
with another program: --stdio. docs/forecasts.md has the format.
"""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    shown = (
        "candor backtest --history history.jsonl --report record.html",
        "candor backtest --events ledger.jsonl.gz --json",
    )
    brief = "How good forecasts would have been on a recorded stream of promises, and the forecasts."
    app.command("backtest", help=HELP, short_help=brief, epilog=examples(*shown))(backtest)


def backtest(
    events: Annotated[list[Path] | None, typer.Option(help="Events in time order, .jsonl or .jsonl.gz.")] = None,
    history: Annotated[
        Path | None, typer.Option(help="Instead of --events: a file as `candor import` takes it, .jsonl.")
    ] = None,
    decisions: Annotated[
        list[Path] | None, typer.Option(help="Where a forecast is asked for; without it, at the natural leads.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the forecasts go, one a line.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where the record goes, an HTML page with plots.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record for scripts.")] = False,
    stdio: Annotated[bool, typer.Option("--stdio", help="Lock-step on standard input and output.")] = False,
) -> None:
    """The command; HELP is what it says of itself."""
    # Imported here and below because numpy loads slowly and `candor --help` must not wait for it.
    from risk_svc.backtest.outcomes import OutcomeLedger  # noqa: PLC0415
    from risk_svc.backtest.run import converse  # noqa: PLC0415

    if stdio:
        converse(sys.stdin.buffer, sys.stdout.buffer)
        return
    if bool(events) == bool(history) or (history and decisions) or not (out or report or as_json):
        raise InputError(
            "say --events (and --decisions) or --history, and one of --report, --json and --out; --help has an example"
        )
    for path in filter(None, (out, report)):
        if not path.parent.is_dir():
            raise InputError(f"there is no folder {path.parent} for {path.name}")
    given = [history] if history else [*(events or []), *(decisions or [])]
    if missing := [str(path) for path in given if not path.is_file()]:
        raise InputError(f"no such file: {', '.join(missing)}")
    ledger = OutcomeLedger() if report or as_json else None
    n = _history(history, out, ledger) if history else _files(events or [], decisions or [], out, ledger)
    console = Screen(stderr=True)
    if out:
        console.print(f"{n:,} forecasts in {out}")
    if ledger is not None:
        _tell(ledger, [history] if history else events or [], report, as_json=as_json)
    if report:
        console.print(f"The record with its plots: {report}")


def _files(events: list[Path], decisions: list[Path], out: Path | None, ledger: OutcomeLedger | None) -> int:
    from candor.replay.shown import progress  # noqa: PLC0415
    from risk_svc.backtest.run import backtest as run  # noqa: PLC0415

    total = sum(path.stat().st_size for path in (*events, *decisions))
    try:
        with progress(Screen(stderr=True)) as display, out.open("wb") if out else nullcontext() as lines:
            task = display.add_task("forecasting", total=total, note="bytes")
            return run(events, decisions, lines, lambda more: display.advance(task, more), ledger)
    except OSError as error:
        raise explain_os_error(error, out or events[0]) from error


def _history(path: Path, out: Path | None, ledger: OutcomeLedger | None) -> int:
    from candor.replay.shown import progress  # noqa: PLC0415
    from risk_svc.backtest.history import HistoryFold  # noqa: PLC0415
    from risk_svc.backtest.run import history as run  # noqa: PLC0415

    imported, console = HistoryFold(), Screen(stderr=True)
    try:
        with path.open("rb") as lines:
            total = sum(1 for _ in lines)
        with progress(console) as display, out.open("wb") if out else nullcontext() as said:
            task = display.add_task("forecasting", total=total, note="events")
            n = run(path, said, lambda more: display.advance(task, more), ledger, imported)
    except OSError as error:
        raise explain_os_error(error, out or path) from error
    if imported.unmatched:
        console.print(f"{imported.unmatched:,} reports name no promise of this file: left out")
    return n


def _tell(ledger: OutcomeLedger, events: list[Path], report: Path | None, *, as_json: bool) -> None:
    from risk_svc.backtest.report import Backtest, page, plain  # noqa: PLC0415
    from risk_svc.forecast.evaluation import evaluate_all  # noqa: PLC0415

    scored, waiting = ledger.scored()
    found = Backtest(evaluate_all(scored), waiting)
    if as_json:
        say_json(plain(found), indent=1)
    else:
        _print(found)
    if report:
        title = f"What forecasts of {', '.join(path.name for path in events)} would have been worth"
        try:
            report.write_text(page(found, title, charting()), encoding="utf-8")
        except OSError as error:
            raise explain_os_error(error, report) from error


def _print(found: Backtest) -> None:
    from risk_svc.backtest.report import CHANCES, rows, summary  # noqa: PLC0415

    console = Screen()
    table = rows(found.record)
    cut = 1 + len(CHANCES)
    # Two narrow tables: one with thirteen columns is unreadable in eighty characters.
    console.print(figures("Late or not", [row[:cut] for row in table], 1))
    console.print()
    console.print(figures("When", [(row[0], *row[cut:]) for row in table], cut))
    console.print()
    for words in summary(found):
        console.print(words, soft_wrap=True)


def figures(title: str, rows: list[tuple[str, ...]], first: int) -> Table:
    """A table of the report's columns from `first` on; no figure is truncated at a width of eighty characters."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from risk_svc.backtest.report import HEADINGS  # noqa: PLC0415

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(HEADINGS[0], no_wrap=True, overflow="ellipsis", max_width=18)
    for column, name in enumerate(HEADINGS[first : first + len(rows[0]) - 1], 1):
        table.add_column(fill(name, 10), justify="right", min_width=max(len(row[column]) for row in rows))
    for row in rows:
        table.add_row(*row)
    return table


def charting() -> dict[str, str]:
    """The chart scripts shipped with NiceGUI, by file name. Raises OperatorError if they are missing."""
    spec = find_spec("nicegui")
    folder = Path(spec.origin).parent / "elements/echart/dist" if spec and spec.origin else Path()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.js")} if spec else {}
    if "index.js" not in found:
        raise OperatorError("the nicegui package, which brings the charts, is not whole: install Candor again")
    return found
