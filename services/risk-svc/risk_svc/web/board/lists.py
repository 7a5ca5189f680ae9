"""What the pages about matters have in common: inputs of filters, and a table that is paged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from nicegui import ui

from candor.web.http.public import public_path
from risk_svc.web.board import style
from risk_svc.web.board.frame import Address
from risk_svc.web.board.matter_data import ROWS, Listed
from risk_svc.web.board.pager import Pager
from risk_svc.web.board.tables import laid_out, show_address

EMPTY: Final = "Nothing matches so far. What is said hop by hop comes by promise-svc's API: POST /v1/statements."
# Cells are bound as text: {{ }} never turns what somebody wrote into markup.
NAMED: Final = """<q-td :props="props"><a v-if="props.row.link" :href="props.row.link"
  class="strong">{{ props.row.promise }}</a><span v-else>{{ props.row.promise }}</span>
  <div class="beside">{{ props.row.note }}</div></q-td>"""
BADGE: Final = """<q-td :props="props"><span class="badge" :style="{background: props.row.colour}">
  {{ props.row.FIELD }}</span></q-td>"""


def linked_promise(promise_id: str) -> str:
    """The address of a promise's page: NiceGUI prefixes its own links, not those in a template."""
    return public_path("/board/promises/") + quote(promise_id, safe="")


def csv_address(name: str, **asked: object) -> str:
    """The address, below the board's, of a list as CSV; what is None is not asked."""
    query = urlencode({key: value for key, value in asked.items() if value is not None})
    return f"/{name}.csv" + (f"?{query}" if query else "")


def csv_link(label: str = "CSV") -> ui.link:
    """A link whose address `show_address` gives it later."""
    return ui.link(label, "").classes("strong").mark("csv")


def filter_input(label: str, address: Address, name: str) -> ui.input:
    """A text by which a list is filtered; the address keeps it."""
    made = ui.input(label).props("dense outlined clearable debounce=400").classes("w-56")
    address.keep(name, made)
    return made


class MatterTable:
    """A table of a list by pages; on a phone each row is a card. Its first column is a badge."""

    def __init__(
        self,
        columns: Sequence[dict[str, Any]],
        label: str,
        address: Address,
        refresh: Callable[[], Awaitable[None]],
        *,
        empty: str = EMPTY,
        name: str = "page",
    ) -> None:
        self._empty = empty
        with ui.row().classes("w-full items-center justify-between"):
            self.number = ui.label().style(f"color: {style.MUTED}").mark("number")
            self.csv = csv_link()
            self.csv.props["aria-label"] = f"CSV: {label}"
        self.table = badged_table(columns, label)
        self.pager = Pager(address, refresh, name)

    def show(self, listed: Listed, rows: list[dict[str, Any]], csv: str) -> None:
        """Show the rows of a page; `csv` is the address of the list as CSV."""
        show_address(self.csv, csv)
        if rows != self.table.rows:
            self.table.rows = rows
            self.table.update()
        self.number.set_text(number_words(listed) if listed.number.total else self._empty)
        self.pager.show(min(self.pager.page, listed.pages), listed.pages)


class RowsTable:
    """A table of some rows, without pages; its first column is a badge. `empty` is said where there are none."""

    def __init__(self, columns: Sequence[dict[str, Any]], label: str, *, empty: str) -> None:
        self._empty = empty
        self.said = ui.label().style(f"color: {style.MUTED}").mark("said")
        self.table = badged_table(columns, label)

    def show(self, rows: list[dict[str, Any]], failed: Sequence[str] = ()) -> None:
        """Show these rows; `failed` says which of them could not be read, and why."""
        if rows != self.table.rows:
            self.table.rows = rows
            self.table.update()
        self.said.set_text(" ".join([*failed, *([] if rows or failed else [self._empty])]))
        self.said.set_visibility(bool(self.said.text))


def badged_table(columns: Sequence[dict[str, Any]], label: str) -> ui.table:
    """A table whose first column is a badge; on a phone each row is a card."""
    table: ui.table = ui.table(columns=[*columns], rows=[], row_key="id").classes("w-full")
    laid_out(table, label)
    first = columns[0]["name"]
    table.add_slot(f"body-cell-{first}", BADGE.replace("FIELD", first))
    if any(one["name"] == "promise" for one in columns):
        table.add_slot("body-cell-promise", NAMED)
    table.add_slot("item", _card(columns))
    table.add_slot("no-data", "<span></span>")
    return table


def number_words(listed: Listed) -> str:
    """Which rows a page shows, e.g. `26–50 of 10,002`."""
    first = (listed.page - 1) * ROWS + 1
    return (
        f"{first:,}–{first + len(listed.items) - 1:,} of {listed.number}"
        if listed.items
        else f"none of {listed.number}"
    )


def _card(columns: Sequence[dict[str, Any]]) -> str:
    first, *rest = columns
    lines = "".join(
        f'<div><span class="beside">{one["label"]}:</span> {{{{ props.row.{one["field"]} }}}}</div>'
        for one in rest
        if one["name"] != "promise"
    )
    return f"""<div class="q-pa-xs col-12"><q-card flat bordered class="q-pa-sm">
  <div class="row items-center no-wrap"><span class="badge" :style="{{background: props.row.colour}}">
  {{{{ props.row.{first["field"]} }}}}</span>
  <a v-if="props.row.link" class="q-ml-sm strong"
  :href="props.row.link">{{{{ props.row.promise }}}}</a>
  <span v-else class="q-ml-sm">{{{{ props.row.promise }}}}</span></div>
  <div class="beside">{{{{ props.row.note }}}}</div>{lines}</q-card></div>"""
