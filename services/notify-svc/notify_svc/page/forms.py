"""The forms of the customer's page, and what was answered by them: no script, each field with its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from notify_svc.compose.localize import Localizer
from notify_svc.page import texts
from notify_svc.page.answering import CHOICES, LONGEST, About, Fault, asked
from notify_svc.page.view import View
from notify_svc.store.answers import Given


def answered(given: Sequence[Given], civil: Localizer) -> str:
    """What the customer said on the page, newest first; "" if nothing."""
    if not given:
        return ""
    return f"<h2>{texts.YOU_SAID}</h2>\n<p>{texts.ANSWER_TAKEN}</p>\n{''.join(_given(one, civil) for one in given)}"


def fault_line(fault: Fault) -> str:
    """What is wrong, before everything else, with a way to the field."""
    text = escape(fault.text)
    inner = f'<a href="#{escape(fault.field)}">{text}</a>' if fault.field else text
    return f'<p class="fault" role="alert">{inner}</p>\n'


def forms(shown: View, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    """A form for each thing that is asked; `token` makes that it is taken once, `filled` is what was sent before."""
    parts = (_form(about, shown, civil, token, filled) for about in asked(shown))
    return f"<h2>{texts.ANSWER}</h2>\n{''.join(parts)}"


def _form(about: About, shown: View, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    before = filled if filled.get("about") == about else {}
    hidden = (
        f'<input type="hidden" name="form" value="{escape(token)}"><input type="hidden" name="about" value="{about}">'
    )
    title, question, label = {
        About.QUESTION: (texts.QUESTION, "", texts.QUESTION_WORDS),
        About.READBACK: (texts.READBACK, texts.READBACK_ASKED, texts.WORDS),
        About.VERDICT: (texts.VERDICT, texts.VERDICT_ASKED, texts.WORDS),
    }[about]
    asked_ = escape(question.format(what=shown.what, due=civil.moment(shown.due)))
    choices = "".join(_choice(about, choice, before, first=number == 0) for number, choice in enumerate(CHOICES[about]))
    fieldset = f"<fieldset><legend>{asked_}</legend>\n{choices}</fieldset>\n" if choices else ""
    box = (
        f'<p><label for="{about}_words">{label}</label>\n<textarea id="{about}_words" name="words" rows="3" '
        f'maxlength="{LONGEST}">{escape(before.get("words", ""))}</textarea></p>\n'
    )
    button = f'<button type="submit">{texts.SEND}</button>\n'
    return f'<h3>{title}</h3>\n<form method="post">{hidden}\n{fieldset}{box}{button}</form>\n'


def _choice(about: About, choice: str, before: Mapping[str, str], *, first: bool) -> str:
    named = f' id="{about}_choice"' if first else ""
    checked = " checked" if before.get("choice") == choice else ""
    words = texts.CHOICES[choice]
    return f'<label><input type="radio" name="choice" value="{choice}"{named}{checked}> {words}</label>\n'


def _given(one: Given, civil: Localizer) -> str:
    what = texts.SAID_OF[one.kind]
    choice = f"<p>{texts.CHOICES[one.choice]}</p>\n" if one.choice else ""
    words = f'<p class="said">{escape(one.words)}</p>\n' if one.words else ""
    head = escape(texts.SAID_LINE.format(at=civil.moment(one.at), what=what))
    return f"<h3>{head}</h3>\n{choice}{words}"
