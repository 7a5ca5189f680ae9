"""Mounted files of keys: read again when they change, kept when the change is a slip."""

from pathlib import Path

import pytest

from candor.ops.metrics import REGISTRY
from candor.web.security.secret_files import SecretFile


def number(raw: bytes) -> int:
    return int(raw)


def replace(path: Path, text: str) -> None:
    # As mounted secrets change: another file takes the name.
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=0)
    assert file.get() == 1
    replace(path, "2")
    assert file.get() == 2


def test_it_is_not_looked_at_for_every_request(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=3600)
    replace(path, "2")
    assert file.get() == 1


@pytest.mark.parametrize("text", ["", "not a number"])
def test_a_slip_leaves_the_last_good_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=0)
    replace(path, text)
    assert file.get() == 1
    replace(path, "3")
    assert file.get() == 3


def test_a_file_that_went_away_leaves_the_last_good_content(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=0)
    path.unlink()
    assert file.get() == 1


def test_at_start_a_wrong_file_stops_us_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    with pytest.raises(ValueError, match="keys: No such file"):
        SecretFile(path, number)
    path.write_text("x")
    with pytest.raises(ValueError, match="keys: invalid literal"):
        SecretFile(path, number)


def test_a_file_is_parsed_once_for_each_change(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("1")
    parsed: list[bytes] = []
    file = SecretFile(path, parsed.append, every=0)
    file.get()
    replace(path, "23")
    for _ in range(3):
        file.get()
    assert parsed == [b"1", b"23"]


def test_while_a_file_cannot_be_read_the_page_says_so(tmp_path: Path) -> None:
    def unreadable() -> float | None:
        return REGISTRY.get_sample_value("candor_mounted_file_unreadable", {"file": str(tmp_path / "keys")})

    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=0)
    assert unreadable() == 0
    replace(path, "not a number")
    file.get()
    assert unreadable() == 1
    replace(path, "3")
    file.get()
    assert unreadable() == 0
    path.unlink()
    file.get()
    assert unreadable() == 1
