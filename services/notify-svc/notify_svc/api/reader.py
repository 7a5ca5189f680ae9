"""Who reads a page behind a customer's link: in which language, zone and format."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.form_page import form_page
from notify_svc.compose.contact import Contact, Opener, zone_of
from notify_svc.compose.house import House
from notify_svc.compose.localize import Localizer
from notify_svc.compose.words import locale_of
from notify_svc.page import texts
from notify_svc.settings import NotifySettings
from notify_svc.store.page_links import Opened


def civil_of(request: Request, opened: Opened, contact: Contact) -> Localizer:
    """The language and zone of the customer whose link was opened, else the company's and the promise's."""
    promise = opened.known.promise
    zone = zone_of(contact.zone, promise.zone if promise is not None else None)
    return Localizer(zone, locale_of(contact.language, _house(request).language), request.app.state.clock.now())


def ended(request: Request, status: int = 401) -> Response:
    """That a link opens nothing, whatever is wrong with it: nobody's language but the company's is known then."""
    civil = Localizer(zone_of(None), locale_of(_house(request).language), request.app.state.clock.now())
    return page_of(request, civil, civil.say(texts.ENDED), f"<p>{escape(civil.say(texts.ENDED_MEANS))}</p>\n", status)


def page_of(request: Request, civil: Localizer, title: str, content: str, status: int = 200) -> Response:
    """A page in the reader's language, headed by the company; `content` is HTML, `title` is text."""
    settings: NotifySettings = request.app.state.settings
    return form_page(title, content, status, civil.say(settings.page_company), civil.language)


def _house(request: Request) -> House:
    found: House = request.app.state.houses.now()
    return found


def contact_of(request: Request, opened: Opened) -> Contact:
    """The contact of the customer whose link was opened; an empty one if there is none that can be read."""
    opener: Opener = request.app.state.reach.opener
    return opener.read(opened.sealed) or Contact()
