"""Every page can be found from the README, and every command that a page gives is one that there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import typer

from candor.cli import build
from tests.unit.docs.test_docs import LINK, ROOT, documents

FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:candor|make|python3? -m) [^`\n]+)`")
NESTED = re.compile(r"\$\(((?:\.candor/venv/bin/)?candor [^)\n]+)\)")
MODULES = re.compile(r"^python3? -m ([\w.]+)")
BEGINNINGS = ("README.md", "docs/README.md")
"""Where a reader begins."""
NO_COMMANDS = ("docs/guide/", "docs/adr/")
"""Pages on what a reader is about to write, and on what once was."""


def reachable() -> set[Path]:
    found, new = set[Path](), {ROOT / name for name in BEGINNINGS}
    while new:
        found |= new
        linked = {
            (page.parent / target).resolve()
            for page in new
            for target, _ in LINK.findall(page.read_text())
            if target.endswith(".md")
        }
        new = {page for page in linked if page.is_file()} - found
    return found


def test_every_page_is_reachable_from_the_readme() -> None:
    pages = {page for page in documents() if "docs" in page.relative_to(ROOT).parts}
    assert {page.relative_to(ROOT).as_posix() for page in pages - reachable()} == set()


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands() -> list[tuple[str, str]]:
    found = []
    for page in documents():
        name = page.relative_to(ROOT).as_posix()
        if name.startswith(NO_COMMANDS):
            continue
        text = page.read_text()
        lines = [line for block in FENCE.findall(text) for line in block.splitlines()]
        found += [(name, line.strip()) for line in [*lines, *INLINE.findall(text), *NESTED.findall(text)]]
    return found


def problem_of(line: str) -> str:
    """What is wrong with a command, "" if it is none of ours or is right."""
    line = line.replace(".candor/venv/bin/", "").partition("  #")[0].partition(" | ")[0].strip()
    if line.startswith("make ") and not line.startswith("make test ARGS"):
        words = [word for word in line.split()[1:] if "=" not in word]
        return "" if not words or words[0] in targets() else f"no target {words[0]}"
    if line.startswith("candor "):
        return parsed(shlex.split(line.partition(" (")[0].replace("…", "x"))[1:])
    if module := MODULES.match(line):
        known = module[1].split(".")[0] in ("pytest", "build", "pip", "venv")
        return "" if known or there(module[1]) else f"no module {module[1]}"
    return ""


@cache
def whole_command_line() -> Any:
    return typer.main.get_command(build())


@cache
def there(module: str) -> bool:
    script = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    return subprocess.run([sys.executable, "-c", script, module], cwd=ROOT, check=False).returncode == 0


def parsed(words: list[str]) -> str:
    """Whether click knows every command and option; arguments are not judged."""
    command = whole_command_line()
    while words and hasattr(command, "commands"):
        if words[0].startswith("-"):
            break
        name = words.pop(0)
        if name not in command.commands:
            return f"candor has no command {name}"
        command = command.commands[name]
    options = {one for parameter in command.params for one in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in {*options, "--help"}]
    return f"unknown options {unknown}" if unknown else ""


def test_every_command_that_a_page_gives_is_there() -> None:
    assert [f"{page}: {line}: {wrong}" for page, line in commands() if (wrong := problem_of(line))] == []


def test_a_wrong_command_is_found() -> None:
    assert problem_of("candor upp --detach")
    assert problem_of("candor up --detatch")
    assert problem_of("make everything")
    assert problem_of("python -m tools.no_such_module")
    assert problem_of("candor dlq list") == problem_of("make demo EXIT=1") == ""


def test_commands_are_looked_for_where_they_are() -> None:
    lines = [line for _, line in commands()]
    assert "candor env --role admin" in lines
    assert sum(".candor/venv/bin/candor" in line or line.startswith("candor ") for line in lines) > 20
