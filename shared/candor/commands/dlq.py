"""`candor dlq`: lists events that could not be applied, for people to inspect and decide on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from candor.command_texts import examples
from candor.errors import InputError, OperatorError
from candor.escaping import escaped
from candor.installation.running import at_work, database_server
from candor.ops.database_url import named
from candor.terminal import Screen, say, say_json

# Database modules are imported where they are used so that `candor --help` does not wait for their libraries.
if TYPE_CHECKING:
    from candor.store.dead_letter import StoredDeadLetter
    from candor.store.unit_of_work import UnitOfWork

T = TypeVar("T")


class Consumer(StrEnum):
    """Services that can have dead letters: events they could not apply, or could not send because of their size."""

    PROMISE = "promise-svc"
    DELIVERY = "delivery-svc"
    RISK = "risk-svc"
    NOTIFY = "notify-svc"


class State(StrEnum):
    """State of a dead letter; `all` matches every state."""

    HELD = "held"
    REPLAY = "replay"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    ALL = "all"


Service = Annotated[Consumer | None, typer.Option(help="Only this service; default: all.")]
Prefix = Annotated[str, typer.Option(envvar="DATABASE_PREFIX", help="Prefix of the database names.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Id = Annotated[str, typer.Argument(help="An id from `candor dlq list`, e.g. risk-svc:17.")]
OptionalId = Annotated[str, typer.Argument(help="An id from `candor dlq list`, e.g. risk-svc:17, or --all.")]
All = Annotated[bool, typer.Option("--all", help="All held dead letters.")]


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Events that could not be applied: inspect, fix the cause, replay.",
        epilog=examples("candor dlq list", "candor dlq replay risk-svc:17"),
    )
    shown = ("candor dlq list", "candor dlq list --service risk-svc --state all --json")
    group.command("list", epilog=examples(*shown))(show_list)
    group.command("show", epilog=examples("candor dlq show risk-svc:17"))(show)
    replayed = ("candor dlq replay risk-svc:17", "candor dlq replay --all --service risk-svc")
    group.command("replay", epilog=examples(*replayed))(replay)
    group.command("discard", epilog=examples("candor dlq discard risk-svc:17"))(discard)
    app.add_typer(group, name="dlq")


def show_list(
    service: Service = None,
    state: Annotated[State, typer.Option(help="Only dead letters in this state.")] = State.HELD,
    after: Annotated[int, typer.Option(help="Only ids above this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many per service.")] = 100,
    prefix: Prefix = "candor",
    as_json: Json = False,
) -> None:
    """List dead letters, oldest first. Reason `behind` means: waiting for an earlier event of the same subject."""
    from candor.store import dead_letter  # noqa: PLC0415

    wanted = "" if state is State.ALL else state.value

    async def read(uow: UnitOfWork) -> list[StoredDeadLetter]:
        return await dead_letter.find(uow.connection, state=wanted, after=after, limit=limit)

    found = [(name, item) for name, items in each(service, prefix, read) for item in items]
    if as_json:
        say_json([_plain(name, item) for name, item in found])
        return
    if not found:
        say("no dead letters" if state is State.ALL else f"no dead letters {state.value}")
        return
    table = Table("id", "since", "topic", "subject", "reason", "detail", "state")
    for name, item in found:
        since = f"{item.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        cells = (f"{name}:{item.id}", since, item.topic, item.subject, item.reason, item.detail, item.state)
        table.add_row(*map(escaped, cells))
    Screen().print(table)


def show(number: Id, prefix: Prefix = "candor", as_json: Json = False) -> None:
    """Show one dead letter with its record as it came from Kafka."""
    from candor.store import dead_letter  # noqa: PLC0415

    service, wanted = parsed(number)

    async def read(uow: UnitOfWork) -> list[StoredDeadLetter]:
        return await dead_letter.find(uow.connection, number=wanted)

    for name, items in each(service, prefix, read):
        for item in items:
            whole = _plain(name, item) | {"record": _record(item)}
            say_json(whole, indent=None if as_json else 2)
            return
    raise OperatorError(f"there is no dead letter {number}")


def replay(
    number: OptionalId = "",
    everything: All = False,
    service: Service = None,
    prefix: Prefix = "candor",
    as_json: Json = False,
) -> None:
    """Retry a dead letter, or with --all every held one in order; the service does so within a second or two.

    Fix the cause first: what fails again is held again. Events waiting behind it follow by themselves, and a partition
    that stopped because of too many dead letters continues. Events that were too large to send are sent again.
    """
    _decide("replay", number, everything, service, prefix, as_json)


def discard(
    number: OptionalId = "",
    everything: All = False,
    service: Service = None,
    prefix: Prefix = "candor",
    as_json: Json = False,
) -> None:
    """Discard a dead letter for good, or with --all every held one; events waiting behind it are then tried."""
    _decide("discarded", number, everything, service, prefix, as_json)


def _decide(state: str, number: str, everything: bool, service: Consumer | None, prefix: str, as_json: bool) -> None:
    from candor.store import audit, dead_letter  # noqa: PLC0415

    if bool(number) == everything:
        raise InputError("name one dead letter, or say --all")
    chosen, wanted = (service, None) if everything else parsed(number)

    counts: Counter[str] = Counter()

    async def write(uow: UnitOfWork) -> tuple[int, bool]:
        count = await dead_letter.decide(uow.connection, state, number=wanted)
        sent = await dead_letter.resend(uow.connection)
        if count or not counts:
            outcome = f"{count} dead letters" if count else "not_found"
            act = audit.Act(audit.of_this_machine(), f"dead_letter.{state}", number or "all held", outcome)
            await audit.write(uow, [act])
        return count, count == dead_letter.DECIDED or sent >= dead_letter.RESENT

    more = True
    while more:
        found = each(chosen, prefix, write)
        for name, (count, _) in found:
            counts[name] += count
        more = any(left for _, (_, left) in found)
    if not everything and not any(counts.values()):
        raise OperatorError(f"there is no held dead letter {number}")
    if as_json:
        say_json(counts)
        return
    verb = "will be retried" if state == "replay" else "discarded"
    for name, count in counts.items():
        say(f"{name}: {count} {verb}")


def parsed(number: str, command: str = "candor dlq list") -> tuple[Consumer, int]:
    """Service and number of an id that `command` shows."""
    name, _, digits = number.rpartition(":")
    if name not in {each.value for each in Consumer} or not digits.isascii() or not digits.isdigit():
        raise InputError(f"{number} is not an id from `{command}`, such as risk-svc:17")
    return Consumer(name), int(digits)


def each(
    service: Consumer | None,
    prefix: str,
    use: Callable[[UnitOfWork], Awaitable[T]],
    services: Sequence[Consumer] = tuple(Consumer),
) -> list[tuple[str, T]]:
    """Call `use` in one transaction per service; skips services without a database yet."""
    import asyncpg  # noqa: PLC0415

    from candor.store.db import Database  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415
    from candor.store.unit_of_work import unit_of_work  # noqa: PLC0415

    server = database_server(at_work())

    async def one(name: str) -> list[tuple[str, T]]:
        database = f"{prefix}_{name.removesuffix('-svc')}"
        url = named(server, database)
        try:
            opened = await Database.open(url, pool_size=1)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, asyncpg.InvalidCatalogNameError) and service is None:
                return []
            raise OperatorError(f"{name}: {error.detail}") from error
        try:
            async with unit_of_work(opened) as uow:
                return [(name, await use(uow))]
        finally:
            await opened.close()

    async def all_of_them() -> list[tuple[str, T]]:
        return [found for name in ([service] if service else services) for found in await one(name.value)]

    return asyncio.run(all_of_them())


def _plain(name: str, item: StoredDeadLetter) -> dict[str, Any]:
    fields = item._asdict() | {"id": f"{name}:{item.id}", "service": name}
    del fields["record"]
    return {key: _moment(value) if isinstance(value, datetime) else value for key, value in fields.items()}


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _record(item: StoredDeadLetter) -> dict[str, Any]:
    record = item.record
    return {
        "key": record.key.decode(errors="backslashreplace"),
        "headers": {name: bytes(value).decode(errors="backslashreplace") for name, value in record.headers},
        "value": record.value.decode(errors="backslashreplace"),
    }
