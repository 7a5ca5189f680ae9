"""A channel is found by its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from notify_svc import channels
from notify_svc.channels.registry import registered


def test_every_folder_with_a_channel_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    pager = tmp_path / "beeper"
    pager.mkdir()
    (pager / "__init__.py").write_text(
        "from notify_svc.channels import ChannelSettings, Registration\n"
        "CHANNEL = Registration(ChannelSettings, lambda settings: None)\n"
    )
    assert sorted(registered()) == ["beeper", "email", "slack", "sms", "teams", "webhook"]


def test_a_folder_without_a_channel_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "__init__.py").write_text("")
    with pytest.raises(TypeError, match="channels/empty"):
        registered()
