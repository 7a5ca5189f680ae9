"""`candor stuck`: partitions halted for an event that cannot be applied, and promises that are set aside."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from candor.command_texts import examples
from candor.commands.dlq import Consumer, Json, Prefix, Service, each, parsed
from candor.errors import InputError, OperatorError
from candor.escaping import escaped
from candor.terminal import Screen, say, say_json

# Database modules are imported where they are used so that `candor --help` does not wait for their libraries.
if TYPE_CHECKING:
    from candor.store.review_aside import AsidePromise
    from candor.store.suspects import StuckPartition
    from candor.store.unit_of_work import UnitOfWork

Partition = Annotated[str, typer.Argument(help="A partition from `candor stuck list`, e.g. risk-svc:3.")]
OptionalPartition = Annotated[
    str, typer.Argument(help="A partition from `candor stuck list`, e.g. risk-svc:3, or --promise.")
]
Promise = Annotated[str, typer.Option("--promise", help="A promise from `candor stuck list`, that is set aside.")]
STORED = (Consumer.DELIVERY, Consumer.RISK, Consumer.NOTIFY)
REVIEWING = (Consumer.RISK, Consumer.NOTIFY)
"""Services that look at promises when their time comes, without an event."""


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Partitions halted for an event, and promises set aside: try them again, or put the event aside.",
        epilog=examples("candor stuck list", "candor stuck retry risk-svc:3"),
    )
    group.command("list", epilog=examples("candor stuck list", "candor stuck list --json"))(show_list)
    group.command("retry", epilog=examples("candor stuck retry risk-svc:3", "candor stuck retry --promise PR-1"))(retry)
    group.command("bury", epilog=examples("candor stuck bury risk-svc:3"))(bury)
    app.add_typer(group, name="stuck")


def show_list(service: Service = None, prefix: Prefix = "candor", as_json: Json = False) -> None:
    """List halted partitions with the event that each cannot apply, and promises set aside.

    A promise is set aside when its score or its messages cannot be computed though no event is to blame.
    """
    from candor.store import review_aside, suspects  # noqa: PLC0415

    async def halted(uow: UnitOfWork) -> list[StuckPartition]:
        return await suspects.stuck(uow.connection)

    async def both(uow: UnitOfWork) -> tuple[list[StuckPartition], list[AsidePromise]]:
        return await halted(uow), await review_aside.listed(uow.connection)

    found: list[tuple[str, StuckPartition]] = []
    promises: list[tuple[str, AsidePromise]] = []
    if service not in REVIEWING:
        for name, items in each(service, prefix, halted, [one for one in STORED if one not in REVIEWING]):
            found += [(name, item) for item in items]
    if service in (None, *REVIEWING):
        for name, (partitions, aside) in each(service, prefix, both, REVIEWING):
            found += [(name, item) for item in partitions]
            promises += [(name, left) for left in aside]
    if as_json:
        say_json([*(_plain(name, item) for name, item in found), *(_promise(name, item) for name, item in promises)])
        return
    _show_partitions(found)
    _show_promises(promises)


def _show_partitions(found: list[tuple[str, StuckPartition]]) -> None:
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


def _show_promises(found: list[tuple[str, AsidePromise]]) -> None:
    if not found:
        say("no promise is set aside")
        return
    table = Table("promise", "service", "since", "error", "state")
    for name, item in found:
        since = f"{item.since.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        cells = (item.promise_id, name, since, item.error, _state(item))
        table.add_row(*map(escaped, cells))
    Screen().print(table)


def retry(
    number: OptionalPartition = "", promise: Promise = "", prefix: Prefix = "candor", as_json: Json = False
) -> None:
    """Try the event or the promise again, after the cause was mended; the service does so within a second or two.

    What fails again is listed again, since then.
    """
    if bool(number) == bool(promise):
        raise InputError("name one partition, or one promise with --promise")
    if promise:
        _retry_promise(promise, prefix, as_json)
    else:
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


def _retry_promise(promise: str, prefix: str, as_json: bool) -> None:
    from candor.store import audit, review_aside  # noqa: PLC0415

    async def write(uow: UnitOfWork) -> bool:
        done = await review_aside.retry(uow.connection, promise)
        if done:
            await audit.write(uow, [audit.Act(audit.of_this_machine(), "review.retry", promise, "done")])
        return done

    services = [name for name, done in each(None, prefix, write, REVIEWING) if done]
    if not services:
        raise OperatorError(f"the promise {promise} is not set aside")
    if as_json:
        say_json({"promise_id": promise, "services": services, "state": "retry"})
        return
    for name in services:
        say(f"{name}: the promise {promise} will be reviewed again")


def _promise(name: str, item: AsidePromise) -> dict[str, object]:
    return {
        "promise_id": item.promise_id,
        "service": name,
        "partition": item.partition,
        "error": item.error,
        "state": _state(item),
        "since": item.since.astimezone(UTC).isoformat(),
    }


def _state(item: AsidePromise) -> str:
    return "retry" if item.wanted else "aside"


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
