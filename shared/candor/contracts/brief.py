"""Events about the weekly brief, from risk-svc to whoever sends it. Topic `briefs`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from candor.contracts.envelope import Event


class BriefSentence(msgspec.Struct, frozen=True, gc=False):
    """A sentence, and the path below the board's host of the page that shows what it rests on."""

    text: str
    path: str


class BriefSection(msgspec.Struct, frozen=True, gc=False):
    """Sentences under a heading; at least one."""

    title: str
    sentences: list[BriefSentence]


class BriefMade(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The brief of a week, of one `department` or, without it, of all; `at` is when it was due.

    `brief_id` names week and department: there is one of each. It names customers by their ids, and no person.
    """

    TYPE: ClassVar[str] = "candor.brief.made.v1"
    TOPIC: ClassVar[str] = "briefs"
    AGGREGATE: ClassVar[str] = "brief_id"

    brief_id: str
    at: datetime
    sections: list[BriefSection]
    department: str | None = None
