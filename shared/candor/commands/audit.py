"""`candor audit export`: what staff did, from every service's audit log, for keeping elsewhere or for a spreadsheet."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.escaping import escaped, no_formula
from candor.installation.running import at_work, database_server
from candor.ops.database_url import named
from candor.terminal import say_json

FIELDS: Final = ("service", "id", "at", "who", "role", "place", "action", "object", "outcome")
SERVICES: Final = ("promise-svc", "delivery-svc", "risk-svc", "notify-svc")
BATCH: Final = 1000
_READ: Final = """
SELECT id, at, who, role, place, action, object, outcome FROM audit_log
WHERE id > $1 AND at >= $2 AND at < $3 ORDER BY id LIMIT $4"""


class Form(StrEnum):
    """Form of the export: one JSON object a line, or CSV."""

    JSONL = "jsonl"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    shown = ("candor audit export --since 2026-11-01", "candor audit export --format csv")
    said = "What staff did: the audit log of every service."
    group = typer.Typer(no_args_is_help=True, help=said, epilog=examples(shown[0]))
    group.command("export", epilog=examples(*shown))(export)
    group.callback()(lambda: None)
    app.add_typer(group, name="audit")


def export(
    form: Annotated[Form, typer.Option("--format", help="jsonl or csv.")] = Form.JSONL,
    since: Annotated[datetime | None, typer.Option(help="Acts at or after this time (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Acts before this time (UTC).")] = None,
    prefix: Annotated[str, typer.Option(envvar="DATABASE_PREFIX", help="Prefix of the database names.")] = "candor",
) -> None:
    """Write the audit log of all services to standard output, oldest first within each service."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    if form is Form.CSV:
        rows.writerow(FIELDS)

    async def run() -> None:
        async for row in _rows(prefix, since, until):
            if form is Form.CSV:
                rows.writerow([no_formula(escaped(str(row[name]))) for name in FIELDS])
            else:
                say_json(row)

    asyncio.run(run())


async def _rows(prefix: str, since: datetime | None, until: datetime | None) -> AsyncIterator[dict[str, Any]]:
    # Imported here because `candor --help` must not wait for the database's libraries.
    import asyncpg  # noqa: PLC0415

    from candor.store.db import Database  # noqa: PLC0415
    from candor.store.errors import StoreUnavailable  # noqa: PLC0415
    from candor.store.unit_of_work import unit_of_work  # noqa: PLC0415

    first = (since or datetime(1, 1, 2)).replace(tzinfo=UTC)  # noqa: DTZ001
    last = (until or datetime(9999, 1, 1)).replace(tzinfo=UTC)  # noqa: DTZ001
    for service in SERVICES:
        url = named(database_server(at_work()), f"{prefix}_{service.removesuffix('-svc')}")
        try:
            database = await Database.open(url, pool_size=1)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, asyncpg.InvalidCatalogNameError):
                continue
            raise OperatorError(f"{service}: {error.detail}") from error
        try:
            after, more = 0, True
            while more:
                async with unit_of_work(database) as uow:
                    found = await uow.connection.fetch(_READ, after, first, last, BATCH)
                more = len(found) == BATCH
                for row in found:
                    yield {"service": service, **row, "at": row["at"].astimezone(UTC).isoformat()}
                    after = row["id"]
        finally:
            await database.close()
