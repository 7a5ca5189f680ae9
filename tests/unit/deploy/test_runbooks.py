"""What a runbook tells somebody to type or to look for at night is there: figures, paths, commands and log lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from candor.cli import build
from tests.support.catalogue import ROOT, SOURCES, exported
from tests.support.promtool import FOLDER

PAGES = [*sorted((ROOT / "docs/runbooks").glob("*.md")), ROOT / "docs/service-levels.md"]
ROUTE = re.compile(r'@\w+\.(?:get|put|post|patch|delete)\(\s*"(/v1/[^"]*)"')
OTHERS = {"candor_risk", "candor_promise", "candor_delivery", "candor_notify", "candor_live"}
"""Databases, and the beginning of a key."""


def ids(page: Path) -> str:
    return page.stem


def recorded() -> set[str]:
    return set(re.findall(r"record: (\S+)", "".join(path.read_text() for path in FOLDER.glob("*.yml"))))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_figure_that_a_page_names_is_exported_or_recorded(page: Path) -> None:
    series = exported()
    families = series.keys() | {name.rpartition("_")[0] for name in series}
    text = page.read_text()
    named = set(re.findall(r"(?<![\w:/-])candor_\w+(?![\w:*-])", text)) - OTHERS
    assert {name for name in named if name.rstrip("_") not in families and not name.endswith("_")} == set()
    for part in re.findall(r"\^candor_\(([^']*)\)", text):
        for beginning in re.split(r"\|", re.sub(r"\.\*.*?(?=\||$)", "", part)):
            assert any(name.startswith(f"candor_{beginning}") for name in series), beginning
    assert set(re.findall(r"slo:candor_\w+:\w+", text)) <= recorded()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_path_that_a_page_names_is_served(page: Path) -> None:
    served = {re.sub(r"\{\w+\}", "*", path) for source in SOURCES for path in ROUTE.findall(source.read_text())}
    asked = re.findall(r"(?:\$[A-Z]+|(?:GET|POST|PUT) )(/v1/[\w/{}-]+)", page.read_text())
    assert {path for path in asked if re.sub(r"\{\w+\}|\bID\b", "*", path) not in served} == set()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_log_line_that_a_page_quotes_is_written_somewhere(page: Path) -> None:
    code = "".join(path.read_text() for path in SOURCES)
    quoted = re.findall(r"\blog (?:line )?`([^`]+)`", page.read_text())
    if "log line |" in page.read_text():
        quoted += re.findall(r"^\| `([^`]+)`", page.read_text(), re.MULTILINE)
    lines = {line.partition("`")[0] for line in quoted if not line.startswith("settings:")}
    assert {line for line in lines if f'"{line}"' not in code} == set()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_of_ours_that_a_page_gives_is_one(page: Path) -> None:
    known = get_command(build())
    for line in re.findall(r"(?:^|`|\()candor ((?:[a-z]+ ?)+)", page.read_text(), re.MULTILINE):
        first, *rest = line.split()
        command = getattr(known, "commands", {}).get(first)
        assert command is not None, line
        if hasattr(command, "commands"):
            assert rest[0] in command.commands, line


def test_these_tests_find_what_they_look_for() -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert len(re.findall(r"\blog `", text)) > 10
    assert len(re.findall(r"\$NOTIFY/v1/", text)) > 5
    assert text.count("candor dlq ") > 5
