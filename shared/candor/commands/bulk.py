"""`candor import`: loads a stream file or a table in bulk as history."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import typer

from candor.command_texts import examples
from candor.errors import InputError, plainly
from candor.escaping import escaped
from candor.installation.folder import home
from candor.terminal import Screen, say_json

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from candor.replay.importing import ImportProgress, RejectedLine
    from candor.replay.sending import Endpoints
    from candor.replay.shown import ImportReport


TOO_LATE: Final = 3
"""Exit status when the import finished but some promises came too late to teach."""


File = Annotated[
    Path,
    typer.Argument(help="JSON lines of events, sorted by time; or a CSV or Excel file.", exists=True, dir_okay=False),
]
Mapping = Annotated[
    Path | None, typer.Argument(help="With --map: what the columns of the table mean.", exists=True, dir_okay=False)
]
Key = Annotated[
    str, typer.Option(envvar=["CANDOR_KEY", "KEY"], help="API key of an operator: candor token --role operator.")
]
Mapped = Annotated[
    bool, typer.Option("--map", help="The file is a table: propose a mapping, or import it by the one that follows.")
]
Check = Annotated[bool, typer.Option(help="With --map: only say what the rows would be, and which are wrong.")]
Sheet = Annotated[str, typer.Option(help="The sheet of an Excel file; default: the first.")]
Zone = Annotated[str, typer.Option(help="For a proposal: the zone of the table's times, such as Europe/Berlin.")]
Dates = Annotated[
    Literal["", "dmy", "mdy"],
    typer.Option(help="For a proposal: dates such as 03/04/2026 have the day first (dmy) or the month (mdy)."),
]
PromiseUrl = Annotated[str, typer.Option(help="Address of promise-svc; default: the local stack.")]
DeliveryUrl = Annotated[str, typer.Option(help="Address of delivery-svc; default: the local stack.")]
RiskUrl = Annotated[str, typer.Option(help="Address of risk-svc; default: the local stack.")]
Rejects = Annotated[Path | None, typer.Option(help="Write rejected lines here, one JSON object per line.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and show no progress.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    shown = (
        "candor import history.jsonl --key $KEY",
        "candor import history.jsonl --key $KEY --rejects refused.jsonl",
        "candor import orders.csv --map",
        "candor import orders.csv --map orders.map.yaml --check",
        "candor import orders.csv --map orders.map.yaml --key $KEY",
    )
    app.command("import", epilog=examples(*shown))(import_history)


def import_history(  # noqa: PLR0913, PLR0917 - options of a command
    file: File,
    mapping: Mapping = None,
    key: Key = "",
    mapped: Mapped = False,
    check: Check = False,
    sheet: Sheet = "",
    zone: Zone = "",
    dates: Dates = "",
    promise_url: PromiseUrl = "",
    delivery_url: DeliveryUrl = "",
    risk_url: RiskUrl = "",
    rejects: Rejects = None,
    as_json: Json = False,
) -> None:
    """Import a stream or a table as history: forecasts learn from it, and no customer is notified about the past.

    Running the same file again continues where the last run stopped.

    Of a table (CSV, Excel), --map alone proposes what its columns mean in a file that you edit, and with that file
    imports it: rows in any order, each wrong one named with its column, and written beside the table to be mended.

    History may come in any order and in several files: what is older than what was learnt is learnt anew, in order of
    time. Only what is older than all that is kept to learn from teaches nothing; the command asks risk-svc and says so.

    Exit status 1 if lines or rows were rejected, 2 if the import could not finish, 3 if it finished but some promises
    came too late to teach.
    """
    # Imported here and below because `candor --help` needs no HTTP client.
    from candor.tabular.reading import is_table  # noqa: PLC0415

    console = Screen(stderr=True)
    if mapped and mapping is None:
        _propose(console, file, sheet, zone, dates)
        return
    if is_table(file) and not mapped:
        raise InputError(f"{file} is a table: candor import {file} --map proposes what its columns mean")
    if mapping is not None and not mapped:
        raise InputError(f"write --map before {mapping}")
    target = Target(key, promise_url, delivery_url, risk_url)
    found, wrong = _imported(console, file, mapping, sheet, target, check=check, as_json=as_json)
    if rejects is not None:
        rejects.write_text("".join(json.dumps(asdict(item)) + "\n" for item in found.rejected))
    if as_json:
        say_json(asdict(found) | ({"rows_rejected": wrong} if mapping is not None else {}))
    elif not check:
        console.print(in_words(found))
    status = 1 if wrong else TOO_LATE if found.too_late else 0
    raise typer.Exit(status)


def _propose(console: Screen, file: Path, sheet: str, zone: str, dates: str) -> None:
    from candor.tabular.columns import Given  # noqa: PLC0415
    from candor.tabular.command import propose  # noqa: PLC0415

    propose(file, sheet, Given(zone, dates), partial(console.print, soft_wrap=True))


class Target(NamedTuple):
    """Where events go, and with whose key."""

    key: str
    promise_url: str
    delivery_url: str
    risk_url: str


def _imported(
    console: Screen, file: Path, mapping: Path | None, sheet: str, target: Target, *, check: bool, as_json: bool
) -> tuple[ImportProgress, int]:
    """Import a stream or a table; returns how it went, and how many lines or rows were not taken."""
    try:
        if mapping is not None:
            return _table(console, file, mapping, sheet, target, check=check, as_json=as_json)
        found = _sent(console, file, target, as_json=as_json)
    except KeyboardInterrupt:
        console.print("stopped; run it again to continue from here")
        raise typer.Exit(130) from None
    return found, found.refused


def _table(
    console: Screen, file: Path, mapping: Path, sheet: str, target: Target, *, check: bool, as_json: bool
) -> tuple[ImportProgress, int]:
    """Import a table by a mapping; returns how it went and how many of its rows were not taken."""
    from candor.replay import shown  # noqa: PLC0415
    from candor.replay.importing import ImportProgress  # noqa: PLC0415
    from candor.tabular.command import prepared  # noqa: PLC0415

    say = partial(console.print, soft_wrap=True)
    with ExitStack() as stack:
        with shown.progress(console, hidden=as_json) as display:
            task = display.add_task("reading", total=None, note="")
            report = partial(_rows, display, task)
            table = stack.enter_context(prepared(file, mapping, sheet, report, say))
        if check:
            table.show(say)
            return ImportProgress(total=table.spooled.events), table.finish(say)
        found = _sent(console, table.spooled.stream, target, as_json=as_json, reject=table.refuse)
        return found, table.finish(say)


def _rows(display: Progress, task: TaskID, rows: int) -> None:
    display.update(task, completed=rows, note="rows")


def _sent(
    console: Screen, file: Path, target: Target, *, as_json: bool, reject: Callable[[RejectedLine], None] | None = None
) -> ImportProgress:
    from candor.replay import shown  # noqa: PLC0415
    from candor.replay.importing import ImportRefusedError  # noqa: PLC0415
    from candor.replay.sending import Unreachable  # noqa: PLC0415
    from candor.replay.stream import StreamError  # noqa: PLC0415
    from candor.replay.where import endpoints, risk_web  # noqa: PLC0415

    if not target.key:
        raise InputError(
            "an operator's key is missing: --key, or KEY in the environment (candor token --role operator)"
        )
    try:
        with shown.progress(console, hidden=as_json) as display:
            where = endpoints(target.promise_url, target.delivery_url)
            learns = risk_web(target.risk_url, target.promise_url)
            warn = partial(console.print, style="yellow")
            report = shown.import_reporter(display)
            return asyncio.run(load(file, where, target.key, report, learns, warn, reject))
    except (StreamError, ImportRefusedError, Unreachable) as error:
        raise InputError(plainly(error)) from error


async def load(
    file: Path,
    endpoints: Endpoints,
    key: str,
    report: ImportReport,
    risk_url: str,
    warn: Callable[[str], None],
    reject: Callable[[RejectedLine], None] | None = None,
) -> ImportProgress:
    """Import a file, resuming from the marks in the local folder; calls `warn` as soon as a promise is too late."""
    from candor.replay.importing import Importer  # noqa: PLC0415
    from candor.replay.live import client  # noqa: PLC0415
    from candor.replay.sending import ImportSender  # noqa: PLC0415
    from candor.replay.teaching import Teaching  # noqa: PLC0415

    async with client() as http:
        teaching = Teaching(http, risk_url, key, warn)
        sender, marks = ImportSender(http, key), home() / "imports"
        importer = Importer(sender, endpoints, marks, report=report, teaching=teaching, reject=reject)
        return await importer.run(file)


def in_words(imported: ImportProgress) -> str:
    """The outcome in one or a few lines, rejected lines last."""
    known = imported.replayed + imported.skipped
    lines = [f"{imported.accepted} of {imported.total} events imported" + (f", {known} already known" if known else "")]
    lines += taught_words(imported)
    lines += [escaped(f"line {item.line} ({item.id}): {item.code} {item.detail}") for item in imported.rejected[:20]]
    if len(imported.rejected) > 20:
        lines.append(f"and {len(imported.rejected) - 20} more rejected; use --rejects to write them all")
    return "\n".join(lines)


def taught_words(imported: ImportProgress) -> list[str]:
    """Whether the import teaches, and if not, why."""
    from candor.replay.teaching import reason  # noqa: PLC0415

    lines = []
    if imported.too_late and imported.teaches_from is not None:
        head = f"{imported.too_late} of {imported.promises} promises came too late to teach."
        lines.append(f"{head} {reason(datetime.fromisoformat(imported.teaches_from))}")
    elif imported.not_asked and imported.promises:
        lines.append(f"it is not known whether these promises teach: {imported.not_asked}")
    if imported.elsewhere:
        lines.append(
            f"{imported.elsewhere} reports are about promises that are not in this file; they teach only if those are"
            " already known. GET /v1/parked of delivery-svc lists the queued ones"
        )
    return lines
