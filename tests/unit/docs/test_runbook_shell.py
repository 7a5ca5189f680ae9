"""What a runbook uses in a shell is set by its preamble, and a stranger's program is called as it can be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from candor.installation.folder import Folder
from candor.installation.running import Place, RunningStack
from candor.local.commands.shell_variables import server_lines
from candor.local.commands.stack import VARIABLES
from tests.support.catalogue import ROOT

PAGES = sorted((ROOT / "docs/runbooks").glob("*.md"))
PREAMBLE = (ROOT / "docs/runbooks/README.md").read_text()
USED = re.compile(r"\$\{?([A-Z][A-Z_]+)\b")
SHELL = {"PATH", "PWD"}
SERVERS = {"DATABASE_URL", "DATABASE_PASSWORD_FILE", "KAFKA_BOOTSTRAP_SERVERS", "SMTP_HOST", "SMTP_PORT"}


def stack(postgres_pid: int | None) -> RunningStack:
    places = (
        Place("kafka", "127.0.0.1:29092", 7, "4"),
        Place("postgres", "127.0.0.1:25432", postgres_pid, "18"),
    )
    return RunningStack(1, True, True, "2026-11-28T12:00:00Z", "127.0.0.1:8026", places)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_variable_of_a_page_is_one_that_the_preamble_sets(page: Path) -> None:
    used = {name for name in USED.findall(page.read_text()) if name != "DATABASE_PREFIX"}
    assert used - SHELL - {*VARIABLES, "KEY"} - SERVERS == set()


def test_the_preamble_names_every_variable() -> None:
    assert {name for name in {*VARIABLES, "KEY", *SERVERS} - {"MAILBOX"} if f"`{name}`" not in PREAMBLE} == set()


def test_a_local_stack_says_where_its_servers_are_and_exports_none_of_it(tmp_path: Path) -> None:
    lines = server_lines(Folder.at(tmp_path, tmp_path), stack(8))
    assert {line.partition("=")[0] for line in lines} == SERVERS
    assert "DATABASE_URL=postgresql://candor@127.0.0.1:25432/" in lines
    assert {"SMTP_HOST=127.0.0.1", "SMTP_PORT=8026", "KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:29092"} <= {*lines}


def test_of_a_database_that_somebody_brought_nothing_is_said(tmp_path: Path) -> None:
    lines = server_lines(Folder.at(tmp_path, tmp_path), stack(None))
    assert not any(line.startswith("DATABASE_") for line in lines)


def test_a_script_of_kafka_is_told_the_broker_and_no_program_is_used_that_is_often_missing() -> None:
    text = "".join(page.read_text() for page in PAGES)
    scripts = re.findall(r"^.*kafka-[\w-]+\.sh .*$", text, re.MULTILINE)
    assert len(scripts) > 3
    assert [line for line in scripts if "--bootstrap-server " not in line] == []
    assert re.findall(r"(?:^|`|\| )(?:nc|telnet|jq|kcat) .*", text, re.MULTILINE) == []
    assert re.findall(r"127\.0\.0\.1:81\d\d", text) == []
