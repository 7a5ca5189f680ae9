"""`candor token`: an API key, and a link that signs in to the board once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from candor.local.folder import Folder
from candor.local.running import at_work, read_running
from candor.local.secret_files import add_key, ensure_secrets

BOARD = "http://127.0.0.1:8103"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("token")(token)


def token(
    role: Annotated[str, typer.Option(help="viewer, operator, approver or admin.")] = "viewer",
    name: Annotated[str, typer.Option(help="Who it is for; the same name again replaces the key.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="Only for this service; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Make an API key of a role and print it once, with a link that signs in to the board once.

    The key itself is kept nowhere; services know it within a second. Send it as `Authorization: Bearer KEY`.
    """
    # Imported here: `candor --help` has no use for the web framework and the database's libraries.
    from candor.ops.settings import read_secret  # noqa: PLC0415
    from candor.web.auth import Role  # noqa: PLC0415
    from candor.web.sessions import LINK_AGE, Sessions  # noqa: PLC0415

    try:
        wanted = Role.of(role)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    folder = at_work()
    paths = ensure_secrets(folder)
    owner = name or f"{role}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    key = add_key(paths, owner, wanted, tuple(scope or ()))
    link = f"{board(folder)}/signin?token={Sessions(read_secret(paths.session), secure=False).link_token(wanted)}"
    if as_json:
        typer.echo(json.dumps({"name": owner, "role": role, "key": key, "link": link}))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"API key of {owner} ({role}), shown this once:\n  {key}")
    console.print(f"Sign in to the board, once, within {LINK_AGE.seconds // 60} minutes:\n  {link}")


def board(folder: Folder) -> str:
    """Where the board is, or would be."""
    running = read_running(folder)
    return running.address("risk-web") if running else BOARD
