"""What customers answered on their pages. Topic `answers`, key customer id.

Words stay in notify-svc, but for those of an answer sheet, which is kept where all sheets are.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from candor.contracts.envelope import Event
from candor.contracts.matters import Beside


class AnswerKind(StrEnum):
    """What an answer is about: their question, whether we understood, how it ended, an offer, what we asked them about
    their need, or the four questions.

    Of the last three OptionTaken, ClarificationAnswered and SheetGiven tell.
    """

    QUESTION = "question"
    READBACK = "readback"
    VERDICT = "verdict"
    OPTION = "option"
    CLARIFICATION = "clarification"
    SHEET = "sheet"


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


class SheetGiven(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A customer answered the four questions at `at`: to each a rating from 1 to 5, 5 the best, and words beside it.

    A question that is None was left out.
    """

    TYPE: ClassVar[str] = "candor.sheet.given.v1"
    TOPIC: ClassVar[str] = "answers"
    AGGREGATE: ClassVar[str] = "sheet_id"

    sheet_id: str
    customer_id: str
    at: datetime
    well: int | None = None
    well_words: str = ""
    improve: int | None = None
    improve_words: str = ""
    others: int | None = None
    others_words: str = ""
    beside: Beside | None = None
    onward: int | None = None
    onward_words: str = ""
