"""The installer knows when there is something to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.install import BENCH, DEMO, LOCKS, PACKAGES, ROOT, keep_bytecode, locked, stamp


def test_the_stamp_changes_with_every_thing_that_matters(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1\n")
    first = stamp(tmp_path / "venv", [lock], "3.11")
    assert stamp(tmp_path / "venv", [lock], "3.11") == first
    assert stamp(tmp_path / "venv", [lock], "3.12") != first
    assert stamp(tmp_path / "elsewhere", [lock], "3.11") != first
    lock.write_text("a==2\n")
    assert stamp(tmp_path / "venv", [lock], "3.11") != first


def test_every_locked_package_has_a_hash() -> None:
    for name in (*LOCKS.values(), DEMO, BENCH):
        text = (ROOT / name).read_text()
        blocks = [block for block in text.split("\n\n")[0].replace("\\\n", "").splitlines() if "==" in block]
        assert blocks
        assert all("--hash=sha256:" in block for block in blocks if not block.lstrip().startswith("#"))
        assert locked(ROOT / name) == len([block for block in blocks if not block.startswith(("#", " "))])


def test_every_package_of_ours_is_installed() -> None:
    assert sorted(
        path.parent for depth in ("*", "*/*") for path in ROOT.glob(f"{depth}/pyproject.toml") if _ours(path)
    ) == sorted(ROOT / package for package in PACKAGES)


def test_compiled_code_is_kept_in_one_folder_even_where_the_environment_says_not_to(tmp_path: Path) -> None:
    venv, kept, ours = tmp_path / "venv", tmp_path / "kept", tmp_path / "ours"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    for _ in range(2):
        keep_bytecode(venv, kept)
    ours.mkdir()
    (ours / "service.py").write_text("READY = True\n")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ours)}
    subprocess.run([str(venv / "bin" / "python"), "-c", "import service"], env=environment, check=True)
    assert [path.name.partition(".")[0] for path in kept.rglob("service.*.pyc")] == ["service"]
    assert list(ours.rglob("*.pyc")) == []


def _ours(path: Path) -> bool:
    return path.parent != ROOT and ".candor" not in path.parts
