"""`candor token`: an API key, and a link that signs in to the board once."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.installation.folder import Folder
from candor.installation.running import at_work, health, read_running
from candor.local.acts import record
from candor.local.choices import roles, services
from candor.local.secret_files import add_key, ensure_secrets
from candor.ops.typed import typed
from candor.terminal import Screen, say, say_json


def register(app: typer.Typer) -> None:
    """Adds the command."""
    made = ("candor token --role operator", "candor token --name crm --role operator --scope promise-svc --json")
    app.command("token", epilog=examples(*made))(token)


def token(
    role: Annotated[str, typer.Option(help="viewer, operator, approver or admin.", autocompletion=roles)] = "viewer",
    name: Annotated[str, typer.Option(help="Name of the key; using a name again replaces its key.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Limit the key to this service; may be repeated.", autocompletion=services),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Make an API key of a role and print it once, with a link that signs in to the board once.

    Requires a running board; with --json a key is made regardless, and `link` is null.
    The key itself is not stored; services accept it within a second. Send it as `Authorization: Bearer KEY`.
    The audit log of each service that it opens says who made it.
    """
    # Imported here because `candor --help` needs neither the web framework nor the database libraries.
    from candor.ops.settings import read_secret  # noqa: PLC0415
    from candor.web.http.text import one_line  # noqa: PLC0415
    from candor.web.security.auth import Role  # noqa: PLC0415
    from candor.web.security.sessions import LINK_AGE, Sessions  # noqa: PLC0415

    try:
        wanted = Role.of(role)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    try:
        owner = one_line(name) if name else f"{role}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    except ValueError as error:
        raise typer.BadParameter(f"--name {error}") from None
    folder = at_work()
    address = board(folder)
    if not as_json and address is None:
        raise OperatorError(f"the board is not running, so no link was made: start it with `{typed('up')}`")
    paths = ensure_secrets(folder)
    # Before the key itself: none is made that no log names, if there is a log.
    if missing := record("key.made", f"{owner}, {role}", scope or ()):
        say(f"candor: the audit log does not say that this key was made: {missing}", err=True)
    key = add_key(paths, owner, wanted, tuple(scope or ()))
    once = Sessions(read_secret(paths.session), secure=False).link_token(wanted, owner)
    # Behind a proxy people open the link by its address.
    address = os.environ.get("PUBLIC_URL", "").rstrip("/") or address
    link = None if address is None else f"{address}/signin?token={once}"
    if as_json:
        if link is None:
            say(f"candor: the board is not running, so there is no link; try `{typed('up')}`", err=True)
        say_json({"name": owner, "role": role, "key": key, "link": link})
        return
    console = Screen(soft_wrap=True)
    console.print(f"API key of {owner} ({role}), shown this once:\n  {key}")
    console.print(f"Sign in to the board, once, within {LINK_AGE.seconds // 60} minutes:\n  {link}")


def board(folder: Folder) -> str | None:
    """The address of the running board; None if it does not answer."""
    running = read_running(folder)
    if running is None or not running.alive:
        return None
    place = next((place for place in running.places if place.name == "risk-web"), None)
    return place.address if place is not None and health(place) != "down" else None
