"""docs/guide/write-a-channel.md, followed literally: its folder is found, set up by its setting, and sends."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notify_svc import channels
from notify_svc.channels import Fate, Message
from notify_svc.settings import NotifySettings

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "write-a-channel.md"
MESSAGE = Message(
    delivery_id="d1",
    notice_id="n1",
    thread="t1",
    reply_to="",
    at=datetime(2026, 3, 8, tzinfo=UTC),
    address="pat",
    name=None,
    subject="",
    text="Late.",
    html="",
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The guide's folder beside the real ones, and its setting."""
    found = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "notepad").mkdir()
    (tmp_path / "notepad" / "__init__.py").write_text(found[1])
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    monkeypatch.setenv("NOTEPAD_FILE", str(tmp_path / "there" / "notepad.jsonl"))
    monkeypatch.delitem(sys.modules, "notify_svc.channels.notepad", raising=False)
    return tmp_path / "there"


async def agreed() -> bool:
    return True


async def refused() -> bool:
    return False


def test_the_guides_channel_does_what_the_guide_says(place: Path) -> None:
    channel = NotifySettings().channels()["notepad"]
    assert (channel.normalise(" pat "), channel.normalise(" ")) == ("pat", None)
    assert asyncio.run(channel.send(MESSAGE, agreed)).fate is Fate.LATER
    with pytest.raises(FileNotFoundError):
        asyncio.run(channel.check())
    place.mkdir()
    assert asyncio.run(channel.send(MESSAGE, refused)).fate is Fate.ABORTED
    assert not (place / "notepad.jsonl").exists()
    assert asyncio.run(channel.send(MESSAGE, agreed)).fate is Fate.SENT
    assert json.loads((place / "notepad.jsonl").read_text()) == ["d1", "Late."]
    asyncio.run(channel.check())
