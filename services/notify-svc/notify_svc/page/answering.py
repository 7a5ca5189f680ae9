"""What a customer answers on their page: which questions stand open, and what a form that was sent says."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from candor.web.http.body import convert
from candor.web.http.fields import Body, InternalText
from candor.web.http.problems import Problem
from notify_svc.page import texts
from notify_svc.page.view import State, View

LONGEST: Final = 2000
"""Characters of an answer in words."""
AN_HOUR: Final = 10
"""Answers that one link takes within an hour."""


class About(StrEnum):
    """What an answer is about."""

    QUESTION = "question"
    READBACK = "readback"
    VERDICT = "verdict"


CHOICES: Final[Mapping[About, tuple[str, ...]]] = {
    About.QUESTION: (),
    About.READBACK: ("right", "wrong"),
    About.VERDICT: ("kept", "in_part", "not_kept"),
}


class Answer(NamedTuple):
    """An answer: `choice` is one of CHOICES or "", `words` are the customer's, at most LONGEST characters."""

    about: About
    choice: str
    words: str


class Fault(Exception):  # noqa: N818 - what it is
    """An answer that cannot be taken: the field at which something is wrong, and what, in the customer's words."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


class _Words(Body):
    words: Annotated[InternalText, Field(max_length=LONGEST)] = ""


def asked(shown: View) -> tuple[About, ...]:
    """What the page asks: whether we understood, while it is open; the verdict, once it ended or its time passed."""
    if shown.state is State.WITHDRAWN:
        return (About.QUESTION,)
    if shown.ended:
        return (About.VERDICT, About.QUESTION)
    if shown.passed:
        return (About.VERDICT, About.READBACK, About.QUESTION)
    return (About.READBACK, About.QUESTION)


def answer_of(given: Mapping[str, str], form: str) -> Answer:
    """The answer in the fields of a form, known by `form`. Raises Fault."""
    if not form:
        raise Fault("", texts.NOT_THE_FORM)
    try:
        about = About(given.get("about", ""))
    except ValueError:
        raise Fault("", texts.NOT_THE_FORM) from None
    choice = given.get("choice", "")
    if (choice or CHOICES[about]) and choice not in CHOICES[about]:
        raise Fault(f"{about}_choice", texts.NOTHING_CHOSEN)
    try:
        words = convert(_Words, {"words": given.get("words", "").replace("\r\n", "\n").strip()}).words
    except Problem:
        raise Fault(f"{about}_words", texts.TOO_LONG.format(longest=LONGEST)) from None
    if about is About.QUESTION and not words:
        raise Fault(f"{about}_words", texts.NOTHING_WRITTEN)
    if choice == "wrong" and not words:
        raise Fault(f"{about}_words", texts.WHAT_IS_DIFFERENT)
    return Answer(about, choice, words)
