"""The frame and building blocks shared by all pages of the board."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from candor.store.errors import StoreUnavailable
from candor.web.http.hidden import bare_text
from candor.web.http.public import public_path
from risk_svc.web.board import palette
from risk_svc.web.board.menu import STYLE as MENU_STYLE
from risk_svc.web.board.menu import menu
from risk_svc.web.board.page_end import end_with_session
from risk_svc.web.board.plots import STYLE as PLOT_STYLE
from risk_svc.web.standstill import FailedReads

STYLE = """
.figure { min-width: 6rem; flex: 1 1 6rem; }
.figure .number { font-size: 1.9rem; font-weight: 650; line-height: 1.1; font-variant-numeric: tabular-nums; }
a:focus-visible, button:focus-visible, tr:focus-visible, .q-item:focus-visible, [tabindex="0"]:focus-visible {
  outline: 3px solid var(--ring); outline-offset: 2px; }
.q-header :focus-visible { outline-color: #fff !important; }
h1, h2 { margin: 0; font-weight: 500; } h1 { font-size: 1.25rem; line-height: 1.6; }
h2 { font-size: 1rem; line-height: 1.75; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: fixed; top: -4rem; left: .5rem; z-index: 9000; padding: .4rem .8rem; background: #fff;
  color: #1f4e5f; }
.skip:focus { top: .5rem; }
.happened { margin: 0; padding: 0; list-style: none; }
.happened li { display: flex; gap: .6rem; margin-bottom: 8px; }
@media (max-width: 480px) { .moment { font-size: .8rem; text-align: right; }
  .in-figures.q-table--dense th, .in-figures.q-table--dense td { padding: 3px 4px !important; font-size: .75rem; } }
.nicegui-expansion .q-expansion-item__content { padding: 0 !important; }
.standstill { background: #fdecea; border-bottom: 2px solid; }
.typed { display: block; padding: .4rem .6rem; background: var(--code); border-radius: 4px; overflow-wrap: anywhere;
  white-space: pre-wrap; user-select: all; }
.moves { margin: 0; padding-left: 1.4rem; } .moves li { margin-bottom: 6px; }
a.strong { color: var(--link); font-weight: 600; overflow-wrap: anywhere; }
.beside { color: var(--muted); font-size: .8rem; }
.pair { display: flex; flex-wrap: wrap; justify-content: space-between; column-gap: 1rem; }
.native { font: inherit; color: inherit; background: transparent; padding: .45rem; border: 1px solid var(--muted);
  border-radius: 4px; max-width: 100%; }
.next { color: var(--link); }
.badge { color: #fff; padding: 2px 8px; border-radius: 9px; font-weight: 600; white-space: nowrap; }
.flow { overflow-x: auto; } .flow-narrow { display: none; }
@media (max-width: 700px) { .flow-wide { display: none; } .flow-narrow { display: block; } }
.q-table td { white-space: normal; } .q-table tbody td { font-size: .9rem; }
"""


LONGEST: Final = 256
FURTHEST: Final = re.compile(r"[1-9][0-9]{0,5}")
Shown = TypeVar("Shown")
Refresh = Callable[[], Coroutine[Any, Any, None]]


class Part(Generic[Shown]):
    """A part of a page, redrawn only when its content changes so that readers keep their place."""

    def __init__(self, draw: Callable[[Shown], None]) -> None:
        self._draw = draw
        self._shown: Shown | None = None
        self._body = ui.column().classes("w-full gap-2")

    def show(self, value: Shown) -> None:
        """Draw `value` unless it is already shown."""
        if value != self._shown:
            self._shown = value
            self._body.clear()
            with self._body:
                self._draw(value)


def text_lines(found: Sequence[str]) -> None:
    """Draw each text in a line of its own."""
    for line in found:
        ui.label(line)


class Chart:
    """A chart that is sent to the browser only when it changes; its options hold a text for screen readers."""

    def __init__(self, height: int) -> None:
        self._shown: dict[str, Any] = {}
        self.element = ui.echart({}).classes("w-full").style(f"height: {height}px")

    def show(self, options: dict[str, Any]) -> None:
        """Draw `options` unless they are already drawn."""
        if options != self._shown:
            self._shown = options
            self.element.options.update(options)


COLOURS: Final = {
    "primary": "#1f4e5f",
    "secondary": "#1f6f8b",
    "accent": "#a3203a",
    "positive": "#2e7d5b",
    "negative": "#a3203a",
    "warning": "#8a5f0a",
    "info": "#1f6f8b",
}


def tab_title(title: str) -> str:
    """The title of a page's tab."""
    return f"{title} · Candor"


def page_frame(title: str) -> ui.label:
    """Draw the header with home link, menu and sign-out; returns the label for the business time."""
    ui.page_title(tab_title(title))
    ui.colors(**COLOURS, dark=palette.DARK["card"], dark_page=palette.DARK["paper"])
    ui.add_css(palette.STYLE + STYLE + MENU_STYLE + PLOT_STYLE)
    end_with_session()
    # The first stop by keyboard: past the menu, which is the same on every page.
    ui.add_body_html('<a class="skip" href="#content">Skip to content</a>')
    ui.element("span").props("id=content tabindex=-1").classes("unseen")
    with ui.header(elevated=False).classes("no-wrap q-pt-sm q-pb-none q-px-md").style("flex-direction: column; gap: 0"):
        with ui.row().classes("w-full items-center no-wrap gap-2"):
            ui.link("Candor", "/").classes("text-white text-h6 no-underline")
            ui.space()
            moment = ui.label().props("role=timer").classes("text-white moment").mark("business-time")
            _sign_out()
        menu()
    return moment


def _sign_out() -> None:
    # A form because any web page could link here; it leaves NiceGUI, so it cannot be a NiceGUI event.
    with ui.element("form").props(f"method=post action={public_path('/signout')}"):
        ui.button("Sign out").props("flat dense no-caps no-wrap type=submit text-color=white")
    with ui.element("form").props(f"method=post action={public_path('/signout/everywhere')}"):
        # Its words, or, on a phone, their sign: a lost device has to be signed out from whatever is at hand.
        everywhere = ui.button(icon="devices").tooltip("Ends your sessions on every device")
        everywhere.props('flat dense no-wrap type=submit text-color=white aria-label="Sign out everywhere"')
        with everywhere:
            ui.label("Sign out everywhere").classes("gt-xs q-ml-xs").style("text-transform: none")


class Address:
    """Keeps a page's choices in its address so that a link or a reload shows the same."""

    def __init__(self, request: Request) -> None:
        self._path, self._asked = request.url.path, request.query_params
        self._kept: dict[str, tuple[ValueElement[Any], Any]] = {}

    def keep(self, name: str, control: ValueElement[Any], formerly: str = "") -> None:
        """Set `control` from the address if it offers that choice, and write later choices to the address.

        `formerly`: its old name in addresses that people may have saved.
        """
        usual, asked = control.value or "", self.asked(name)
        asked = self.asked(formerly) if asked is None else asked
        if asked is not None and (not isinstance(control, ui.select) or asked in control.options):
            control.set_value(asked)
        self._kept[name] = (control, usual)
        control.on_value_change(self._write)

    def keep_page(self, pages: ui.pagination, name: str = "page") -> None:
        """The same for the page number of a list, from 1; the default is the first page."""
        words = self.asked(name) or ""
        page = int(words) if FURTHEST.fullmatch(words) else 1
        pages.max = page
        pages.set_value(page)
        self._kept[name] = (pages, 1)
        pages.on_value_change(self._write)

    def asked(self, name: str) -> str | None:
        """The address's value for `name`; None if it has no usable one."""
        words = bare_text(self._asked.get(name))
        return words if words is not None and words.isprintable() and len(words) <= LONGEST else None

    def _write(self) -> None:
        values = {name: (control.value or "", usual) for name, (control, usual) in self._kept.items()}
        query = urlencode({name: value for name, (value, usual) in values.items() if value != usual})
        ui.navigate.history.replace(f"{self._path}?{query}" if query else self._path)


def card(style: str = "") -> ui.card:
    """A card as wide as its container, or as `style` says."""
    made = ui.card().props("flat bordered").classes("gap-2")
    return made.style(style) if style else made.classes("w-full")


def heading(words: str, level: int = 1) -> ui.label:
    """A heading of level 1 (page) or 2 (section)."""
    made = ui.label(words)
    made.tag = f"h{level}"
    return made


def section_title(words: str) -> None:
    """The heading of a section."""
    heading(words, 2)


class Fold(Generic[Shown]):
    """Draws the first `limit` items, and the others below a fold that stays open or closed as the reader left it."""

    def __init__(self, limit: int, draw: Callable[[Sequence[Shown]], None]) -> None:
        self._limit, self._draw, self._open = limit, draw, False

    def __call__(self, items: Sequence[Shown]) -> None:
        self._draw(items[: self._limit])
        if len(items) > self._limit:
            words = f"Show all {len(items):,}"
            with ui.expansion(words, value=self._open, on_value_change=self._note).props("dense").classes("w-full"):
                self._draw(items[self._limit :])

    def _note(self, event: ValueChangeEventArguments[Any]) -> None:
        self._open = bool(event.value)


class Banner:
    """Shows on a page that its data is not updating, and why; checks on a timer, so it also notices a hanging read.

    While messages are `held` it links to the page about them.
    """

    def __init__(self, words: Callable[[], str], held: Callable[[], int] | None = None) -> None:
        self._words = words
        self._held = held
        self._failed = FailedReads()
        self._label = ui.label().classes("text-negative text-bold w-full q-pa-sm standstill").mark("standstill")
        self._label.props("role=alert").set_visibility(False)
        self._link = ui.link("Held messages: what to look at, and how to decide", "/held").classes("q-px-sm")
        self._link.set_visibility(False)
        ui.timer(1.0, self.look, immediate=True)

    def look(self) -> None:
        """Show the current state."""
        words = self._words() or self._failed.words(time.monotonic())
        if words != self._label.text:
            self._label.set_text(words)
        self._label.set_visibility(bool(words))
        self._link.set_visibility(bool(self._held and self._held()))

    def read(self, began: float, *, failed: bool) -> None:
        """Note that the page read its data or could not; `began` in monotonic seconds."""
        self._failed.note(began, failed=failed)
        self.look()


class Watched(Protocol):
    """A page, as far as it knows whether its browser is there."""

    @property
    def has_socket_connection(self) -> bool: ...


def live(banner: Banner, seconds: float, refresh: Refresh) -> None:
    """Call `refresh` every `seconds` while a browser has the page open; `banner` shows when it cannot read."""
    ui.timer(seconds, turn(ui.context.client, banner.read, refresh), immediate=True)


def turn(page: Watched, read: Callable[..., None], refresh: Refresh) -> Refresh:
    """What refreshes a page once and says to `read` whether it could; it rests while the browser is away."""

    async def once() -> None:
        if not page.has_socket_connection:
            # Its browser is gone: it comes back within seconds, or the page goes.
            return
        began = time.monotonic()
        try:
            await refresh()
        except StoreUnavailable:
            read(began, failed=True)
        else:
            read(began, failed=False)

    return once
