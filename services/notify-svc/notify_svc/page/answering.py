"""What a customer answers on their page: which questions stand open, and what a form that was sent says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from candor.contracts import AnswerKind as About
from candor.contracts.matters import OfferState
from candor.web.http.body import convert
from candor.web.http.fields import Body, InternalText
from candor.web.http.problems import Problem
from notify_svc.page import texts
from notify_svc.page.view import Chosen, State, View
from notify_svc.store.answers import Given
from notify_svc.store.offers import Offer

LONGEST: Final = 2000
"""Characters of an answer in words."""
LONGEST_KEY: Final = 256
MOST_OPTIONS: Final = 50
AN_HOUR: Final = 10
"""Answers that one link takes within an hour."""


CHOICES: Final[Mapping[About, tuple[str, ...]]] = {
    About.QUESTION: (),
    About.READBACK: ("right", "wrong"),
    About.VERDICT: ("kept", "in_part", "not_kept"),
    About.CLARIFICATION: (),
    About.OPTION: tuple(map(str, range(MOST_OPTIONS))),
    About.SHEET: (),
}
"""What a form sends; of an offer, the place of an option."""


class Answer(NamedTuple):
    """An answer: `choice` is one of CHOICES or "", `words` are the customer's, at most LONGEST characters.

    `offer` is the key of the offer as the page showed it, `clarification` the id of what was asked.
    """

    about: About
    choice: str
    words: str
    offer: str = ""
    clarification: str = ""


class Fault(Exception):  # noqa: N818 - what it is
    """An answer that cannot be taken: the field at which something is wrong, and what, by a text of the page.

    `filled` are the numbers in that text.
    """

    def __init__(self, field: str, text: str, **filled: int) -> None:
        super().__init__(text)
        self.field = field
        self.text = text
        self.filled = filled


class _Words(Body):
    words: Annotated[InternalText, Field(max_length=LONGEST)] = ""


def asked(
    shown: View, *, offered: bool = False, unanswered: bool = False, questions: bool = False
) -> tuple[About, ...]:
    """What the page asks: whether we understood, while it is open; the verdict, once it ended or its time passed.

    `unanswered`: something was asked about the need, which matters while it is open. `questions`: the customer may be
    asked the four questions again, which come once the promise ended.
    """
    if shown.state is State.WITHDRAWN:
        return (About.QUESTION,)
    if shown.ended:
        return (About.VERDICT, About.QUESTION, *((About.SHEET,) if questions else ()))
    first = ((About.CLARIFICATION,) if unanswered else ()) + ((About.OPTION,) if offered else ())
    first += (About.VERDICT,) if shown.passed else ()
    # Read back is what holds: not a date that they have just chosen to change.
    readback = (About.READBACK,) if shown.chosen is None else ()
    return (*first, *readback, About.QUESTION)


def answer_of(given: Mapping[str, str], form: str) -> Answer:
    """The answer in the fields of a form, known by `form`. Raises Fault."""
    if not form:
        raise Fault("", texts.NOT_THE_FORM)
    try:
        about = About(given.get("about", ""))
    except ValueError:
        raise Fault("", texts.NOT_THE_FORM) from None
    choice = given.get("choice", "")
    clarification = given.get("clarification", "")[:LONGEST_KEY] if about is About.CLARIFICATION else ""
    box = box_of(clarification) if about is About.CLARIFICATION else f"{about}_words"
    if (choice or CHOICES[about]) and choice not in CHOICES[about]:
        raise Fault(f"{about}_choice", texts.NOTHING_CHOSEN)
    if about is About.SHEET:
        return Answer(about, "", "")
    words = words_of(given.get("words", ""), box)
    if about in (About.QUESTION, About.CLARIFICATION) and not words:
        raise Fault(box, texts.NOTHING_WRITTEN)
    if choice == "wrong" and not words:
        raise Fault(box, texts.WHAT_IS_DIFFERENT)
    return Answer(about, choice, words, given.get("offer", "")[:LONGEST_KEY], clarification)


def words_of(text: str, box: str) -> str:
    """What was written into the field `box`, cleaned. Raises Fault."""
    try:
        return convert(_Words, {"words": text.replace("\r\n", "\n").strip()}).words
    except Problem:
        raise Fault(box, texts.TOO_LONG, longest=LONGEST) from None


def box_of(clarification_id: str) -> str:
    """The name of the field in which what was asked is answered."""
    return f"{About.CLARIFICATION}_{clarification_id}"


def taken(said: Answer, offers: Sequence[Offer]) -> tuple[str, str] | None:
    """The offer and the name of the option that an answer takes; None if it is not offered as it was shown."""
    found = next((one for one in offers if one.key == said.offer), None)
    if found is None or int(said.choice) >= len(found.options):
        return None
    return found.offer_id, found.options[int(said.choice)].name


def chosen(given: Sequence[Given]) -> Chosen | None:
    """The option with a time that the customer took last; None if its offer came to nothing. Newest answers first."""
    last = next((one for one in given if one.kind == About.OPTION and one.due is not None), None)
    if last is None or last.due is None or last.offer_state not in (OfferState.OFFERED, OfferState.TAKEN):
        return None
    return Chosen(last.choice, last.due, last.at)
