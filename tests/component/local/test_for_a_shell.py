"""What a shell gets from `candor`: completion of values, lines that stay whole in a pipe, a key that stays its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from candor.installation.folder import Folder
from candor.local import choices
from candor.local.commands.stack import dated
from candor.local.secret_files import SecretPaths, add_key, ensure_secrets, write_private
from candor.local.shell_keys import shell_key
from candor.local.stack import Stack
from candor.web.security.auth import Role, parse_keys, recognise
from tests.support.servers import own_folder


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("shell") as made:
        yield made


def candor(folder: Folder, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "CANDOR_HOME": str(folder.root), "COLUMNS": "60", **more}
    command = [sys.executable, "-m", "candor.cli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def names(paths: SecretPaths) -> set[str]:
    return {principal.name for _, principal in parse_keys(paths.api_keys.read_bytes())}


def offered(folder: Folder, line: str) -> list[str]:
    """What bash would offer for the last word of a line."""
    words = line.split(" ")
    asked = {"_CANDOR_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return candor(folder, **asked).stdout.split()


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("candor logs ris", ["risk-worker"]),
        ("candor logs ", ["kafka", "risk-worker"]),
        ("candor token --role ", ["viewer", "operator", "approver", "admin"]),
        ("candor env --role a", ["approver", "admin"]),
        ("candor token --scope d", ["delivery-svc"]),
        ("candor up --port risk-l", ["risk-learner="]),
        ("candor doctor --process notify", ["notify-svc"]),
    ],
)
def test_values_are_completed(line: str, values: list[str], folder: Folder) -> None:
    for name in ("kafka", "risk-worker"):
        (folder.logs / f"{name}.log").touch()
    assert offered(folder, line) == values


def test_the_roles_that_are_offered_are_those_there_are() -> None:
    assert set(choices.ROLES) == {role.name.lower() for role in Role}


def test_in_a_pipe_a_line_stays_one_line(folder: Folder) -> None:
    for line in candor(folder, "doctor").stdout.splitlines():
        assert line.startswith(("ok ", "bad ", "note ", "     → ")), line


def test_a_key_for_another_role_takes_none_away_and_that_of_a_closed_terminal_ends(folder: Folder) -> None:
    paths = ensure_secrets(folder)
    first, operator = shell_key(paths, Role.OPERATOR)
    kept = json.loads(paths.api_keys.read_text())["keys"]
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    closed = subprocess.run(command, capture_output=True, check=True, start_new_session=True)
    kept += [
        {**kept[0], "name": f"shell-viewer-{int(closed.stdout)}", "sha256": "0" * 64},
        {**kept[0], "name": "crm", "sha256": "1" * 64},
    ]
    write_private(paths.api_keys, json.dumps({"keys": kept}))
    second, admin = shell_key(paths, Role.ADMIN)
    keys = parse_keys(paths.api_keys.read_bytes())
    assert [one and one.role for one in (recognise(keys, operator), recognise(keys, admin))] == [
        Role.OPERATOR,
        Role.ADMIN,
    ]
    assert names(paths) == {first, second, "crm", "board"}


def test_a_key_lasts_while_anything_runs_in_its_terminal(folder: Folder) -> None:
    paths = ensure_secrets(folder)
    outlives = "import os, sys; os.fork() or (print(os.getsid(0), flush=True), sys.stdin.read())"
    command = [sys.executable, "-c", outlives]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as leader:
        assert leader.stdin is not None
        assert leader.stdout is not None
        session = int(leader.stdout.readline())
        leader.wait()
        name = f"shell-viewer-{session}"
        add_key(paths, name, Role.VIEWER, ())
        first, _ = shell_key(paths, Role.OPERATOR)
        assert names(paths) >= {name, first}
        leader.stdin.close()
        leader.stdout.read()
    # The one that ran on is reaped by whoever adopted it, in its own time.
    while name in names(paths):
        shell_key(paths, Role.OPERATOR)


def test_the_log_of_a_process_says_that_it_ended_and_was_started_again(folder: Folder) -> None:
    (folder.logs / "risk-worker.log").write_text("")
    said = "risk-worker ended by itself; starting it again in 1 s (killed by signal 9)"
    Stack(folder, usual_ports=False).note("risk-worker", said)
    (folder.logs / "stack.log").write_text(f"{dated(said)}\n  killed by signal 9; all of it in risk-worker.log\n")
    for process in ("risk-worker", "stack"):
        shown = candor(folder, "logs", process, "--level", "warning", "--since", "1h").stdout
        assert "killed by signal 9" in shown
