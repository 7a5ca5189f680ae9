"""`candor messages`: a mass of messages that is held, and the secret of a customer's webhook."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.installation.service_database import ask_database
from candor.terminal import say, say_json

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.unit_of_work import UnitOfWork

T = TypeVar("T")
HOOK = "https://hooks.customer.example/candor"
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    said = "Messages to customers: a mass of them that waits for a person, and what a customer's webhook verifies with."
    group = typer.Typer(no_args_is_help=True, help=said, epilog=examples("candor messages held"))
    group.command("held", epilog=examples("candor messages held --json"))(held)
    group.command("release", epilog=examples("candor messages release"))(release)
    group.command("drop", epilog=examples("candor messages drop"))(drop)
    group.command("webhook-secret", epilog=examples(f"candor messages webhook-secret {HOOK}"))(webhook_secret)
    app.add_typer(group, name="messages")


def held(as_json: Json = False) -> None:
    """Say whether a mass of messages is held, and to how many customers they were due."""
    from notify_svc.delivery import mass  # noqa: PLC0415

    hold = _with(mass.read)
    if as_json:
        say_json(hold._asdict(), default=str)
    elif hold.held_since is None:
        say("No mass of messages is held.")
    else:
        due = f"to {hold.customers:,} of {hold.of_customers:,} customers with open promises"
        say(f"Held since {hold.held_since:%F %T}Z: messages {due} were due within an hour.")


def release() -> None:
    """Send the messages that are held, each after a last check, and for an hour whatever comes."""
    from notify_svc.delivery import mass  # noqa: PLC0415

    _decided("release", lambda uow: mass.release(uow, _me()))
    say("Released: each message is checked once more and sent.")


def drop() -> None:
    """Suppress the messages that are held now; new ones are held until `candor messages release`."""
    from notify_svc.delivery import mass  # noqa: PLC0415

    _decided("drop", lambda uow: mass.drop(uow, _me()))
    say("Dropped: the messages held now are not sent. New ones wait until `candor messages release`.")


def webhook_secret(address: Annotated[str, typer.Argument(help="The webhook's address, as in the contact.")]) -> None:
    """Print the secrets that a customer verifies our webhooks with, the newest first: for that customer alone."""
    from notify_svc.channels.webhook.settings import WebhookSettings  # noqa: PLC0415

    try:
        settings = WebhookSettings()
        settings.guard().check(address)
        secrets = settings.secrets()
    except ValueError as error:
        raise OperatorError(str(error)) from None
    if secrets is None:
        raise OperatorError("WEBHOOK_KEY_FILE is not set here: without it nothing goes by webhook")
    for secret in secrets.of(address):
        say(secret)


def _me() -> str:
    from candor.store import audit  # noqa: PLC0415

    return audit.of_this_machine().who


def _decided(decision: str, act: Callable[[UnitOfWork], Awaitable[bool]]) -> None:
    from candor.store import audit  # noqa: PLC0415

    async def decided(uow: UnitOfWork) -> bool:
        done = await act(uow)
        outcome = audit.DONE if done else "conflict"
        done_by = audit.of_this_machine()
        await audit.write(uow, [audit.Act(done_by, f"mass_hold.{decision}", "messages to customers", outcome)])
        return done

    if not _with(decided):
        raise OperatorError("no mass of messages is held")


def _with(use: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    # Imported here because `candor --help` must not wait for the database's libraries.
    from candor.store.unit_of_work import unit_of_work  # noqa: PLC0415
    from notify_svc.settings import NotifySettings  # noqa: PLC0415

    async def asked(database: Database) -> T:
        async with unit_of_work(database) as uow:
            return await use(uow)

    return ask_database(NotifySettings, asked)
