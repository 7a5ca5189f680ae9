"""Parts of pages about figures: a table that becomes cards where there is no room, and a picture made as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from nicegui import ui

Columns = Sequence[tuple[str, str]]
"""Names of fields, each with its label; the first is what a row is of, `id`."""
CARD: Final = """<div class="q-pa-xs col-12"><q-card flat bordered class="q-pa-sm"><b>{{ props.row.id }}</b>
  <div v-for="one in props.cols.slice(1)" :key="one.name" class="pair"><span class="beside">{{ one.label }}</span>
  <span>{{ one.value }}</span></div></q-card></div>"""


class FiguresTable:
    """A table of plain text, sent to the browser only when it changes."""

    def __init__(self, title: str, columns: Columns) -> None:
        self.table: ui.table = ui.table(columns=_columns(columns), rows=[], row_key="id").classes("w-full")
        laid_out(self.table, title, 1100).props("dense")
        # Cells are bound as text: {{ }} never turns anybody's words into markup.
        self.table.add_slot("item", CARD)
        # The text beside the table says it; Quasar's own text comes with a warning sign.
        self.table.add_slot("no-data", "<span></span>")

    def show(self, rows: list[dict[str, Any]], columns: Columns) -> None:
        """Show these rows and columns unless they are shown already."""
        named = _columns(columns)
        if rows != self.table.rows or named != self.table.columns:
            self.table.columns, self.table.rows = named, rows
            self.table.update()


def laid_out(table: ui.table, name: str, narrow: int = 900) -> ui.table:
    """Give a table its look and its name; in a window below `narrow` CSS pixels each row is a card."""
    # What has no role has no name for a screen reader, and as cards it is no table.
    table.props(f'flat bordered :grid="window.innerWidth < {narrow}" hide-header-sort hide-pagination')
    return table.props(f'role="group" aria-label="{name}"')


def picture(html: str) -> None:
    """Draw HTML of ours, in which everybody else's words were escaped when it was made."""
    ui.html(html, sanitize=False).classes("w-full")


def show_address(link: ui.link, address: str) -> None:
    """Let a link lead elsewhere; an address below the board's, as NiceGUI prefixes the mount path."""
    if link.props.get("href") != address:
        link.props["href"] = address
        link.update()


def _columns(named: Columns) -> list[dict[str, Any]]:
    return [{"name": name, "label": label, "field": name, "align": "left"} for name, label in named]
