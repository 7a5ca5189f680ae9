"""Composes the letter that asks a customer for answers about their need, before work starts."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from notify_svc.compose.contact import zone_of
from notify_svc.compose.house import House
from notify_svc.compose.localize import Localizer
from notify_svc.compose.quoting import Quotes, one_line
from notify_svc.compose.reach import Route
from notify_svc.compose.rendering import rendered_asking
from notify_svc.compose.signer import Signer, signed_by
from notify_svc.compose.words import language_of, locale_of
from notify_svc.domain.facts import Promise
from notify_svc.domain.naming import greeted


class Asking(NamedTuple):
    """Subject, text and HTML of a letter, and the language that it is in."""

    subject: str
    text: str
    html: str
    language: str


def asking(
    promise: Promise,
    questions: tuple[str, ...],
    route: Route,
    house: House,
    signer: Signer | None,
    now: datetime,
    *,
    linked: bool,
) -> Asking:
    """The letter with these questions, word for word; `linked`: a link to the page will stand below it.

    Raises the errors of rendering, and ValueError if it is longer than its channel carries.
    """
    form = route.channel.form
    locale = locale_of(route.contact.language, house.language)
    civil = Localizer(zone_of(route.contact.zone, promise.zone), locale, now)
    quotes = Quotes({language_of(locale), house.language})
    context: dict[str, object] = {
        "reader": greeted(route.contact.name, quotes.languages),
        "what": promise.what,
        "due": civil.deadline(promise.held_due),
        "questions": [one_line(question) for question in questions],
        "linked": linked,
        "signer": signed_by(signer, quotes),
        "company": house.company or "",
        "reach": house.reach or "",
        "zone": civil.zone_name(promise.held_due),
    }
    subject, text, html = rendered_asking(form, language_of(locale), context)
    if form.longest is not None and len(text) > form.longest:
        raise ValueError("the letter is longer than its channel carries")
    return Asking(subject, text, html if form.html else "", language_of(locale))
