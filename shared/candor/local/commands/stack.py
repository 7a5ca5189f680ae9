"""`candor up | down | status`: Candor on this machine."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from candor.command_texts import examples
from candor.errors import OperatorError
from candor.installation.folder import PRIVATE, Folder, private_file
from candor.installation.running import at_work, health, read_running, require_running
from candor.local.choices import ports as part_ports
from candor.local.choices import roles
from candor.local.commands.logs import logs
from candor.local.commands.shell_variables import server_lines
from candor.local.ports import holder, is_free
from candor.local.restarts import kept_up
from candor.local.secret_files import ensure_secrets
from candor.local.shell_keys import shell_key
from candor.local.stack import START_SECONDS, USUAL_PORT_OF, Stack
from candor.local.stopping import stop_running
from candor.ops.typed import typed
from candor.terminal import Screen, say_json, styled
from candor.terminal import say as say_line

VARIABLES: Final = {
    "PROMISES": "promise-svc",
    "DELIVERY": "delivery-svc",
    "RISK": "risk-web",
    "NOTIFY": "notify-svc",
    "WORKER": "risk-worker",
    "LEARNER": "risk-learner",
    "INSIGHT": "risk-insight",
    "MAILBOX": "mailbox",
}
console = Screen(stderr=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    replayed = "CLOCK=2013-03-08T12:00Z@60 CLOCK_ORIGIN=$(date -u +%FT%TZ) candor up"
    moved = "candor up --detach --port risk-web=9103 --port kafka=29092"
    app.command("up", epilog=examples("candor up", moved, replayed))(up)
    app.command("down", epilog=examples("candor down"))(down)
    app.command("status", epilog=examples("candor status", "candor status --json"))(status)
    app.command("env", epilog=examples('eval "$(candor env)"', "candor env --role viewer"))(env)
    shown = ("candor logs", "candor logs risk-worker --follow", "candor logs --since 10m --level warning --json")
    app.command("logs", epilog=examples(*shown))(logs)


def _usual_words() -> str:
    return ", ".join(f"{part}={number}" for part, number in USUAL_PORT_OF.items())


def say(line: str) -> None:
    """One line of progress."""
    console.print(styled(("·", "dim"), f" {line}"))


def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Run in the background; return once everything is ready.")
    ] = False,
    faults: Annotated[
        bool, typer.Option("--faults", help="Allow PUT /faults to make the mailbox fail, for tests.")
    ] = False,
    port: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART=PORT",
            help=f"Where a part listens; may be repeated. Usual: {_usual_words()}.",
            autocompletion=part_ports,
        ),
    ] = None,
) -> None:
    """Start the broker, the database, the mailbox and the seven processes of the four services.

    Set KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL to use servers of your own. Ctrl-C drains and stops everything in
    order.

    A port that is in use is no error: the part takes the next free one, and a line says which.

    Settings of the services are passed on from the environment, such as LOG_LEVEL. CLOCK makes the business clock
    begin at another time and run faster: 2013-03-08T12:00Z@60 begins then, and a minute passes every second. It needs
    CLOCK_ORIGIN as well, the real time at which it began, so that all processes, also restarted ones, agree on it.
    """
    folder = Folder.default()
    ports = parsed_ports(port or [])
    if detach:
        _detached(folder, ports, faults)
        return
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    stack = Stack(folder, ports=ports, with_faults=faults, progress=say, stopping=stopping.is_set)
    try:
        stack.start()
        show(folder)
        where_to_look(folder, ports)
        console.print(styled("Running; Ctrl-C stops it. A first sign-in to the board: ", (typed("token"), "bold")))
        with kept_up(stack, lambda text: console.print(dated(text), style="red", soft_wrap=True)):
            stopping.wait()
    finally:
        stack.stop()


def dated(text: str) -> str:
    """What went wrong, with its time and level, by which `candor logs` finds it."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC ERROR {text}"


def down() -> None:
    """Stop the running stack in order, draining it first; also ends what a killed run left behind."""
    if not stop_running(at_work(), say):
        console.print("nothing was running")


def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, for scripts; exit status 0 only if ready.")
    ] = False,
) -> None:
    """Show every part with its address, version and health. Exit status 1 unless all are ready."""
    folder = at_work()
    running = require_running(folder)
    states = {place.name: health(place) for place in running.places}
    ready = all(state == "ready" for state in states.values())
    if as_json:
        parts = [{**asdict(place), "health": states[place.name]} for place in running.places]
        answer = {"ready": ready, "pid": running.pid, "started_at": running.started_at, "smtp": running.smtp}
        say_json({**answer, "parts": parts}, indent=2)
    else:
        show(folder)
    raise typer.Exit(0 if ready else 1)


