"""`candor partitions`: more partitions for an installation that runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.installation.running import at_work, database_url, require_running
from candor.terminal import say, say_json

if TYPE_CHECKING:
    from candor.growing.growth import Growing
    from candor.growing.site import Service

T = TypeVar("T")
EXAMPLE: Final = "candor partitions grow 128"
SERVICES: Final = ("promise-svc", "delivery-svc", "risk-svc", "notify-svc")


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(
        no_args_is_help=True, help="How many partitions there are, and more of them.", epilog=examples(EXAMPLE)
    )
    group.command("grow", epilog=examples(EXAMPLE, "candor partitions grow --give-up"))(grow)
    group.command("show", epilog=examples("candor partitions show"))(show)
    app.add_typer(group, name="partitions")


def grow(
    number: Annotated[int | None, typer.Argument(min=2, max=1000, help="How many partitions there shall be.")] = None,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Go on with as many as there are, while it is not too late for that.")
    ] = False,
) -> None:
    """Give the topics more partitions, so that more workers can share them; a multiple of what there is.

    What was sent is read to its end, while requests are accepted; then all processes end and have to be started again,
    as Kubernetes, compose, `candor up` and systemd do by themselves: they take the new number whatever PARTITIONS says.
    Each customer's events keep their order. If this is interrupted, nothing is sent until it has been run again to its
    end; it goes on where it stood.

    DATABASE_URL names the server, for a user who owns all four databases; KAFKA_BOOTSTRAP_SERVERS the broker, for one
    who may alter topics. By default the local stack's.
    """
    if (number is None) != give_up:
        raise typer.BadParameter("say how many partitions there shall be, or --give-up")

    async def work(growing: Growing) -> None:
        if number is None:
            await growing.give_up()
            say("given up: everything goes on with as many partitions as before")
        elif await growing.grow(number):
            say(f"there are {number} partitions; write PARTITIONS={number} into your settings and files of topics too")
        else:
            say(f"there are {number} partitions already")

    _run(work)


def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False) -> None:
    """Show for each service how many partitions count, and what growing has left to do."""

    async def work(growing: Growing) -> list[tuple[str, Any]]:
        return [(name, found) for name, found in await growing.show()]

    found = _run(work)
    if as_json:
        say_json([{"service": name} | (_plain(layout) if layout else {}) for name, layout in found])
        return
    for name, layout in found:
        say(f"{name}: {_words(layout) if layout else 'as PARTITIONS says'}")


def _plain(layout: Any) -> dict[str, Any]:
    return {"partitions": layout.partitions, "grows_to": layout.grows_to, "log_left": layout.log_left}


def _words(layout: Any) -> str:
    if layout.moving:
        return f"{layout.partitions} partitions, nothing is sent or read until `grow {layout.partitions}` has ended"
    if layout.held:
        return f"{layout.partitions} partitions, nothing is sent until `grow {layout.grows_to}` has ended"
    log = f", `grow {layout.partitions}` has not ended: no replays yet" if layout.log_left else ""
    return f"{layout.partitions} partitions{log}"


def _run(work: Callable[[Growing], Awaitable[T]]) -> T:
    from candor.growing.growth import CannotGrowError  # noqa: PLC0415 - `candor --help` must not wait for libraries
    from candor.messaging.more_partitions import TopicsUnreachableError  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415

    async def all_of_it() -> T:
        async with _growing() as growing:
            return await work(growing)

    try:
        return asyncio.run(all_of_it())
    except CannotGrowError as error:
        raise OperatorError(str(error)) from error
    except (StoreUnavailable, TopicsUnreachableError) as error:
        raise OperatorError(f"interrupted: {error}. Run it again: it goes on where it stood") from error


@asynccontextmanager
async def _growing() -> AsyncIterator[Growing]:
    from candor.growing.growth import Growing  # noqa: PLC0415
    from candor.growing.site import Site  # noqa: PLC0415
    from candor.messaging.more_partitions import SharedTopics  # noqa: PLC0415
    from candor.ops.loading import load  # noqa: PLC0415
    from candor.ops.settings import Settings  # noqa: PLC0415
    from candor.store.db import Database  # noqa: PLC0415

    folder = at_work()
    local = {} if os.environ.get("DATABASE_URL") else {"database_url": database_url(folder)}
    kafka = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or require_running(folder).address("kafka")
    async with AsyncExitStack() as stack:
        sites = []
        for name in SERVICES:
            settings = load(Settings, service=name, port=0, kafka_bootstrap_servers=kafka, **local)
            database = await Database.open(settings.database, pool_size=2)
            stack.push_async_callback(database.close)
            sites.append(Site(service(name), database))
        yield Growing(sites, SharedTopics(settings), say)


def service(name: str) -> Service:
    """What of a service follows the partitions: its topics by their cards, its tables as its package says."""
    from candor.contracts import CARDS  # noqa: PLC0415
    from candor.contracts.topics import GROUPS  # noqa: PLC0415
    from candor.growing.site import Reader, Service  # noqa: PLC0415

    package = name.replace("-", "_")
    if find_spec(package) is None:
        raise OperatorError(f"{name} is not installed here: which of its rows follow is part of its package")
    readers = []
    for process, group in GROUPS.items():
        if process.partition(" ")[0] == name:
            read = [card for card in CARDS if card.handled and process in card.readers]
            shared = tuple(card.name for card in read if card.shared_layout)
            readers.append(Reader(group, shared, tuple(card.name for card in read if not card.shared_layout)))
    if find_spec(f"{package}.store.moving") is None:
        return Service(name, tuple(readers))
    rows = import_module(f"{package}.store.moving")
    return Service(name, tuple(readers), rows.MOVES, rows.UNFINISHED)
