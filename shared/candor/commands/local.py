"""`candor up | down | status`: Candor on this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from candor.local.errors import LocalError
from candor.local.folder import Folder
from candor.local.restarts import kept_up
from candor.local.running import at_work, health, read_running, require_running, stop_running
from candor.local.stack import START_SECONDS, Stack

console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("status")(status)


def say(line: str) -> None:
    """One line of progress."""
    console.print(f"[dim]·[/] {line}")


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is ready.")] = False,
    faults: Annotated[bool, typer.Option("--faults", help="Let PUT /faults make the mailbox fail, for tests.")] = False,
) -> None:
    """Start the broker, the database, the mailbox and the four services, each in its own process.

    KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL, when set, point at servers of your own instead. Settings of the services
    (CLOCK, LOG_LEVEL, …) are passed on from the environment. Ctrl-C drains and stops everything in order.
    """
    folder = Folder.default()
    if detach:
        _detached(folder, faults)
        return
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    stack = Stack(folder, with_faults=faults, progress=say, stopping=stopping.is_set)
    try:
        stack.start()
        show(folder)
        console.print("Running; Ctrl-C stops it. A first sign-in to the board: [b]candor token --role viewer[/]")
        with kept_up(stack, lambda text: console.print(text, style="red", markup=False, soft_wrap=True)):
            stopping.wait()
    finally:
        stack.stop()


def down() -> None:
    """Stop what runs here, draining in order; also what a killed run left behind."""
    if not stop_running(at_work(), say):
        console.print("nothing was running")


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts; exit status 0 only if ready.")] = False,
) -> None:
    """Show every part with its address, version and health. Exit status 1 unless all are ready."""
    folder = at_work()
    running = require_running(folder)
    states = {place.name: health(place) for place in running.places}
    ready = all(state == "ready" for state in states.values())
    if as_json:
        parts = [{**asdict(place), "health": states[place.name]} for place in running.places]
        answer = {"ready": ready, "pid": running.pid, "started_at": running.started_at, "smtp": running.smtp}
        typer.echo(json.dumps({**answer, "parts": parts}, indent=2))
    else:
        show(folder)
    raise typer.Exit(0 if ready else 1)


def show(folder: Folder) -> None:
    """The table of addresses."""
    running = read_running(folder)
    if running is None:
        return
    table = Table("part", "address", "health", "version", "process", "restarts", box=None, header_style="dim")
    for place in running.places:
        state = health(place)
        colour = {"ready": "green", "not ready": "yellow"}.get(state, "red")
        table.add_row(
            place.name,
            place.address,
            f"[{colour}]{state}[/]",
            place.version,
            str(place.pid or "yours"),
            str(place.restarts or ""),
        )
    Console(highlight=False).print(table)


def _detached(folder: Folder, faults: bool) -> None:
    log = folder.logs / "stack.log"
    command = [sys.executable, "-m", "candor.cli", "up", *(["--faults"] if faults else [])]
    with log.open("w") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    deadline = time.monotonic() + 2 * START_SECONDS
    with console.status("starting …"):
        while time.monotonic() < deadline:
            if child.poll() is not None:
                lines = log.read_text().strip().splitlines() or ["it said nothing"]
                raise LocalError(lines[-1].removeprefix("candor: "))
            running = read_running(folder)
            if running and running.ready and running.alive and running.pid == child.pid:
                show(folder)
                return
            time.sleep(0.1)
    child.terminate()
    raise LocalError(f"Candor is not ready after {2 * START_SECONDS:.0f} s: see {log}")
