"""What the local stack writes holds customers' mail, names and secrets: no other user of the machine may read it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from candor.installation.folder import Folder
from candor.local.stack import SERVICES, Stack
from tests.support.servers import own_folder

PROMISES = [service for service in SERVICES if service.name == "promise-svc"]
OTHERS = 0o077


@pytest.fixture
def careless() -> Iterator[None]:
    """A umask that takes nothing away, so that only what we ask for protects."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.usefixtures("careless")
def test_nobody_else_may_read_what_a_running_stack_writes() -> None:
    with own_folder("private") as folder:
        stack = Stack(folder, services=PROMISES, usual_ports=False)
        try:
            stack.start()
            written = list(_written(folder.root))
            opened = [path for path in written if _mode(path) & OTHERS]
        finally:
            stack.stop()
        names = {path.name for path in written}
        assert {"messages.jsonl", "kafka.log", "promise-svc.log", "stack.json", "postgres-password"} <= names
        assert not opened


@pytest.mark.usefixtures("careless")
def test_folders_made_by_an_earlier_version_are_closed(tmp_path: Path) -> None:
    root = tmp_path / ".candor"
    for name in ("data", "logs", "run", "secrets"):
        (root / name).mkdir(parents=True, exist_ok=True)
    folder = Folder.at(root)
    assert {oct(_mode(path)) for path in (root, folder.data, folder.logs, folder.run, folder.secrets)} == {"0o700"}


@pytest.mark.usefixtures("careless")
def test_a_folder_that_is_not_ours_alone_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "srv"
    shared.mkdir(mode=0o755)
    Folder.at(shared)
    assert oct(_mode(shared)) == "0o755"


def _written(root: Path) -> Iterator[Path]:
    yield root
    for path in root.rglob("*"):
        # Servers remove files of their own while we look.
        if not path.is_symlink() and path.exists():
            yield path


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode) if not stat.S_ISSOCK(path.stat().st_mode) else 0
    except FileNotFoundError:
        return 0
