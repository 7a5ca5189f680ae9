"""`candor risk brief`: prints the weekly brief as Markdown, to be read or sent by mail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

import typer

from candor.installation.running import at_work, read_running
from candor.installation.service_database import ask_database
from candor.terminal import say

if TYPE_CHECKING:
    from candor.store.db import Database

EXAMPLE: Final = "candor risk brief --board https://candor.example.com"


def brief(
    board: Annotated[
        str,
        typer.Option(
            help="Address that stands before /board in its links; default: PUBLIC_URL, or that of the local stack.",
            metavar="URL",
            show_default=False,
        ),
    ] = "",
    department: Annotated[str, typer.Option(help="Only what this department has to know.")] = "",
) -> None:
    """Print the weekly brief as Markdown: largest gaps, what to align, money at risk, what went well.

    Each sentence links to what it rests on. Nothing is sent: give it to whatever sends your mail.
    """
    # Imported here because `candor --help` must not wait for the service's libraries.
    from risk_svc.settings import RiskSettings  # noqa: PLC0415

    base = board.rstrip("/") or _address()
    say(ask_database(RiskSettings, lambda database: written(database, base, department or None)))


def _address() -> str:
    """Where the board is; "" where nobody said it and none runs here."""
    if said := os.environ.get("PUBLIC_URL", "").rstrip("/"):
        return said
    running = read_running(at_work())
    return running.address("risk-web") if running is not None and running.alive else ""


async def written(database: Database, base: str, department: str | None = None) -> str:
    """The brief of a department or of all as Markdown; `base` stands before the paths of its links."""
    from candor.ops.loading import load  # noqa: PLC0415
    from risk_svc.insight.brief import brief as composed  # noqa: PLC0415
    from risk_svc.insight.brief import markdown  # noqa: PLC0415
    from risk_svc.insight.brief_reading import is_department, known  # noqa: PLC0415
    from risk_svc.settings import RiskSettings  # noqa: PLC0415

    found, made_at = await known(database, load(RiskSettings).business_clock().now(), department)
    if department and made_at and not await is_department(database, found, department):
        raise typer.BadParameter(f"there is no department {department}", param_hint="--department")
    return markdown(composed(found), base, made_at, department)
