"""What every page of the board has around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from candor.store.errors import StoreUnavailable

STYLE = """
body { background: #f4f6f8; color: #1f2a37; }
.figure { min-width: 6rem; flex: 1 1 6rem; }
.figure .number { font-size: 1.9rem; font-weight: 650; line-height: 1.1; font-variant-numeric: tabular-nums; }
a:focus-visible, button:focus-visible, tr:focus-visible, .q-item:focus-visible, [tabindex="0"]:focus-visible {
  outline: 3px solid #1f6f8b; outline-offset: 2px; }
.q-header :focus-visible { outline-color: #fff !important; }
h1, h2 { margin: 0; font-weight: 500; } h1 { font-size: 1.25rem; line-height: 1.6; }
h2 { font-size: 1rem; line-height: 1.75; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.happened { margin: 0; padding: 0; list-style: none; }
.happened li { display: flex; gap: .6rem; margin-bottom: 8px; }
@media (max-width: 480px) { .moment { font-size: .8rem; text-align: right; }
  .in-figures.q-table--dense th, .in-figures.q-table--dense td { padding: 3px 4px !important; font-size: .75rem; } }
.nicegui-expansion .q-expansion-item__content { padding: 0 !important; }
.standstill { background: #fdecea; border-bottom: 2px solid; }
.moves { margin: 0; padding-left: 1.4rem; } .moves li { margin-bottom: 6px; }
.q-table td { white-space: normal; } .q-table tbody td { font-size: .9rem; }
"""


LONGEST: Final = 256
FURTHEST: Final = re.compile(r"[1-9][0-9]{0,5}")
Shown = TypeVar("Shown")


class Part(Generic[Shown]):
    """A part of a page; drawn again only when what it shows has changed, so that nobody loses their place in it."""

    def __init__(self, draw: Callable[[Shown], None]) -> None:
        self._draw = draw
        self._shown: Shown | None = None
        self._body = ui.column().classes("w-full gap-2")

    def show(self, value: Shown) -> None:
        """Draw `value` unless it is there already."""
        if value != self._shown:
            self._shown = value
            self._body.clear()
            with self._body:
                self._draw(value)


class Chart:
    """A chart that is sent to the browser only when it differs; its words for who cannot see it are in its options."""

    def __init__(self, height: int) -> None:
        self._shown: dict[str, Any] = {}
        self.element = ui.echart({}).classes("w-full").style(f"height: {height}px")

    def show(self, options: dict[str, Any]) -> None:
        """Draw `options` unless they are drawn already."""
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


def page_frame(title: str) -> ui.label:
    """Header with the way home and out; returns the label that shows the business time."""
    ui.page_title(f"{title} · Candor")
    ui.colors(**COLOURS)
    ui.add_css(STYLE)
    with ui.header(elevated=False).classes("items-center no-wrap gap-2 q-py-sm q-px-md"):
        # NiceGUI puts the mount path in front of a link that starts with a slash.
        ui.link("Candor", "/").classes("text-white text-h6 no-underline")
        ui.link("Forecast accuracy", "/record").classes("text-white q-ml-sm")
        ui.space()
        moment = ui.label().props("role=timer").classes("text-white moment").mark("business-time")
        # A form, as a link could be followed from any page of the web; it leads out of NiceGUI, so no event of its own.
        with ui.element("form").props("method=post action=/signout"):
            ui.button("Sign out").props("flat dense no-caps no-wrap type=submit text-color=white")
    return moment


class Address:
    """What is chosen on a page, kept in its address: a link to it, and a reload, show the same."""

    def __init__(self, request: Request) -> None:
        self._path, self._asked = request.url.path, request.query_params
        self._kept: dict[str, tuple[ValueElement[Any], Any]] = {}

    def keep(self, name: str, control: ValueElement[Any], formerly: str = "") -> None:
        """`control` begins as the address says, where it has that choice; what is chosen then is written there.

        `formerly`: what its name was in addresses that people may have kept.
        """
        usual, asked = control.value or "", self.asked(name) or self.asked(formerly)
        if asked is not None and (not isinstance(control, ui.select) or asked in control.options):
            control.set_value(asked)
        self._kept[name] = (control, usual)
        control.on_value_change(self._write)

    def keep_page(self, pages: ui.pagination) -> None:
        """The same for the page of a list, from 1: the first where the address names none."""
        words = self.asked("page") or ""
        page = int(words) if FURTHEST.fullmatch(words) else 1
        pages.max = page
        pages.set_value(page)
        self._kept["page"] = (pages, 1)
        pages.on_value_change(self._write)

    def asked(self, name: str) -> str | None:
        """What the address says of `name`; None where it says nothing that could be a name."""
        words = self._asked.get(name)
        return words if words is not None and words.isprintable() and len(words) <= LONGEST else None

    def _write(self) -> None:
        values = {name: (control.value or "", usual) for name, (control, usual) in self._kept.items()}
        query = urlencode({name: value for name, (value, usual) in values.items() if value != usual})
        ui.navigate.history.replace(f"{self._path}?{query}" if query else self._path)


def card(style: str = "") -> ui.card:
    """A card as wide as its place, or as `style` says."""
    made = ui.card().props("flat bordered").classes("gap-2")
    return made.style(style) if style else made.classes("w-full")


def heading(words: str, level: int = 1) -> ui.label:
    """A heading of level 1, the page's, or 2, a section's."""
    made = ui.label(words)
    made.tag = f"h{level}"
    return made


def section_title(words: str) -> None:
    """The heading of a section."""
    heading(words, 2)


class Fold(Generic[Shown]):
    """Draws the first `limit` of some items, and the others below a fold that stays as its reader left it."""

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
    """Says on a page that its data is not updating, and why; looks by itself, so that a read that hangs is said too."""

    def __init__(self, words: Callable[[], str]) -> None:
        self._words = words
        self._failed = ""
        self._label = ui.label().classes("text-negative text-bold w-full q-pa-sm standstill").mark("standstill")
        self._label.props("role=alert").set_visibility(False)
        ui.timer(1.0, self.look, immediate=True)

    def look(self) -> None:
        """Show what is so now."""
        words = self._words() or self._failed
        if words != self._label.text:
            self._label.set_text(words)
        self._label.set_visibility(bool(words))

    def read(self, failure: str) -> None:
        """The page read what it shows, or (`failure` in words) could not."""
        self._failed = failure
        self.look()


def live(banner: Banner, seconds: float, refresh: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Call `refresh` now and then while the page is open; `banner` says so while it cannot read."""

    async def turn() -> None:
        try:
            await refresh()
        except StoreUnavailable:
            banner.read("Data is not updating: the database does not answer.")
        else:
            banner.read("")

    ui.timer(seconds, turn, immediate=True)
