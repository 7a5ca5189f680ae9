"""Commands find the server that the environment names, as the processes do."""

from __future__ import annotations

from pathlib import Path

import pytest

from candor.installation.folder import Folder
from candor.installation.running import database_server
from candor.ops.database_url import parted


def test_commands_take_the_password_from_the_same_file_as_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    assert parted(database_server(Folder.at(tmp_path))) == ("postgresql://u@h/", tmp_path / "password")
