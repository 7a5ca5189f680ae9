"""`candor sessions`: who is signed in to the board, and ending all sessions of one person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from candor.command_texts import examples
from candor.escaping import escaped
from candor.installation.service_database import ask_database
from candor.terminal import Screen, say, say_json

if TYPE_CHECKING:
    from risk_svc.web.board.sign_in_store import StaffSessions

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    said = "Who is signed in to the board."
    group = typer.Typer(no_args_is_help=True, help=said, epilog=examples("candor sessions list"))
    group.command("list", epilog=examples("candor sessions list --json"))(show)
    group.command("end", epilog=examples("candor sessions end ada"))(end)
    app.add_typer(group, name="sessions")


def show(as_json: Json = False) -> None:
    """List the sessions that are not over: who is signed in to the board, in which role, and since when."""
    found = _with(lambda staff: staff.live())
    if as_json:
        say_json([one._asdict() for one in found], default=str)
        return
    table = Table("person", "role", "signed in", "last seen", "session")
    for one in found:
        table.add_row(escaped(one.person), one.role, f"{one.began:%F %T}Z", f"{one.seen:%F %T}Z", one.id)
    Screen().print(table)


def end(
    person: Annotated[str, typer.Argument(help="Whose sessions, as `candor sessions list` names the person.")],
    as_json: Json = False,
) -> None:
    """End all sessions of one person; their pages close within seconds."""
    from candor.store.audit import of_this_machine  # noqa: PLC0415

    ended = _with(lambda staff: staff.end_person(person, "ended by an administrator", of_this_machine()))
    if as_json:
        say_json({"ended": ended})
    else:
        say(f"{ended} sessions of {person} ended")
    if not ended:
        raise typer.Exit(1)


def _with(use: Callable[[StaffSessions], Awaitable[T]]) -> T:
    # Imported here because `candor --help` must not wait for the database's libraries.
    from risk_svc.settings import RiskSettings  # noqa: PLC0415
    from risk_svc.web.board.sign_in_store import StaffSessions  # noqa: PLC0415

    return ask_database(RiskSettings, lambda database: use(StaffSessions(SimpleNamespace(database=database))))
