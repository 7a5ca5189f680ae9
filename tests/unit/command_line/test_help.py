"""What every command says of itself: `-h`, examples that can be typed, lines as wide as the terminal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from candor.cli import build
from candor.command_texts import EXAMPLES

FILES = (
    *("history.jsonl", "day.jsonl", "ledger.jsonl.gz", "sources.yaml", "alert.json", "body.json"),
    *("orders.csv", "orders.map.yaml"),
)


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if path:
        yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*path, name))


APP = build()
ROOT = get_command(APP)
COMMANDS = dict(walk(ROOT))
each_command = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


def help_of(path: tuple[str, ...], columns: int) -> str:
    said = CliRunner().invoke(APP, [*path, "-h"], env={"COLUMNS": str(columns), "NO_COLOR": "1"})
    assert said.exit_code == 0
    return said.stdout


def words(line: str) -> list[str]:
    """The arguments of `candor` in a line for a shell, whatever stands around it."""
    found = shlex.split(re.sub(r"\$\(date.*?\)", "now", line).replace("$(candor env)", "candor env").strip())
    found = found[0].split() + found[1:] if " " in found[0] else found
    if found[0] == "eval":
        found = found[1].split()
    while "=" in found[0]:
        found.pop(0)
    assert found[0] == "candor", line
    return found[1:]


def parse(arguments: list[str]) -> str:
    """Parse a command line to its end without running it; returns the name of the command that would run."""
    command: Any = ROOT
    context: Any = ROOT.make_context("candor", list(arguments))
    rest = arguments
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, list(rest), parent=context)
    return str(context.info_name)


def test_there_is_something_to_look_at() -> None:
    assert {("up",), ("logs",), ("dlq", "list"), ("risk", "rebuild"), ("completion",)} <= COMMANDS.keys()


@each_command
def test_each_help_has_an_example_that_can_be_typed(
    path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        Path(name).touch()
    head, *lines = (COMMANDS[path].epilog or "").splitlines()
    assert head == EXAMPLES
    assert lines
    for line in lines:
        # The rest is the shell's.
        arguments = words(line.partition(" < ")[0])
        assert tuple(arguments[: len(path)]) == path, line
        parse(arguments)


@each_command
def test_help_fits_a_narrow_terminal_and_fills_a_wide_one(path: tuple[str, ...]) -> None:
    narrow, wide = help_of(path, 60), help_of(path, 160)
    assert max(map(len, narrow.splitlines())) <= 60
    assert len(wide.splitlines()) < len(narrow.splitlines())


def test_a_paragraph_of_help_has_no_line_ends_of_its_own() -> None:
    (text,) = [line for line in help_of(("up",), 1000).splitlines() if "CLOCK makes" in line]
    assert "It needs CLOCK_ORIGIN as well" in text


def test_the_general_help_answers_to_h_and_names_each_command() -> None:
    said = help_of((), 100)
    assert all(f" {path[0]} " in said for path in COMMANDS)