def env(
    role: Annotated[
        str, typer.Option(help="Role of the key: viewer, operator, approver or admin.", autocompletion=roles)
    ] = "operator",
) -> None:
    """Print the running stack's addresses and an API key for a shell: eval "$(candor env)".

    PROMISES, DELIVERY, RISK, NOTIFY, WORKER, LEARNER, INSIGHT, MAILBOX: the current address of each, whatever port it
    took.
    KEY: an API key of that role, named `shell`, the role and the terminal; running the command again in that terminal
    replaces it, and the keys of closed terminals end. For this shell alone, not exported: KAFKA_BOOTSTRAP_SERVERS,
    DATABASE_URL, DATABASE_PASSWORD_FILE, SMTP_HOST and SMTP_PORT.
    """
    from candor.web.security.auth import Role  # noqa: PLC0415

    try:
        wanted = Role.of(role)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    folder = at_work()
    running = require_running(folder)
    for line in server_lines(folder, running):
        say_line(line)
    places = {place.name: place.address for place in running.places}
    values = {name: places[part] for name, part in VARIABLES.items() if part in places}
    _, values["KEY"] = shell_key(ensure_secrets(folder), wanted)
    for name, value in values.items():
        say_line(f"export {name}={shlex.quote(value)}")


def parsed_ports(given: list[str]) -> dict[str, int]:
    """What `--port` says, by part. Raises BadParameter for an unknown part, no port, or one port for two parts."""
    found: dict[str, int] = {}
    for text in given:
        part, _, number = text.partition("=")
        if part not in USUAL_PORT_OF:
            raise typer.BadParameter(f"{text}: there is no part {part!r}; there are {', '.join(USUAL_PORT_OF)}")
        if not number.isascii() or not number.isdigit() or not 1024 <= int(number) <= 65_535:
            raise typer.BadParameter(f"{text}: a port is a number from 1024 to 65535, such as {part}=9100")
        found[part] = int(number)
    if len(set(found.values())) < len(found):
        raise typer.BadParameter(f"{' '.join(given)}: two parts cannot listen on one port")
    return found


def where_to_look(folder: Folder, ports: Mapping[str, int]) -> None:
    """Print where to look first, and which parts took another port because the wanted one was in use."""
    running = read_running(folder)
    if running is None:
        return
    places = {place.name: place.address for place in running.places}
    if "risk-web" in places:
        console.print(f"Board: {places['risk-web']}")
    if "mailbox" in places:
        console.print(f"Mailbox: {places['mailbox']}")
    for place in running.places:
        port = {**USUAL_PORT_OF, **ports}.get(place.name)
        # A part without a process of ours is the user's own server, at any address.
        if port is not None and place.pid is not None and not place.address.endswith(f":{port}"):
            why = f"Port {port} is in use by {holder(port)}" if not is_free(port) else f"Port {port} was in use"
            console.print(f"{why}: {place.name} is at {place.address} instead", style="yellow", soft_wrap=True)
    console.print('For a shell: eval "$(candor env)" sets these addresses and an API key.')


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
            Text(state, style=colour),
            place.version,
            str(place.pid or "yours"),
            str(place.restarts or ""),
        )
    Screen().print(table)


def _detached(folder: Folder, ports: Mapping[str, int], faults: bool) -> None:
    log = folder.logs / "stack.log"
    command = [sys.executable, "-m", "candor.cli", "up", *(["--faults"] if faults else [])]
    command += [f"--port={part}={number}" for part, number in ports.items()]
    with private_file(log, "wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE,
        )
    deadline = time.monotonic() + 2 * START_SECONDS
    with console.status("starting …"):
        while time.monotonic() < deadline:
            if child.poll() is not None:
                lines = log.read_text().strip().splitlines() or ["no output"]
                raise OperatorError(lines[-1].removeprefix("candor: "))
            running = read_running(folder)
            if running and running.ready and running.alive and running.pid == child.pid:
                show(folder)
                where_to_look(folder, ports)
                console.print(styled("Running. A first sign-in to the board: ", (typed("token"), "bold")))
                return
            time.sleep(0.1)
    child.terminate()
    raise OperatorError(f"Candor is not ready after {2 * START_SECONDS:.0f} s: see {log}")
