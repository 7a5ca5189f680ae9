"""The forms of the customer's page, and what was answered by them: no script, each field with its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from candor.contracts import AnswerKind as About
from candor.web.http.form_page import verbatim
from notify_svc.compose.localize import Localizer
from notify_svc.page import texts
from notify_svc.page.answering import CHOICES, LONGEST, Fault, asked, box_of
from notify_svc.page.render import heading, paragraph
from notify_svc.page.view import View
from notify_svc.store.answers import Given
from notify_svc.store.clarifications import Asked, Unanswered
from notify_svc.store.offers import Offer, Option

ANSWERED: Final = "answered"
"""Names the part of the page where a customer finds what they have just sent."""


def answered(given: Sequence[Given], civil: Localizer) -> str:
    """What the customer said on the page, newest first; "" if nothing."""
    if not given:
        return ""
    taken = paragraph(civil.say(texts.ANSWER_TAKEN))
    return heading(civil.say(texts.YOU_SAID), ANSWERED) + taken + "".join(_given(one, civil) for one in given)


def stands(given: Sequence[Given]) -> dict[str, str]:
    """The verdict that the customer gave last, as its form says it; empty if there is none."""
    last = next((one.choice for one in given if one.kind == About.VERDICT), "")
    return {"about": About.VERDICT, "choice": last} if last else {}


def clarifying(found: Unanswered, shown: View, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    """What is still asked about the need, each with a form to answer it, or that nothing is; "" once it is too late."""
    if About.CLARIFICATION not in asked(shown, unanswered=True):
        return ""
    if not found.total:
        return paragraph(civil.say(texts.CLARIFICATIONS_NONE))
    head = paragraph(civil.say_counted(*texts.CLARIFICATIONS_OPEN, found.total))
    left = found.total - len(found.shown)
    more = paragraph(civil.say_counted(*texts.CLARIFICATIONS_MORE, left)) if left else ""
    parts = "".join(_clarification(one, civil, token, filled) for one in found.shown)
    return heading(civil.say(texts.CLARIFICATIONS)) + head + parts + more


def _clarification(one: Asked, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    before = filled if filled.get("clarification") == one.clarification_id else {}
    named = escape(one.clarification_id)
    hidden = f'{_hidden(token, About.CLARIFICATION)}<input type="hidden" name="clarification" value="{named}">'
    # The question is the label: whoever hears the page hears it with the field.
    words = _words(escape(box_of(one.clarification_id)), escape(one.question), before)
    return f'<form method="post">{hidden}\n{words}{_button(civil)}</form>\n'


def fault_line(fault: Fault, civil: Localizer) -> str:
    """What is wrong, before everything else, with a way to the field."""
    filled = {name: civil.number(number) for name, number in fault.filled.items()}
    text = escape(civil.say(fault.text, **filled))
    inner = f'<a href="#{escape(fault.field)}">{text}</a>' if fault.field else text
    return f'<p class="fault" role="alert">{inner}</p>\n'


def forms(shown: View, civil: Localizer, token: str, filled: Mapping[str, str], offers: Sequence[Offer] = ()) -> str:
    """A form for each thing that is asked; `token` makes that it is taken once, `filled` is what was sent before."""
    about = asked(shown, offered=bool(offers))
    parts = [_form(one, shown, civil, token, filled) for one in about if one is not About.OPTION]
    offered = [_offer(one, civil, token, filled) for one in offers] if About.OPTION in about else []
    return heading(civil.say(texts.ANSWER)) + "".join([*offered, *parts])


def _offer(offer: Offer, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    before = filled if filled.get("offer") == offer.key else {}
    named = escape(offer.key)
    choices = "".join(
        _choice(str(number), _option(option, civil), before, f"{named}_choice" if number == 0 else "")
        for number, option in enumerate(offer.options)
    )
    hidden = f'{_hidden(token, About.OPTION)}<input type="hidden" name="offer" value="{named}">'
    fieldset = f"<fieldset><legend>{escape(civil.say(texts.OPTIONS_ASKED))}</legend>\n{choices}</fieldset>\n"
    return _whole(civil, texts.OPTIONS, hidden, fieldset, f"{named}_words", texts.WORDS, before)


def _option(option: Option, civil: Localizer) -> str:
    if option.due is None:
        return option.name
    return civil.say(texts.OPTION_BY, name=option.name, due=civil.deadline(option.due))


def _hidden(token: str, about: About) -> str:
    return (
        f'<input type="hidden" name="form" value="{escape(token)}"><input type="hidden" name="about" value="{about}">'
    )


def _whole(
    civil: Localizer, title: str, hidden: str, fieldset: str, box: str, label: str, before: Mapping[str, str]
) -> str:
    words = _words(box, escape(civil.say(label)), before)
    head = f"<h3>{escape(civil.say(title))}</h3>\n"
    return f'{head}<form method="post">{hidden}\n{fieldset}{words}{_button(civil)}</form>\n'


def _words(box: str, label: str, before: Mapping[str, str]) -> str:
    return (
        f'<p><label for="{box}">{label}</label>\n<textarea id="{box}" name="words" rows="3" '
        f'maxlength="{LONGEST}">{escape(before.get("words", ""))}</textarea></p>\n'
    )


def _button(civil: Localizer) -> str:
    return f'<button type="submit">{escape(civil.say(texts.SEND))}</button>\n'


def _form(about: About, shown: View, civil: Localizer, token: str, filled: Mapping[str, str]) -> str:
    before = filled if filled.get("about") == about else {}
    title, question, label = {
        About.QUESTION: (texts.QUESTION, "", texts.QUESTION_WORDS),
        About.READBACK: (texts.READBACK, texts.READBACK_ASKED, texts.WORDS),
        About.VERDICT: (texts.VERDICT, texts.VERDICT_ASKED, texts.WORDS),
    }[about]
    asked_ = escape(civil.say(question, what=shown.what, due=civil.deadline(shown.due))) if question else ""
    choices = "".join(
        _choice(choice, civil.say(texts.CHOICES[choice]), before, f"{about}_choice" if number == 0 else "")
        for number, choice in enumerate(CHOICES[about])
    )
    fieldset = f"<fieldset><legend>{asked_}</legend>\n{choices}</fieldset>\n" if choices else ""
    return _whole(civil, title, _hidden(token, about), fieldset, f"{about}_words", label, before)


def _choice(value: str, words: str, before: Mapping[str, str], name: str) -> str:
    named = f' id="{name}"' if name else ""
    checked = " checked" if before.get("choice") == value else ""
    return f'<label><input type="radio" name="choice" value="{value}"{named}{checked}> {escape(words)}</label>\n'


def _given(one: Given, civil: Localizer) -> str:
    what = civil.say(texts.SAID_OF[one.kind])
    choice = paragraph(_chosen(one, civil)) if one.choice else ""
    words = verbatim(one.words) if one.words else ""
    head = escape(civil.say(texts.SAID_LINE, at=civil.moment(one.at), what=what))
    question = paragraph(one.question) if one.question else ""
    return f"<h3>{head}</h3>\n{question}{choice}{words}"


def _chosen(one: Given, civil: Localizer) -> str:
    if one.kind == About.OPTION:
        return _option(Option(one.choice, one.due), civil)
    return civil.say(texts.CHOICES[one.choice]) if one.choice in texts.CHOICES else one.choice
