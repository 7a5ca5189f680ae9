"""`candor doctor`: what is missing on this machine, and how to fix it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from candor.command_texts import examples
from candor.errors import MEBIBYTE, OperatorError
from candor.escaping import escaped
from candor.installation.addresses import database_address
from candor.installation.folder import Folder
from candor.installation.probes import accepts
from candor.installation.processes import recorded_process
from candor.installation.running import read_running
from candor.local.jars import committed_jars
from candor.local.kafka import DEFAULT_PORT as KAFKA
from candor.local.kafka import java
from candor.local.ports import is_free
from candor.local.postgres import DEFAULT_PORT as POSTGRES
from candor.local.postgres import as_ordinary_user, binaries
from candor.local.stack import MAILBOX_HTTP, MAILBOX_SMTP, SERVICES
from candor.ops.finding import Finding
from candor.terminal import Screen, say_json, styled

NEEDED_MIB = 2048


class Process(StrEnum):
    """The processes that can be examined where they run."""

    PROMISE = "promise-svc"
    DELIVERY = "delivery-svc"
    RISK_WORKER = "risk-worker"
    RISK_LEARNER = "risk-learner"
    RISK_INSIGHT = "risk-insight"
    RISK_WEB = "risk-web"
    NOTIFY = "notify-svc"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("doctor", epilog=examples("candor doctor", "candor doctor --process notify-svc --json"))(doctor)


def doctor(
    process: Annotated[
        Process | None, typer.Option(help="Check what this process needs, with its settings from the environment.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Check what Candor needs, and say how to fix each problem.

    Without --process: what the local stack needs of this machine. With it, also in a Pod: the files and certificates
    that its settings name, API keys and webhook secrets (their ends), Kafka (TLS, sign-in, topics, retention,
    compression, rights), its database (TLS, encoding, pooler, schema, rights, clock) and, for notify-svc, the mail
    server. Nothing is changed, written or sent.

    Exit status 0 if all is well, 1 if anything is bad, 2 if the settings themselves are wrong.
    """
    findings = asyncio.run(asked(process.value)) if process else list(examine(Folder.default()))
    if as_json:
        say_json([asdict(finding) for finding in findings], indent=2)
    else:
        console = Screen()
        for found in findings:
            mark = {True: ("ok  ", "green"), False: ("bad ", "red"), None: ("note", "yellow")}[found.ok]
            said = f" {escaped(f'{found.name}: {found.detail}')}"
            console.print(styled(mark, said, f"\n     → {escaped(found.mend)}" if found.mend else ""))
    raise typer.Exit(1 if any(found.ok is False for found in findings) else 0)


async def asked(process: str) -> list[Finding]:
    """All findings about one process."""
    # Imported here because it brings the libraries of Kafka and the database, which `candor --help` does not need.
    from candor.diagnosis.process import examine as about  # noqa: PLC0415
    from candor.diagnosis.process import settings_of  # noqa: PLC0415

    return [one async for one in about(process, settings_of(process))]


def examine(folder: Folder) -> Iterator[Finding]:
    """All findings, in the order in which a start would encounter them."""
    current = sys.version.split()[0]
    yield Finding("python", sys.version_info >= (3, 11), current, "" if sys.version_info >= (3, 11) else "use 3.11+")
    yield disk(folder)
    yield _tried("java", lambda: _version([str(java()), "-version"]))
    yield _tried("postgres", lambda: _version(as_ordinary_user([str(binaries() / "postgres"), "--version"])))
    yield jars(folder)
    yield from ports(folder)
    yield clock()
    yield from leftovers(folder)
    yield chromium()


def disk(folder: Folder) -> Finding:
    """Disk space for jars, topics and databases."""
    free = shutil.disk_usage(folder.root).free // MEBIBYTE
    mend = "" if free >= NEEDED_MIB else f"free some space: {NEEDED_MIB} MiB are needed"
    return Finding("disk", not mend, f"{free} MiB free at {folder.root}", mend)


def jars(folder: Folder) -> Finding:
    """Whether the broker's jars are present; if not, the next start fetches them."""
    wanted = committed_jars()
    missing = sum(not jar.path(folder.jars).exists() for jar in wanted)
    if not missing:
        return Finding("broker", True, f"all {len(wanted)} jars are here; each start checks them")
    return Finding(
        "broker", None, f"{missing} of {len(wanted)} jars missing", "they are fetched once, at the next start"
    )


def ports(folder: Folder) -> Iterator[Finding]:
    """Usual ports in use by another program; ours then take the next free one."""
    running = read_running(folder)
    if running and running.alive:
        yield Finding("ports", True, "in use by the stack that runs here")
        return
    usual = {"kafka": KAFKA, "postgres": POSTGRES, "mailbox": MAILBOX_HTTP, "smtp": MAILBOX_SMTP}
    usual |= {service.name: service.port for service in SERVICES}
    taken = [f"{port} ({name})" for name, port in usual.items() if not is_free(port)]
    if taken:
        yield Finding("ports", None, f"in use by another program: {', '.join(taken)}", "the next free ones are taken")
    else:
        yield Finding("ports", True, "all usual ones are free")
    for name, address in given_servers().items():
        listening = accepts(address)
        mend = "" if listening else f"start that server, or unset {name} for a local one"
        yield Finding(name, listening, f"{address} {'answers' if listening else 'does not answer'}", mend)


def given_servers() -> dict[str, str]:
    """`host:port` of the user's own servers, as named in the environment."""
    found = {}
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        found["KAFKA_BOOTSTRAP_SERVERS"] = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    if os.environ.get("DATABASE_URL"):
        found["DATABASE_URL"] = database_address(os.environ["DATABASE_URL"])
    return found


def clock() -> Finding:
    """Whether the clock is roughly right, as signatures and leases need; a past year means it was never set."""
    now = datetime.now(UTC)
    good = now.year >= 2026
    return Finding("clock", good, f"{now:%Y-%m-%d %H:%M:%S} UTC", "" if good else "set the system's clock")


def leftovers(folder: Folder) -> Iterator[Finding]:
    """Processes left behind by a killed run."""
    running = read_running(folder)
    if running and running.alive:
        return
    records = [record for record in folder.run.glob("*.json") if recorded_process(record)]
    if records:
        names = ", ".join(sorted(record.stem for record in records))
        yield Finding(
            "leftovers", None, f"an earlier run left {names} behind", "the next start, or candor down, ends them"
        )


def chromium() -> Finding:
    """Whether Chromium is present; only the browser test needs it."""
    found = shutil.which("chromium")
    if found:
        return Finding("chromium", True, found)
    return Finding("chromium", None, "missing: the browser test is skipped", "apt-get install chromium")


def _tried(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except OperatorError as error:
        return Finding(name, False, str(error), "make demo installs what is missing")


def _version(command: list[str]) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OperatorError(f"{command[-2]} cannot be run: {error}") from error
    said = (result.stdout + result.stderr).strip().splitlines() or [""]
    if result.returncode != 0:
        raise OperatorError(f"cannot be run: {said[0]}")
    return said[0]
