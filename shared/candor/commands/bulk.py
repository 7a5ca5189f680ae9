"""`candor import`: loads a stream file in bulk as history."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from candor.command_texts import examples
from candor.errors import InputError, plainly
from candor.escaping import escaped
from candor.installation.folder import home
from candor.terminal import Screen, say_json

if TYPE_CHECKING:
    from candor.replay.importing import ImportProgress
    from candor.replay.sending import Endpoints
    from candor.replay.shown import ImportReport


TOO_LATE: Final = 3
"""Exit status when the import finished but some promises came too late to teach."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    shown = ("candor import history.jsonl --key $KEY", "candor import history.jsonl --key $KEY --rejects refused.jsonl")
    app.command("import", epilog=examples(*shown))(import_history)


def import_history(
    file: Annotated[Path, typer.Argument(help="JSON lines of events, sorted by time.", exists=True, dir_okay=False)],
    key: Annotated[
        str, typer.Option(envvar=["CANDOR_KEY", "KEY"], help="API key of an operator: candor token --role operator.")
    ],
    promise_url: Annotated[str, typer.Option(help="Address of promise-svc; default: the local stack.")] = "",
    delivery_url: Annotated[str, typer.Option(help="Address of delivery-svc; default: the local stack.")] = "",
    risk_url: Annotated[str, typer.Option(help="Address of risk-svc; default: the local stack.")] = "",
    rejects: Annotated[Path | None, typer.Option(help="Write rejected lines here, one JSON object per line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and show no progress.")] = False,
) -> None:
    """Import a stream as history: forecasts learn from it, and no customer is notified about the past.

    Running the same file again continues where the last run stopped.

    History may come in any order and in several files: what is older than what was learnt is learnt anew, in order of
    time. Only what is older than all that is kept to learn from teaches nothing; the command asks risk-svc and says so.

    Exit status 1 if lines were rejected, 2 if the import could not finish, 3 if it finished but some promises came
    too late to teach.
    """
    # Imported here and below because `candor --help` needs no HTTP client.
    from candor.replay import shown  # noqa: PLC0415
    from candor.replay.importing import ImportRefusedError  # noqa: PLC0415
    from candor.replay.sending import Unreachable  # noqa: PLC0415
    from candor.replay.stream import StreamError  # noqa: PLC0415
    from candor.replay.where import endpoints, risk_web  # noqa: PLC0415

    console = Screen(stderr=True)
    try:
        with shown.progress(console, hidden=as_json) as display:
            where, learns = endpoints(promise_url, delivery_url), risk_web(risk_url, promise_url)
            warn = partial(console.print, style="yellow")
            found = asyncio.run(load(file, where, key, shown.import_reporter(display), learns, warn))
    except (StreamError, ImportRefusedError, Unreachable) as error:
        raise InputError(plainly(error)) from error
    except KeyboardInterrupt:
        console.print("stopped; run it again to continue from here")
        raise typer.Exit(130) from None
    if rejects is not None:
        rejects.write_text("".join(json.dumps(asdict(item)) + "\n" for item in found.rejected))
    if as_json:
        say_json(asdict(found))
    else:
        console.print(in_words(found))
    status = 1 if found.rejected else TOO_LATE if found.too_late else 0
    raise typer.Exit(status)


async def load(
    file: Path, endpoints: Endpoints, key: str, report: ImportReport, risk_url: str, warn: Callable[[str], None]
) -> ImportProgress:
    """Import a file, resuming from the marks in the local folder; calls `warn` as soon as a promise is too late."""
    from candor.replay.importing import Importer  # noqa: PLC0415
    from candor.replay.live import client  # noqa: PLC0415
    from candor.replay.sending import ImportSender  # noqa: PLC0415
    from candor.replay.teaching import Teaching  # noqa: PLC0415

    async with client() as http:
        teaching = Teaching(http, risk_url, key, warn)
        importer = Importer(ImportSender(http, key), endpoints, home() / "imports", report=report, teaching=teaching)
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
