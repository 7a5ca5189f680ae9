"""`candor risk rebuild`: empties the read side and reads it again from the topics; nobody is notified."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated, Final

import typer

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.installation.folder import Folder
from candor.installation.running import database_url, require_running
from candor.terminal import Screen, say_json
from risk_svc import session_commands

if TYPE_CHECKING:
    from risk_svc.settings import WorkerSettings


EXAMPLE: Final = "candor risk rebuild --yes"


def register(app: typer.Typer) -> None:
    """Adds the groups of commands."""
    group = typer.Typer(no_args_is_help=True, help="The read side of risk-svc.", epilog=examples(EXAMPLE))
    group.command("rebuild", epilog=examples(EXAMPLE))(rebuild)
    group.callback()(lambda: None)
    app.add_typer(group, name="risk")
    session_commands.register(app)


def rebuild(
    yes: Annotated[bool, typer.Option("--yes", help="Empty the read side without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Empty what risk-svc has folded, learnt and recorded, and read all topics again; no score is published.

    Stop its workers first. Kafka keeps 28 days: for older events run `candor relay replay` of promise-svc and
    delivery-svc before this.
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
        raise OperatorError(f"the database is away ({error}): start it with `candor up`") from error
    if as_json:
        say_json({"live_promises": live})


async def run(settings: WorkerSettings, console: Screen | None) -> int:
    """Rebuild with a progress line; returns the number of live promises."""
    from candor.store.db import Database  # noqa: PLC0415
    from candor.store.migrate import upgrade  # noqa: PLC0415
    from risk_svc.wiring import GROUP, MIGRATIONS  # noqa: PLC0415
    from risk_svc.worker.rebuild import rebuild as rebuild_all  # noqa: PLC0415

    await upgrade(settings.database, MIGRATIONS)
    database = await Database.open(settings.database, partitions=settings.partitions)
    try:
        if console is None:
            return await rebuild_all(settings, database, GROUP, settings.business_clock())
        with console.status("reading the topics again") as status:
            live = await rebuild_all(
                settings,
                database,
                GROUP,
                settings.business_clock(),
                lambda lag, promises: status.update(f"{promises} live promises, {_behind(lag)}"),
            )
        console.print(f"{live} live promises; nothing was published")
        return live
    finally:
        await database.close()


def _behind(lag: float) -> str:
    return "beginning" if lag == float("inf") else f"{lag:.0f} s of events to go"
