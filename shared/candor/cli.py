"""The command line `candor`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points, version
from typing import Annotated, Any, cast

import typer

from candor import commands
from candor.errors import OperatorError

GROUP = "candor.commands"
# In the order a new user needs them; others come after. The local stack adds its commands by entry points, as services
# do, so that nothing else imports it.
FIRST = ("local", "doctor", "token", "replay", "bulk", "relay", "dlq", "migrate")

# The module of each command: importing all of them takes seconds, and a command needs only its own.
OWNERS = {
    **dict.fromkeys(("up", "down", "status", "env"), "local"),
    **{name: name for name in ("doctor", "token", "replay", "relay", "dlq", "migrate", "risk", "backtest", "demo")},
    "import": "bulk",
}

HELP = """Keep what customers were promised beside what is really happening.

A first look: [b]candor demo[/]. On your own: [b]candor up[/], then [b]candor token --role operator[/] for a key, and
[b]candor status[/] for the addresses. Everything that runs here lies under .candor/ (or CANDOR_HOME).
"""


def build(command: str = "") -> typer.Typer:
    """The command line: only the module of `command`, or all modules of this and other installed packages.

    All are loaded for a command that is unknown here, such as one that another package adds.
    """
    app = typer.Typer(
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_show_locals=False,
    )
    app.callback()(_main)
    for register in registers(OWNERS.get(command, "")):
        register(app)
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
            print(f"candor: the command {name} is missing: {error}", file=sys.stderr)


def _of_module(name: str) -> Callable[[typer.Typer], None]:
    module = importlib.import_module(f"{commands.__name__}.{name}")
    return cast(Callable[[typer.Typer], None], module.register)


def main() -> None:
    """Runs a command; an OperatorError is printed as one line, with exit status 1."""
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else "")()
    except OperatorError as error:
        sys.exit(f"candor: {error}")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"candor {version('candor')}")
        raise typer.Exit


def _main(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    pass


if __name__ == "__main__":
    main()
