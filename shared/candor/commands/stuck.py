"""`candor stuck`: partitions that are halted for one event which cannot be applied, for people to decide on."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from candor.command_texts import examples
from candor.commands.dlq import Consumer, Json, Prefix, Service, each, parsed
from candor.errors import OperatorError
from candor.escaping import escaped
from candor.terminal import Screen, say, say_json

# Database modules are imported where they are used so that `candor --help` does not wait for their libraries.
if TYPE_CHECKING:
    from candor.store.suspects import StuckPartition
    from candor.store.unit_of_work import UnitOfWork

Partition = Annotated[str, typer.Argument(help="A partition from `candor stuck list`, e.g. risk-svc:3.")]
STORED = (Consumer.DELIVERY, Consumer.RISK, Consumer.NOTIFY)


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Partitions halted for an event that cannot be applied: try it again, or put it aside.",
        epilog=examples("candor stuck list", "candor stuck retry risk-svc:3"),
    )
    group.command("list", epilog=examples("candor stuck list", "candor stuck list --json"))(show_list)
    group.command("retry", epilog=examples("candor stuck retry risk-svc:3"))(retry)
    group.command("bury", epilog=examples("candor stuck bury risk-svc:3"))(bury)
    app.add_typer(group, name="stuck")


def show_list(service: Service = None, prefix: Prefix = "candor", as_json: Json = False) -> None:
    """List halted partitions with the event that each of them cannot apply, and why."""
    from candor.store import suspects  # noqa: PLC0415

    async def read(uow: UnitOfWork) -> list[StuckPartition]:
        return await suspects.stuck(uow.connection)

    found = [(name, item) for name, items in each(service, prefix, read, STORED) for item in items]
    if as_json:
        say_json([_plain(name, item) for name, item in found])
        return
    if not found:
        say("no partition is halted for an event")
        return
    table = Table("partition", "since", "topic", "offset", "attempts", "error", "state")
    for name, item in found:
        plain = _plain(name, item)
        since = f"{item.since.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        cells = (plain["id"], since, item.topic, item.offset, item.failures, item.error, item.state)
        table.add_row(*(escaped(str(cell)) for cell in cells))
    Screen().print(table)


def retry(number: Partition, prefix: Prefix = "candor", as_json: Json = False) -> None:
    """Try the event again, after its cause was mended; the service does so within a second or two."""
    _decide(number, "retry", prefix, as_json)


def bury(number: Partition, prefix: Prefix = "candor", as_json: Json = False) -> None:
    """Put the event aside as a dead letter, so that the partition goes on; `candor dlq replay` can still apply it.

    Later events of the same promise or customer wait behind it.
    """
    _decide(number, "bury", prefix, as_json)


def _decide(number: str, state: str, prefix: str, as_json: bool) -> None:
    from candor.store import audit, suspects  # noqa: PLC0415

    service, partition = parsed(number, "candor stuck list")

    async def write(uow: UnitOfWork) -> bool:
        done = await suspects.decide(uow.connection, partition, state)
        outcome = "done" if done else "not_found"
        await audit.write(uow, [audit.Act(audit.of_this_machine(), f"partition.{state}", number, outcome)])
        return done

    if not any(done for _, done in each(service, prefix, write, STORED)):
        raise OperatorError(f"{number} is not halted for an event")
    if as_json:
        say_json({"id": number, "state": state})
        return
    say(f"{number}: the event will be {'tried again' if state == 'retry' else 'put aside as a dead letter'}")


def _plain(name: str, item: StuckPartition) -> dict[str, object]:
    return {
        "id": f"{name}:{item.partition}",
        "service": name,
        "partition": item.partition,
        "topic": item.topic,
        "offset": item.offset,
        "attempts": item.failures,
        "error": item.error,
        "state": item.state,
        "since": item.since.astimezone(UTC).isoformat(),
    }
