"""docs/guide/write-a-source.md, followed literally: its file is found, its test passes, its secrets prove who sends."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from candor.intake.source import Source
from candor.intake.sources import discover
from candor.web.http.problems import Problem
from candor.web.security.schemes.scheme import SignedRequest
from delivery_svc import sources
from tests.support.clocks import NOON

GUIDE = Path(__file__).parents[4] / "docs" / "guide" / "write-a-source.md"
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
SECRET = "a secret of the gates"


@pytest.fixture
def gatepost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The guide's file beside the real ones."""
    (tmp_path / "gatepost.py").write_text(BLOCKS[0])
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "delivery_svc.sources.gatepost", raising=False)
    return discover(sources)["gatepost"]


@pytest.mark.usefixtures("gatepost")
def test_the_guides_own_test_passes() -> None:
    written: dict[str, Any] = {}
    exec(BLOCKS[1], written)
    tests = [one for name, one in written.items() if name.startswith("test_")]
    assert len(tests) == 1
    tests[0]()


def test_what_the_guides_shell_signs_is_genuine_and_nothing_else(gatepost: Source) -> None:
    time, body = str(int(NOON.timestamp())), b'{"gate":"north","passes":[]}'
    signature = hmac.new(SECRET.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-gatepost-time": time, "x-gatepost-signature": f"v1={signature}"}
    (scheme,) = gatepost.schemes
    scheme.check(SECRET)
    assert scheme.verify(SignedRequest("POST", "", headers, body), [SECRET], NOON) == ""
    with pytest.raises(Problem, match="bad_signature"):
        scheme.verify(SignedRequest("POST", "", headers, body + b" "), [SECRET], NOON)
