"""What customers answered on their pages. Topic `answers`, key customer id. No words: those stay in notify-svc."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from candor.contracts.envelope import Event


class AnswerKind(StrEnum):
    """What an answer is about: their question, whether we understood, how it ended, an offer, or what we asked them.

    Of the last two OptionTaken and ClarificationAnswered tell.
    """

    QUESTION = "question"
    READBACK = "readback"
    VERDICT = "verdict"
    OPTION = "option"
    CLARIFICATION = "clarification"


class Choice(StrEnum):
    """What a customer chose: `right` or `wrong` of a read-back, the others of a verdict."""

    RIGHT = "right"
    WRONG = "wrong"
    KEPT = "kept"
    IN_PART = "in_part"
    NOT_KEPT = "not_kept"


class AnswerGiven(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A customer answered at `at`; a question has no choice. `kept`: the page said that it was done as promised."""

    TYPE: ClassVar[str] = "candor.answer.given.v1"
    TOPIC: ClassVar[str] = "answers"
    AGGREGATE: ClassVar[str] = "answer_id"

    answer_id: str
    promise_id: str
    customer_id: str
    kind: AnswerKind
    at: datetime
    choice: Choice | None = None
    kept: bool = False


class OptionTaken(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A customer took the `option` of this name of an offer at `at`."""

    TYPE: ClassVar[str] = "candor.option.taken.v1"
    TOPIC: ClassVar[str] = "answers"
    AGGREGATE: ClassVar[str] = "offer_id"

    offer_id: str
    promise_id: str
    customer_id: str
    at: datetime
    option: str


class ClarificationAnswered(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A customer answered at `at` what staff asked about their need; the words are those of the answer `answer_id`."""

    TYPE: ClassVar[str] = "candor.clarification.answered.v1"
    TOPIC: ClassVar[str] = "answers"
    AGGREGATE: ClassVar[str] = "clarification_id"

    clarification_id: str
    promise_id: str
    customer_id: str
    at: datetime
    answer_id: str
