"""How the command line speaks: examples, help that fills the terminal, and mistakes in one plain line."""

from __future__ import annotations

import inspect
import re
from typing import Final

import typer
from typer.exceptions import TyperException

EXAMPLES: Final = "Examples:"
_variables: Final = re.compile(r"\(env var: '\[?([^\])]*?)\]?'\)")
_blank_lines: Final = re.compile(r"\n\s*\n")


def examples(*commands: str) -> str:
    """The end of a command's help: command lines that work as they stand."""
    return "\n".join([EXAMPLES, *(f"  {command}" for command in commands)])


def fill(app: typer.Typer) -> None:
    """Join the lines of each paragraph in the help of all commands, so that it wraps at the terminal's width."""
    for command in app.registered_commands:
        text = command.help or inspect.getdoc(command.callback) or ""
        command.help = joined(text)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            fill(group.typer_instance)


def joined(text: str) -> str:
    """Each paragraph on one line; one with an indented line stays as it is, because it shows an example."""
    return "\n\n".join(
        paragraph if re.search(r"^\s", paragraph, re.MULTILINE) else " ".join(paragraph.split())
        for paragraph in _blank_lines.split(inspect.cleandoc(text))
    )


def mistake(error: TyperException) -> str:
    """A wrong command line in one line, with the help that explains it; "" if the help was shown already."""
    said = _variables.sub(_as_words, " ".join(error.format_message().split()))
    context = getattr(error, "ctx", None)
    if not said or context is None:
        return said
    return f"{said.rstrip('.')} (see {context.command_path} -h)"


def _as_words(found: re.Match[str]) -> str:
    """Several variables of an option, which typer shows as a list of Python."""
    return f"(or {' or '.join(name.strip(chr(39) + ' ') for name in found[1].split(','))} in the environment)"
