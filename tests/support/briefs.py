"""Weekly briefs as risk-svc sends them, and who gets them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from candor.contracts import BriefMade, BriefSection, BriefSentence, Message, message
from notify_svc.briefs.sender import Addressed
from tests.support.clocks import NOON

BOARD: Final = "https://candor.example.com/tools"
BOSS, HEAD = "boss@company.example", "head@company.example"
ADDRESSED: Final = Addressed({"*": (BOSS,), "sales": (BOSS, HEAD)}, BOARD)


def weekly(department: str | None = None, *, at: datetime = NOON, text: str = "acme <b>waits</b>.") -> Message:
    """The brief of a week, of one sentence."""
    name = f"{at:%G-W%V}" + (f".{department}" if department else "")
    sections = [BriefSection("Largest gaps", [BriefSentence(text, "/board/promises/PR%201")])]
    data = BriefMade(brief_id=name, at=at, sections=sections, department=department)
    return message(f"brief.{name}", "risk-svc", at, department or "company", 1, data)
