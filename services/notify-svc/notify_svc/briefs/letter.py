"""A brief as a mail: a subject, plain text and HTML that reads well on a phone; links lead to the board's address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import uuid5

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notify_svc.briefs.approvals import ESCALATION, is_about_waiting
from notify_svc.briefs.kept import Brief
from notify_svc.domain.identity import NAMESPACE


class Letter(NamedTuple):
    """What a recipient reads."""

    subject: str
    text: str
    html: str


def letter(brief: Brief, board: str) -> Letter:
    """The mail of a brief; `board` is what stands before /board outside, such as https://candor.example.com."""
    whose = f" for {brief.department}" if brief.department else ""
    subject = f"Weekly brief{whose}, {brief.at.day} {brief.at:%B %Y}"
    view = {"subject": subject, "sections": brief.sections, "board": board.rstrip("/")}
    return Letter(subject, *(_environment(html).get_template(name).render(view) for html, name in TEMPLATES))


def owners_letter(brief: Brief, said: Sequence[str], board: str) -> Letter:
    """The mail to staff of what a customer answered, or of a letter that waits for them; `said` line by line."""
    section = brief.sections[0]
    (one,) = section.sentences
    waits = is_about_waiting(brief)
    view = {
        "subject": section.title,
        "text": one.text,
        "path": one.path,
        "place": "The inbox" if waits else "The promise",
        "why": FOR_ALL if waits and brief.department == ESCALATION else FOR_OWNER,
        "said": said,
        "board": board.rstrip("/"),
    }
    return Letter(section.title, *(_environment(html).get_template(name).render(view) for html, name in OWNERS))


def mail_id(brief_id: str, recipient: str) -> str:
    """uuid5 of a brief and its recipient, so that a retry is the same mail."""
    return str(uuid5(NAMESPACE, f"brief:{brief_id}:{recipient}"))


def _environment(html: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=PackageLoader("notify_svc.briefs"),
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
    )


FOR_OWNER: Final = "You get this mail because the promise is yours in Candor. The customer does not see it."
FOR_ALL: Final = "You get this mail as APPROVAL_ESCALATION names you. The customer does not see it."
OWNERS: Final = ((False, "answer.txt.j2"), (True, "answer.html.j2"))
TEMPLATES: Final = ((False, "brief.txt.j2"), (True, "brief.html.j2"))
