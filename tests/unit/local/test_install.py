"""The installer knows when there is something to do."""

from __future__ import annotations

from pathlib import Path

from tools.install import BENCH, DEMO, MAIN, PACKAGES, ROOT, locked, stamp


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
    for name in (MAIN, DEMO, BENCH):
        text = (ROOT / name).read_text()
        blocks = [block for block in text.split("\n\n")[0].replace("\\\n", "").splitlines() if "==" in block]
        assert blocks
        assert all("--hash=sha256:" in block for block in blocks if not block.lstrip().startswith("#"))
        assert locked(ROOT / name) == len([block for block in blocks if not block.startswith(("#", " "))])


def test_every_package_of_ours_is_installed() -> None:
    assert sorted(path.parent for path in ROOT.glob("**/pyproject.toml") if _ours(path)) == sorted(
        ROOT / package for package in PACKAGES
    )


def _ours(path: Path) -> bool:
    return path.parent != ROOT and ".candor" not in path.parts
