"""Mounted files of keys: read again when they change, kept when the change is a slip."""

from pathlib import Path

import pytest

from candor.ops.metrics import REGISTRY
from candor.ops.secret_files import AS_A_WHOLE, SecretFile, SecretFiles, Withheld


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
    assert file.problem.endswith(AS_A_WHOLE)
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


def test_an_unreadable_file_that_lets_people_in_closes_after_a_while(tmp_path: Path) -> None:
    now = [0.0]
    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=0, closes=600, clock=lambda: now[0])
    now[0] = 5000.0
    replace(path, "half a fi")
    assert file.get() == 1
    now[0] += 599
    assert file.get() == 1
    now[0] += 1
    with pytest.raises(Withheld):
        file.get()
    replace(path, "2")
    assert file.get() == 2


def test_a_file_whose_content_harms_nobody_stays_in_use_for_as_long_as_it_takes(tmp_path: Path) -> None:
    now = [0.0]
    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=0, clock=lambda: now[0])
    path.unlink()
    file.get()
    now[0] += 1_000_000
    assert file.get() == 1


def test_the_same_mistake_is_logged_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys"
    path.write_text("1")
    file = SecretFile(path, number, every=0)
    replace(path, "x")
    for _ in range(3):
        file.get()
    assert capsys.readouterr().out.count("secret file cannot be read again") == 1


async def test_which_files_are_unreadable_is_said_until_they_are_mended(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for path in (good, bad):
        path.write_text("1")
    watched = [SecretFile(path, number, every=0, name="THE_FILE") for path in (good, bad)]
    files = SecretFiles()
    files.watch(*watched, None)
    await files.check()
    bad.unlink()
    for file in files:
        file.look()
    with pytest.raises(ValueError, match=f"THE_FILE {bad}: No such file"):
        await files.check()
    bad.write_text("2")
    for file in files:
        file.look()
    await files.check()
