"""The numbers below a list, by which people turn its pages."""

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
