"""The four questions on the customer's page: their form, and what it says once it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

import msgspec

from candor.contracts import AnswerKind as About
from candor.contracts import Beside
from notify_svc.compose.localize import Localizer
from notify_svc.page import texts
from notify_svc.page.answering import LONGEST, Fault, asked, words_of
from notify_svc.page.render import heading, paragraph
from notify_svc.page.view import View

QUESTIONS: Final = tuple(texts.SHEET_QUESTIONS)
RATINGS: Final = tuple("12345")
BESIDE: Final = "beside"
FIELDS: Final = frozenset((*QUESTIONS, *(f"{name}_words" for name in QUESTIONS), BESIDE))


class Sheet(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Answers to the four questions: of each a rating from 1 to 5, None if it was left out, and words beside it."""

    well: int | None = None
    well_words: str = ""
    improve: int | None = None
    improve_words: str = ""
    others: int | None = None
    others_words: str = ""
    beside: Beside | None = None
    onward: int | None = None
    onward_words: str = ""


def sheet_of(given: Mapping[str, str]) -> Sheet:
    """What a form says of the four questions. Raises Fault where no question has a rating."""
    ratings = {name: int(given[name]) for name in QUESTIONS if given.get(name) in RATINGS}
    if not ratings:
        raise Fault(QUESTIONS[0], texts.NOTHING_RATED)
    boxes = [f"{name}_words" for name in QUESTIONS]
    words = {box: words_of(given.get(box, ""), box) for box in boxes}
    beside = Beside(given[BESIDE]) if given.get(BESIDE) in texts.SHEET_BESIDE else None
    return msgspec.convert({**ratings, **words, BESIDE: beside}, Sheet)


def questions(shown: View, civil: Localizer, token: str, filled: Mapping[str, str], *, due: bool) -> str:
    """The form of the four questions; "" where they are not asked. `due`: the customer may be asked them again."""
    if About.SHEET not in asked(shown, questions=due):
        return ""
    hidden = f'<input type="hidden" name="form" value="{escape(token)}">'
    hidden += f'<input type="hidden" name="about" value="{About.SHEET}">'
    parts = "".join(_question(name, civil, filled) for name in QUESTIONS)
    sent = f'<button type="submit">{escape(civil.say(texts.SHEET_SEND))}</button>\n'
    head = heading(civil.say(texts.SHEET)) + paragraph(civil.say(texts.SHEET_MEANS))
    return f'{head}<form method="post">{hidden}\n{parts}{sent}</form>\n'


def _question(name: str, civil: Localizer, filled: Mapping[str, str]) -> str:
    ends = {"1": texts.SHEET_LOWEST[name], "5": texts.SHEET_HIGHEST[name]}
    ratings = [
        (
            rating,
            f"{civil.number(int(rating))}: {civil.say(ends[rating])}" if rating in ends else civil.number(int(rating)),
        )
        for rating in RATINGS
    ]
    parts = [
        f"<h3>{escape(civil.say(texts.SHEET_QUESTIONS[name]))}</h3>\n",
        _choices(name, civil.say(texts.SHEET_RATED[name]), ratings, filled),
    ]
    if name == "others":
        beside = [(value, civil.say(words)) for value, words in texts.SHEET_BESIDE.items()]
        parts.append(_choices(BESIDE, civil.say(texts.SHEET_BESIDE_ASKED), beside, filled))
    box = f"{name}_words"
    parts.append(
        f'<p><label for="{box}">{escape(civil.say(texts.WORDS))}</label>\n<textarea id="{box}" name="{box}" rows="3" '
        f'maxlength="{LONGEST}">{escape(filled.get(box, ""))}</textarea></p>\n'
    )
    return "".join(parts)


def _choices(name: str, asked_: str, choices: list[tuple[str, str]], filled: Mapping[str, str]) -> str:
    parts = []
    for number, (value, words) in enumerate(choices):
        # Where something is wrong, a link leads to the first one.
        named = f' id="{name}"' if number == 0 else ""
        checked = " checked" if filled.get(name) == value else ""
        parts.append(
            f'<label><input type="radio" name="{name}" value="{value}"{named}{checked}> {escape(words)}</label>\n'
        )
    return f"<fieldset><legend>{escape(asked_)}</legend>\n{''.join(parts)}</fieldset>\n"
