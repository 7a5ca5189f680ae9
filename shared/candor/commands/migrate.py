"""`candor migrate`: brings the schema of a service's database up to date, ahead of the processes that need it."""

from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from candor.command_texts import examples
from candor.commands.dlq import Consumer
from candor.errors import OperatorError
from candor.installation.running import at_work, database_url


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("migrate", epilog=examples("candor migrate risk-svc"))(migrate)


def migrate(
    service: Annotated[Consumer, typer.Argument(help="The service whose database to upgrade.")],
) -> None:
    """Upgrade the schema of a service's database, for a job that runs before a roll-out.

    Every process does this at its start as well; whoever comes second finds nothing to do. DATABASE_URL names the
    server, as for the service; by default the local stack's.
    """
    from candor.ops.loading import load  # noqa: PLC0415 - half a second, which `candor --help` must not wait for
    from candor.ops.settings import Settings  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415
    from candor.store.migrate import scripts, upgrade  # noqa: PLC0415

    package = find_spec(service.replace("-", "_"))
    if package is None or package.origin is None:
        raise OperatorError(f"{service} is not installed here: its schema is part of its package")
    # In a container the environment says it, and no folder of a local stack can be made.
    local = {} if os.environ.get("DATABASE_URL") else {"database_url": database_url(at_work())}
    settings = load(Settings, service=service.value, port=0, **local)
    try:
        asyncio.run(upgrade(settings.database, scripts(Path(package.origin).parent)))
    except StoreUnavailable as error:
        raise OperatorError(
            f"the database of {service} cannot be reached, so nothing was changed: {error.detail}"
        ) from error
    typer.echo(f"the database of {service} has the newest schema")
