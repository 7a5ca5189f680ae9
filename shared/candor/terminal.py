"""What commands print: everything passes here, so that no text of others steers the terminal or is taken for markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Final

import typer
from rich.console import Console
from rich.text import Text

from candor.escaping import escaped, escaped_json

LAYOUT: Final = "\n\t"
ENDLESS: Final = 10_000


class Screen(Console):
    """A console that shows every str as it stands, in tables too; styles are given by `style=` or `styled`.

    It wraps at the width of a terminal; into a pipe or file each line stays one line.
    """

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        width = None if (sys.stderr if stderr else sys.stdout).isatty() else ENDLESS
        super().__init__(stderr=stderr, soft_wrap=soft_wrap, width=width, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **how: Any) -> Text:
        """What Rich calls for every str that it is to show."""
        return super().render_str(escaped(text, LAYOUT), **how)


def styled(*parts: str | tuple[str, str]) -> Text:
    """A line of several styles: each part is text, or text and its style."""
    safe = [escaped(part, LAYOUT) if isinstance(part, str) else (escaped(part[0], LAYOUT), part[1]) for part in parts]
    return Text.assemble(*safe)


def say(text: str, *, err: bool = False) -> None:
    """One or more lines for people."""
    typer.echo(escaped(text, LAYOUT), err=err)


def say_json(value: Any, *, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> None:
    """One JSON document for scripts."""
    typer.echo(escaped_json(json.dumps(value, indent=indent, default=default, ensure_ascii=indent is None)))
