"""What stands below a list, by which people turn its pages: numbers, or where it is read by cursors, back and on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from risk_svc.web.board.frame import Address


class Pager:
    """A list's pages from 1; the address keeps the chosen one, and `refresh` reads the list anew."""

    def __init__(self, address: Address, refresh: Callable[[], Awaitable[None]], name: str = "page") -> None:
        self._refresh = refresh
        self._pages = ui.pagination(1, 1, direction_links=True).classes("self-center").mark("pages")
        self._pages.props('max-pages=6 boundary-numbers aria-label="Pages"')
        address.keep_page(self._pages, name)
        self._pages.on_value_change(refresh)

    @property
    def page(self) -> int:
        """The number of the page that is chosen."""
        return self._pages.value or 1

    def narrowed_by(self, *filters: ValueElement[Any]) -> None:
        """Begin with the first page again when one of these changes."""
        for one in filters:
            one.on_value_change(self._first)

    async def _first(self) -> None:
        # In the address too.
        if self.page != 1:
            self._pages.set_value(1)
        else:
            await self._refresh()

    def show(self, page: int, pages: int) -> None:
        """Offer so many pages; `page` is the one that is shown, the last one where a later one was asked for."""
        self._pages.max = pages
        self._pages.set_visibility(pages > 1)
        if page != self.page:
            self._pages.set_value(page)


class Turner:
    """Two buttons below a list that is read by cursors; `refresh` reads the list anew at `cursor`."""

    def __init__(self, refresh: Callable[[], Awaitable[None]], back: str = "Back", more: str = "More") -> None:
        self._refresh = refresh
        self._cursors, self._following = [""], ""
        with ui.row():
            self.back = ui.button(back, on_click=self.turn_back).props("flat dense no-caps")
            self.more = ui.button(more, on_click=self.turn).props("flat dense no-caps")
        self.show("")

    @property
    def cursor(self) -> str:
        """Where the page that is chosen begins."""
        return self._cursors[-1]

    def show(self, following: str) -> None:
        """Offer the page that begins at `following`, and the one before; "" is the end."""
        self._following = following
        self.back.set_visibility(len(self._cursors) > 1)
        self.more.set_visibility(bool(following))

    def narrowed_by(self, *filters: ValueElement[Any]) -> None:
        """Begin with the first page again when one of these changes."""
        for one in filters:
            one.on_value_change(self.begin)

    async def begin(self) -> None:
        """Show the first page."""
        self._cursors, self._following = [""], ""
        await self._refresh()

    async def turn_back(self) -> None:
        """Show the page before; the first one stays."""
        if len(self._cursors) > 1:
            self._cursors.pop()
        await self._refresh()

    async def turn(self) -> None:
        """Show the page that follows; the last one stays."""
        if self._following:
            self._cursors.append(self._following)
        await self._refresh()
