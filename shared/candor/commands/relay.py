"""`candor relay replay`: publishes again what a service has already published."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import typer

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.installation.running import at_work, database_server
from candor.ops.database_url import named
from candor.terminal import say, say_json


class KeepingService(StrEnum):
    """Services whose outbox keeps its rows."""

    PROMISE = "promise-svc"
    DELIVERY = "delivery-svc"


EXAMPLE: Final = "candor relay replay promise-svc --since 2026-11-01"


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Events that services have published.", epilog=examples(EXAMPLE))
    group.command("replay", epilog=examples(EXAMPLE))(replay)
    # Without a callback, Typer would turn a group's single command into the group itself.
    group.callback()(lambda: None)
    app.add_typer(group, name="relay")


def replay(
    service: Annotated[KeepingService, typer.Argument(help="The service whose events to publish again.")],
    since: Annotated[datetime | None, typer.Option(help="Only events written at or after this time (UTC).")] = None,
    partition: Annotated[list[int] | None, typer.Option(help="Only this partition; may be repeated.")] = None,
    prefix: Annotated[str, typer.Option(envvar="DATABASE_PREFIX", help="Prefix of the database names.")] = "candor",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Publish a service's past events again, with their original ids and versions.

    Consumers that know it already change nothing; ones that were emptied are filled. New events go first, and intake
    goes on. The service must be running to do the sending; a command that is ended half-way is carried on by it.
    DATABASE_URL names the server; by default the local stack's.
    """
    database = f"{prefix}_{service.removesuffix('-svc')}"
    url = named(database_server(at_work()), database)
    begin = since.replace(tzinfo=since.tzinfo or UTC) if since else None
    events = asyncio.run(ask_again(url, begin, partition))
    if as_json:
        say_json({"service": service.value, "events": events})
    else:
        say(f"{events} events of {service} will be published again")


async def ask_again(url: str, since: datetime | None, partitions: list[int] | None) -> int:
    """Ask for the kept outbox rows of one service's database to be sent again; returns how many events they hold.

    The audit log says so in the transaction that asks. Marking goes on page by page, here or in the service.
    """
    from candor.store import audit, layout, replaying  # noqa: PLC0415
    from candor.store.db import Database  # noqa: PLC0415
    from candor.store.unit_of_work import unit_of_work  # noqa: PLC0415

    database = await Database.open(url, pool_size=1)
    try:
        async with unit_of_work(database) as uow:
            number = await replaying.request(uow, since=since, partitions=partitions)
            which = f"partitions {', '.join(map(str, partitions))}" if partitions else "all partitions"
            said = f"{which} since {since or 'the beginning'}"
            await audit.write(uow, [audit.Act(audit.of_this_machine(), "relay.replay", said, audit.DONE)])
        while True:
            async with unit_of_work(database) as uow:
                await replaying.step(uow)
                found = await replaying.progress(uow, number)
            if found.done:
                return found.events
    except replaying.GrowingError as error:
        now = await layout.read(database.pool)
        number = (now.grows_to or now.partitions) if now is not None else 0
        raise OperatorError(f"{error}: first run `candor partitions grow {number}` to its end") from error
    finally:
        await database.close()
