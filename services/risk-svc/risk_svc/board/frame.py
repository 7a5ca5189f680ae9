"""What every page of the board has around it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from nicegui import ui

from candor.store.errors import StoreUnavailable

STYLE = """
body { background: #f4f6f8; color: #1f2a37; }
.figure { min-width: 6rem; flex: 1 1 6rem; }
.figure .number { font-size: 1.9rem; font-weight: 650; line-height: 1.1; font-variant-numeric: tabular-nums; }
a:focus-visible, button:focus-visible, tr:focus-visible { outline: 3px solid #1f6f8b; outline-offset: 2px; }
.q-timeline__title { font-size: 1rem; margin-bottom: 2px; } .q-timeline__content { padding-bottom: 10px; }
.q-table td { white-space: normal; } .q-table tbody td { font-size: .9rem; }
"""


def page_frame(title: str) -> ui.label:
    """Header with the way home and out; returns the label that shows the business time."""
    ui.page_title(f"{title} · Candor")
    ui.colors(primary="#1f4e5f", secondary="#1f6f8b", accent="#a3203a")
    ui.add_css(STYLE)
    with ui.header(elevated=False).classes("items-center q-py-sm q-px-md"):
        # NiceGUI puts the mount path in front of a link that starts with a slash.
        ui.link("Candor", "/").classes("text-white text-h6 no-underline")
        ui.space()
        moment = ui.label().props("role=status").classes("text-white").mark("business-time")
        # A form, as a link could be followed from any page of the web; it leads out of NiceGUI, so no event of its own.
        with ui.element("form").props("method=post action=/signout").classes("q-ml-md"):
            ui.button("Sign out").props("flat dense no-caps type=submit text-color=white")
    return moment


def live(seconds: float, refresh: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Call `refresh` now and then while the page is open; says so on the page while the database is away."""
    away = ui.label("Figures stand still: the database does not answer.").classes("text-negative text-bold")
    away.props("role=alert").set_visibility(False)

    async def turn() -> None:
        try:
            await refresh()
        except StoreUnavailable:
            away.set_visibility(True)
        else:
            away.set_visibility(False)

    ui.timer(seconds, turn, immediate=True)
