"""Commands are told as they have to be typed: from where somebody stands, with this installation's path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from candor.ops.typed import typed


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in `.candor/venv` of the working directory, off PATH."""
    bin_folder = tmp_path / ".candor/venv/bin"
    bin_folder.mkdir(parents=True)
    script = bin_folder / "candor"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bin_folder / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CANDOR_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return bin_folder


def test_off_the_path_it_is_named_by_its_path_from_here() -> None:
    assert typed("token") == ".candor/venv/bin/candor token"


def test_on_the_path_its_name_is_enough(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(installed))
    assert typed("token") == "candor token"


def test_from_elsewhere_it_is_named_whole(
    installed: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert typed("up") == f"{installed}/candor up"


def test_a_folder_of_ones_own_is_named_and_the_usual_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path / ".candor"))
    assert typed("token") == ".candor/venv/bin/candor token"
    monkeypatch.setenv("CANDOR_HOME", str(tmp_path / "my own"))
    assert typed("token") == "CANDOR_HOME='my own' .candor/venv/bin/candor token"
