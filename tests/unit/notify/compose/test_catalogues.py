"""The command that brings catalogues up to date: it adds what is new, drops what is gone, and guesses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tools import catalogues


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    return tmp_path


def test_a_new_language_begins_with_every_message_and_no_translation(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert catalogues.main(["--new", "it"]) == 0
    with (folder / "it.po").open("rb") as file:
        found = [message for message in read_po(file, locale="it") if message.id]
    assert len(found) == len([message for message in catalogues.extracted() if message.id])
    assert not any(any(catalogues.forms(message)) for message in found)
    assert capsys.readouterr().out == f"it: {len(found)} messages without a translation\n"


def test_what_changed_is_said_again_and_what_is_gone_goes(folder: Path) -> None:
    raw = (Path(catalogues.COMPOSE) / "locale/de.po").read_text()
    (folder / "de.po").write_text(raw.replace('msgid "Hello,"', 'msgid "Hello there,"'))
    catalogues.main([])
    text = (folder / "de.po").read_text()
    assert "Hello there" not in text
    assert 'msgid "Hello,"\nmsgstr ""\n' in text
    assert "fuzzy" not in text


def test_twice_changes_nothing_and_names_no_moment(folder: Path) -> None:
    catalogues.main(["--new", "it"])
    once = (folder / "it.po").read_bytes()
    catalogues.main([])
    assert (folder / "it.po").read_bytes() == once
    assert b"Date" not in once
