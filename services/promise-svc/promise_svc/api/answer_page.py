"""The pages of the form of four questions: no script, no request elsewhere, the same in a text browser."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final, NamedTuple

from starlette.responses import HTMLResponse

from candor.web.http.form_page import form_page, verbatim

LONGEST: Final = 2000


class Question(NamedTuple):
    """A question, what its rating asks, and what the ratings 1 and 5 mean."""

    text: str
    rated: str
    lowest: str
    highest: str


QUESTIONS: Final[Mapping[str, Question]] = {
    "well": Question("What do we do well?", "How well do we keep what we promise?", "badly", "very well"),
    "improve": Question(
        "What should we improve?", "How much is good as it is?", "hardly anything", "nearly everything"
    ),
    "others": Question("What do others do differently?", "How do we compare with others?", "much worse", "much better"),
    "onward": Question(
        "What should we continue, or start?", "How sure are you that we are on the right way?", "not at all", "fully"
    ),
}
BESIDE: Final = {"better": "others do it better", "worse": "others do it worse", "neither": "neither"}
NOTHING: Final = "Please answer at least one question."
TOO_LONG: Final = f"That text cannot be taken: at most {LONGEST:,} characters, and plain text only."


def form(given: Mapping[str, str], fault: str) -> HTMLResponse:
    """The form with what was given so far; `fault` is the field at which something is wrong, "" for none."""
    wrong = ""
    if fault:
        words = NOTHING if fault in QUESTIONS else TOO_LONG
        wrong = f'<p class="fault" role="alert"><a href="#{escape(fault)}">{words}</a></p>\n'
    head = "<p>Four questions, a few minutes. Any of them may be left out. Your answers count once you send them.</p>\n"
    parts = "".join(_question(name, one, given) for name, one in QUESTIONS.items())
    sent = '<button type="submit">Send my answers</button>\n'
    body = f'{wrong}{head}<form method="post">\n{parts}{sent}</form>\n'
    return form_page("How do you see us?", body, 422 if fault else 200)


def said(answers: Mapping[str, Any]) -> HTMLResponse:
    """What was said with this link."""
    parts = "".join(_answer(name, one, answers) for name, one in QUESTIONS.items())
    head = "<p>Your answers have been taken, and cannot be changed any more. This is what you said:</p>\n"
    return form_page("Thank you", head + parts, 200)


def _question(name: str, one: Question, given: Mapping[str, str]) -> str:
    ends = {1: f"1: {one.lowest}", 5: f"5: {one.highest}"}
    choices = "".join(
        _choice(name, str(rating), ends.get(rating, str(rating)), given, f' id="{name}"' if rating == 1 else "")
        for rating in range(1, 6)
    )
    more = ""
    if name == "others":
        options = "".join(_choice("beside", value, words, given, "") for value, words in BESIDE.items())
        more = f"<fieldset><legend>Is what others do differently better or worse?</legend>\n{options}</fieldset>\n"
    box = (
        f'<p><label for="{name}_words">In your words, if you like</label>\n'
        f'<textarea id="{name}_words" name="{name}_words" rows="3" maxlength="{LONGEST}">'
        f"{escape(given.get(f'{name}_words', ''))}</textarea></p>\n"
    )
    rated = f"<fieldset><legend>{one.rated}</legend>\n{choices}</fieldset>\n"
    return f"<h2>{one.text}</h2>\n{rated}{more}{box}"


def _choice(name: str, value: str, words: str, given: Mapping[str, str], more: str) -> str:
    checked = " checked" if given.get(name) == value else ""
    return f'<label><input type="radio" name="{name}" value="{value}"{more}{checked}> {words}</label>\n'


def _answer(name: str, one: Question, answers: Mapping[str, Any]) -> str:
    rating = answers.get(name)
    lines = [f"{one.rated} {'not answered' if rating is None else f'{rating} of 5'}"]
    if name == "others" and (beside := answers.get("beside")):
        lines.append(f"What they do differently: {BESIDE[beside]}")
    words = answers.get(f"{name}_words")
    shown = verbatim(words) if words else ""
    return f"<h2>{one.text}</h2>\n" + "".join(f"<p>{line}</p>\n" for line in lines) + shown
