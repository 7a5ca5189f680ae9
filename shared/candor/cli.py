"""The command line `candor`."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points, version
from typing import Annotated, Any, cast

import typer
from typer.exceptions import Abort, TyperException

from candor import commands
from candor.command_texts import fill, joined, mistake
from candor.errors import OperatorError, plainly
from candor.escaping import escaped
from candor.terminal import say

GROUP = "candor.commands"
# In the order a new user needs them; others come after. The local stack adds its commands by entry points, as services
# do, so that nothing else imports it.
FIRST = (
    *("local", "doctor", "token", "sources", "replay", "bulk", "relay", "dlq", "stuck", "audit", "partitions"),
    "migrate",
)
COMPLETE = "_CANDOR_COMPLETE"
"""The variable by which a shell's completion asks this program; see candor.commands.completion."""
UNEXPECTED = 70

_SAME_NAME = (
    *("doctor", "token", "replay", "relay", "dlq", "stuck", "audit", "partitions", "migrate", "completion", "risk"),
    *("backtest", "messages", "demo", "sources"),
)
# The module of each command: importing all of them takes seconds, and a command needs only its own.
OWNERS = {
    **dict.fromkeys(("up", "down", "status", "env", "logs"), "local"),
    **{name: name for name in _SAME_NAME},
    "import": "bulk",
    "sessions": "risk",
}

HELP = """Keep what customers were promised beside what is really happening.

A first look: [b]candor demo[/]. On your own: [b]candor up[/], then [b]candor token --role operator[/] for a key, and
[b]candor status[/] for the addresses. Everything that runs here lies under .candor/ (or CANDOR_HOME).

Each command has examples in its own help: [b]candor up -h[/].
"""


def build(command: str = "") -> typer.Typer:
    """The command line: only the module of `command`, or all modules of this and other installed packages.

    All are loaded for a command that is unknown here, such as one that another package adds.
    """
    app = typer.Typer(
        help=joined(HELP),
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_show_locals=False,
    )
    app.callback()(_main)
    for register in registers(OWNERS.get(command, "")):
        register(app)
    fill(app)
    return app


def registers(owner: str = "") -> Iterator[Callable[[typer.Typer], None]]:
    """`register(app)` of each module of candor.commands and of each entry point of the group `candor.commands`.

    `owner`: only that module or entry point.
    """
    found: dict[str, Callable[[], Any]] = {
        module.name: partial(_of_module, module.name) for module in pkgutil.iter_modules(commands.__path__)
    }
    found |= {point.name: point.load for point in entry_points(group=GROUP)}
    for name in sorted(found, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name)):
        if owner not in ("", name):
            continue
        try:
            yield found[name]()
        except ModuleNotFoundError as error:
            # One broken package must not make `candor down` unavailable.
            say(f"candor: the command {name} is missing: {error}", err=True)


def _of_module(name: str) -> Callable[[typer.Typer], None]:
    module = importlib.import_module(f"{commands.__name__}.{name}")
    return cast(Callable[[typer.Typer], None], module.register)


def main() -> None:
    """Runs a command; any error is one line, with status 2 for a mistake in what was given, 1 for everything else."""
    if COMPLETE in os.environ:
        complete()
        return
    try:
        status = build(sys.argv[1] if len(sys.argv) > 1 else "")(prog_name="candor", standalone_mode=False)
    except TyperException as error:
        said = mistake(error)
        if said:
            say(f"candor: {escaped(said)}", err=True)
        sys.exit(2)
    except OperatorError as error:
        say(f"candor: {escaped(str(error))}", err=True)
        sys.exit(error.status)
    except Abort:
        sys.exit("candor: stopped")
    except BrokenPipeError:
        # The reader of our output, such as head, has had enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        say(f"candor: {escaped(unexpected(error))}", err=True)
        sys.exit(UNEXPECTED)
    sys.exit(status if isinstance(status, int) else 0)


def complete() -> None:
    """Answer a shell's question about what may come next."""
    from typer._completion_classes import completion_init  # noqa: PLC0415 - a command itself needs none of it

    completion_init()
    build()(prog_name="candor", complete_var=COMPLETE)


def unexpected(error: Exception) -> str:
    """One line for an error that nobody foresaw; CANDOR_TRACEBACK=1 adds where it happened."""
    if os.environ.get("CANDOR_TRACEBACK"):
        traceback.print_exception(error)
    return f"unexpected error, {plainly(error)} ({type(error).__name__}): CANDOR_TRACEBACK=1 shows where"


def _version(wanted: bool) -> None:
    if wanted:
        say(f"candor {version('candor')}")
        raise typer.Exit


def _main(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    pass


if __name__ == "__main__":
    main()
