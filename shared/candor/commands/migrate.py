"""`candor migrate`: brings the schema of a service's database up to date, ahead of the processes that need it."""

from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from candor.command_texts import examples
from candor.commands.dlq import Consumer
from candor.errors import InputError, OperatorError
from candor.installation.running import at_work, database_url
from candor.terminal import say

if TYPE_CHECKING:
    from candor.ops.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the command."""
    least = "candor migrate risk-svc --grants candor_risk_app"
    app.command("migrate", epilog=examples("candor migrate risk-svc", least, f"{least} --sql"))(migrate)


def migrate(
    service: Annotated[Consumer, typer.Argument(help="The service whose database to upgrade.")],
    role: Annotated[
        str, typer.Option("--grants", metavar="ROLE", help="Then give this role what the service needs, and no more.")
    ] = "",
    sql: Annotated[
        bool, typer.Option("--sql", help="With --grants: print its SQL for somebody else to run, and change nothing.")
    ] = False,
) -> None:
    """Upgrade the schema of a service's database, for a job that runs before a roll-out.

    Every process does this at its start as well; whoever comes second finds nothing to do. DATABASE_URL names the
    server, as for the service; by default the local stack's.

    With --grants the service can run as a role that only reads and writes rows: run this as the owner of the database,
    again for each new version, and give the processes a DATABASE_URL with the other role. AUDIT_KEPT_DAYS is then the
    least time for which the audit log is kept, whatever a process is told.
    """
    from candor.ops.loading import load  # noqa: PLC0415 - half a second, which `candor --help` must not wait for
    from candor.ops.settings import Settings  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415
    from candor.store.fitness import UnfitDatabaseError  # noqa: PLC0415
    from candor.store.grants import grant  # noqa: PLC0415
    from candor.store.migrate import scripts, upgrade  # noqa: PLC0415

    package = find_spec(service.replace("-", "_"))
    if package is None or package.origin is None:
        raise OperatorError(f"{service} is not installed here: its schema is part of its package")
    # In a container the environment says it, and no folder of a local stack can be made.
    local = {} if os.environ.get("DATABASE_URL") else {"database_url": database_url(at_work())}
    settings = load(Settings, service=service.value, port=0, **local)
    if sql:
        say("\n".join(f"{statement};" for statement in _sql(settings, role)))
        return
    try:
        asyncio.run(upgrade(settings.database, scripts(Path(package.origin).parent)))
        if role:
            asyncio.run(grant(settings.database, service.value, role, settings.audit_kept_days))
    except UnfitDatabaseError as error:
        raise OperatorError(f"{service}: {error}") from error
    except StoreUnavailable as error:
        raise OperatorError(
            f"the database of {service} cannot be reached, so nothing was changed: {error.detail}"
        ) from error
    say(f"the database of {service} has the newest schema" + (f"; {role} may use it" if role else ""))


def _sql(settings: Settings, role: str) -> list[str]:
    from candor.ops.database_url import database_of  # noqa: PLC0415
    from candor.store.grants import grants  # noqa: PLC0415

    if not role:
        raise InputError("--sql prints the SQL of --grants: name the role, such as --grants candor_risk_app --sql")
    return grants(settings.service, database_of(settings.database), role, settings.audit_kept_days)
