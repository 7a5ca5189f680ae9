"""`candor risk`: the weekly brief, and reading the read side again from the topics, of which nobody is notified."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

import typer

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.installation.folder import Folder
from candor.installation.running import database_url, require_running
from candor.terminal import Screen, say_json
from risk_svc import brief_command, session_commands

if TYPE_CHECKING:
    from risk_svc.settings import WorkerSettings


EXAMPLE: Final = "candor risk rebuild --yes"
LINE_SECONDS: Final = 5.0
UNFINISHED: Final = (
    "the rebuild has not ended: workers and learners wait and no customer is told anything, "
    "until `candor risk rebuild --yes` has run to its end"
)


class InterruptedRebuildError(OperatorError):
    """Somebody stopped the command; its status is a shell's for Ctrl-C."""

    status = 130


def register(app: typer.Typer) -> None:
    """Adds the groups of commands."""
    group = typer.Typer(
        no_args_is_help=True, help="The read side of risk-svc, and the weekly brief.", epilog=examples(EXAMPLE)
    )
    group.command("rebuild", epilog=examples(EXAMPLE))(rebuild)
    group.command("brief", epilog=examples(brief_command.EXAMPLE))(brief_command.brief)
    group.callback()(lambda: None)
    app.add_typer(group, name="risk")
    session_commands.register(app)


def rebuild(
    yes: Annotated[bool, typer.Option("--yes", help="Empty the read side without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Empty what risk-svc has folded, learnt and recorded, and read all topics again; no score is published.

    Running workers and learners step aside and wait, not ready, until it has ended; one that was cut off has to be run
    again. What customers were not told of before is published at the end. Kafka keeps 28 days: for older events run
    `candor relay replay` of promise-svc and delivery-svc before this.
    """
    # Imported here and below because the worker's libraries take seconds and `candor --help` must not wait for them.
    from candor.ops.loading import load  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415
    from risk_svc.settings import WorkerSettings  # noqa: PLC0415

    if not yes:
        typer.confirm("Empty the read side of risk-svc and read everything again?", abort=True)
    folder = Folder.default()
    kafka = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or require_running(folder).address("kafka")
    settings = load(WorkerSettings, database_url=database_url(folder), kafka_bootstrap_servers=kafka)
    try:
        live = asyncio.run(run(settings, None if as_json else Screen()))
    except StoreUnavailable as error:
        raise OperatorError(f"the database is away ({error}): start it with `candor up`. {UNFINISHED}") from error
    except KeyboardInterrupt:
        marked = asyncio.run(is_marked(settings))
        raise InterruptedRebuildError(UNFINISHED if marked else "stopped before anything was changed") from None
    if as_json:
        say_json({"live_promises": live})


async def run(settings: WorkerSettings, console: Screen | None) -> int:
    """Rebuild with a progress line; returns the number of live promises."""
    from candor.messaging.growth import as_grown  # noqa: PLC0415
    from candor.store.db import Database  # noqa: PLC0415
    from candor.store.migrate import upgrade  # noqa: PLC0415
    from risk_svc.wiring import GROUP, MIGRATIONS  # noqa: PLC0415
    from risk_svc.worker.rebuild import rebuild as rebuild_all  # noqa: PLC0415

    await upgrade(settings.database, MIGRATIONS)
    database = await Database.open(settings.database, partitions=settings.partitions)
    try:
        settings = await as_grown(settings, database)
        if console is None:
            return await rebuild_all(settings, database, GROUP, settings.business_clock())
        with console.status("waiting for workers and learners to step aside") as status:
            shown = Shown(console, status.update)
            live = await rebuild_all(settings, database, GROUP, settings.business_clock(), shown.look)
        console.print(f"{live} live promises; what had been published was not published again")
        return live
    finally:
        await database.close()


async def is_marked(settings: WorkerSettings) -> bool:
    """Whether the read side is left unfinished; yes as well if that cannot be found out."""
    from candor.store.connecting import connect  # noqa: PLC0415
    from risk_svc.store import rebuilding  # noqa: PLC0415

    try:
        connection = await connect(settings.database, timeout=5)
        try:
            return await rebuilding.is_marked(connection)
        finally:
            await connection.close()
    except Exception:
        return True


class Shown:
    """Progress: a line that changes on a terminal, and elsewhere, such as in a log, a line every few seconds."""

    def __init__(
        self, console: Screen, update: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._update = update
        self._now = now
        self._next = 0.0

    def look(self, lag: float, promises: int) -> None:
        """Say how far it is."""
        text = f"{promises} live promises, {_behind(lag)}"
        if self._console.is_terminal:
            self._update(text)
        elif self._now() >= self._next:
            self._next = self._now() + LINE_SECONDS
            self._console.print(text)


def _behind(lag: float) -> str:
    return "beginning" if lag == float("inf") else f"{lag:.0f} s of events to go"
