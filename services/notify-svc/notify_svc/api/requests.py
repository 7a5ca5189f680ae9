"""Request bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from candor.web.http.fields import Body, Id, InternalText, Moment, Name, Text
from candor.web.http.text import lines, one_line
from notify_svc.compose.own_grammar import LONGEST
from notify_svc.compose.own_templates import LONGEST_SUBJECT

LETTER = 20_000
"""Characters of a letter's text, as staff may write it."""
Version = Annotated[int, Field(ge=1)]
"""The version of the notice that was read: another means that it has changed since."""
Spoken = Annotated[InternalText, StringConstraints(min_length=1), Field(max_length=2_000)]
"""What somebody said, in words; never blank."""


class ResolveIn(Body):
    """What a person found out about a message that was unknown, failed or held."""

    outcome: Literal["sent", "not_sent"]


class SwitchIn(Body):
    """On or off."""

    enabled: bool


class MassIn(Body):
    """What becomes of a mass of messages that is held."""

    decision: Literal["release", "drop"]


class Act(Body):
    """What a person decides; `by`: their name, if a service of ours asks for them. It is shown with who asked."""

    by: Annotated[Name, Field(max_length=200)] | None = None


class ApproveIn(Act):
    """The letter as it was read goes out."""

    version: Version


class EditIn(Act):
    """A letter's words as staff changed them; `text` without the link to the customer's page, which stays."""

    version: Version
    subject: Annotated[Name, Field(max_length=300)]
    text: Annotated[Text, StringConstraints(min_length=1), Field(max_length=LETTER)]


class HoldIn(Act):
    """Why a letter is not said."""

    version: Version
    reason: Annotated[InternalText, StringConstraints(min_length=1), Field(max_length=300)]


class SnoozeIn(Act):
    """Until when, by the business clock, a letter is left out of the inbox: seven days at most."""

    until: Moment


class PhoneIn(Act):
    """A call in place of a message: what was said, as the customer heard it, and what they answered.

    `at`: when, by the business clock; now without it.
    """

    said: Spoken
    answered: Annotated[InternalText, Field(max_length=2_000)] = ""
    at: Moment | None = None


class TemplateIn(Body):
    """A new version of a template: its subject in one line, and its body in lines."""

    subject: Annotated[str, Field(min_length=1, max_length=LONGEST_SUBJECT), AfterValidator(one_line)]
    body: Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(lines)]


class PreviewIn(Body):
    """Of which promise a letter is to be seen."""

    promise_id: Id
