"""The forms of the customer's page, and what was answered by them: no script, each field with its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from candor.contracts import AnswerKind as About
from notify_svc.compose.localize import Localizer
from notify_svc.page import texts
from notify_svc.page.answering import CHOICES, LONGEST, Fault, asked
from notify_svc.page.view import View
from notify_svc.store.answers import Given
from notify_svc.store.offers import Offer, Option


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


def forms(shown: View, civil: Localizer, token: str, filled: Mapping[str, str], offers: Sequence[Offer] = ()) -> str:
    """A form for each thing that is asked; `token` makes that it is taken once, `filled` is what was sent before."""
    about = asked(shown, offered=bool(offers))
    parts = [_form(one, shown, civil, token, filled) for one in about if one is not About.OPTION]
    offered = [_offer(one, civil, token, filled) for one in offers] if About.OPTION in about else []
    return f"<h2>{texts.ANSWER}</h2>\n{''.join([*offered, *parts])}"


def _offer(offer: Offer, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    before = filled if filled.get("offer") == offer.key else {}
    named = escape(offer.key)
    choices = "".join(
        _choice(str(number), _option(option, civil), before, f"{named}_choice" if number == 0 else "")
        for number, option in enumerate(offer.options)
    )
    hidden = f'{_hidden(token, About.OPTION)}<input type="hidden" name="offer" value="{named}">'
    fieldset = f"<fieldset><legend>{texts.OPTIONS_ASKED}</legend>\n{choices}</fieldset>\n"
    return _whole(texts.OPTIONS, hidden, fieldset, f"{named}_words", texts.WORDS, before)


def _option(option: Option, civil: Localizer) -> str:
    if option.due is None:
        return option.name
    return texts.OPTION_BY.format(name=option.name, due=civil.moment(option.due))


def _hidden(token: str, about: About) -> str:
    return (
        f'<input type="hidden" name="form" value="{escape(token)}"><input type="hidden" name="about" value="{about}">'
    )


def _whole(title: str, hidden: str, fieldset: str, box: str, label: str, before: Mapping[str, str]) -> str:
    words = (
        f'<p><label for="{box}">{label}</label>\n<textarea id="{box}" name="words" rows="3" '
        f'maxlength="{LONGEST}">{escape(before.get("words", ""))}</textarea></p>\n'
    )
    button = f'<button type="submit">{texts.SEND}</button>\n'
    return f'<h3>{title}</h3>\n<form method="post">{hidden}\n{fieldset}{words}{button}</form>\n'


def _form(about: About, shown: View, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    before = filled if filled.get("about") == about else {}
    title, question, label = {
        About.QUESTION: (texts.QUESTION, "", texts.QUESTION_WORDS),
        About.READBACK: (texts.READBACK, texts.READBACK_ASKED, texts.WORDS),
        About.VERDICT: (texts.VERDICT, texts.VERDICT_ASKED, texts.WORDS),
    }[about]
    asked_ = escape(question.format(what=shown.what, due=civil.moment(shown.due)))
    choices = "".join(
        _choice(choice, texts.CHOICES[choice], before, f"{about}_choice" if number == 0 else "")
        for number, choice in enumerate(CHOICES[about])
    )
    fieldset = f"<fieldset><legend>{asked_}</legend>\n{choices}</fieldset>\n" if choices else ""
    return _whole(title, _hidden(token, about), fieldset, f"{about}_words", label, before)


def _choice(value: str, words: str, before: Mapping[str, str], name: str) -> str:
    named = f' id="{name}"' if name else ""
    checked = " checked" if before.get("choice") == value else ""
    return f'<label><input type="radio" name="choice" value="{value}"{named}{checked}> {escape(words)}</label>\n'


def _given(one: Given, civil: Localizer) -> str:
    what = texts.SAID_OF[one.kind]
    choice = f"<p>{escape(texts.CHOICES.get(one.choice, one.choice))}</p>\n" if one.choice else ""
    words = f'<p class="said">{escape(one.words)}</p>\n' if one.words else ""
    head = escape(texts.SAID_LINE.format(at=civil.moment(one.at), what=what))
    return f"<h3>{head}</h3>\n{choice}{words}"
