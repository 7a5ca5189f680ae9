"""Builders: tables on disk, and mappings of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from candor.tabular.config import TableMap, read_map
from candor.tabular.converting import Converter
from candor.tabular.desk import shapes

MAP = """
zone: Europe/Berlin
exported_at: 2026-11-30T08:00:00Z
decimal: ","
empty: [TBD]
events:
  - type: promise.made
    when: item.order
    time: {from: item.ordered, time: dmy, at: "00:00"}
    data:
      promise_id: {from: item.order, as: id}
      customer_id: {from: item.customer, as: id}
      kind: {value: install}
      what: item.what
      due: {from: item."promised for", time: dmy}
      value: {from: item.amount, as: number}
      labels: {region: item.region, crew: item.crew}
  - type: milestone.reported
    when: item.delivered
    time: {from: item.delivered, time: dmy, at: "12:00"}
    data:
      promise_id: {from: item.order, as: id}
      milestone: {value: delivered}
      status: {value: reached}
      at: {from: item.delivered, time: dmy, at: "12:00"}
      final: {value: true}
"""
COLUMNS = ("order", "customer", "what", "ordered", "promised for", "delivered", "amount", "region", "crew")
SO_1 = ("SO-1", "acme", "Espresso machine", "01.03.2026", "10.03.2026 16:00", "11.03.2026", "1.234,50", "north", "")


def csv_file(
    folder: Path, *rows: Sequence[str], columns: Sequence[str] = COLUMNS, sign: str = ";", name: str = "t"
) -> Path:
    """A CSV file, its cells as they are given: quote them where a test means quotes."""
    path = folder / f"{name}.csv"
    path.write_text("".join(sign.join(row) + "\n" for row in (columns, *rows)), encoding="utf-8")
    return path


def workbook(folder: Path, *rows: Sequence[Any], sheets: Sequence[str] = ("Orders",), name: str = "t") -> Path:
    """An Excel file with the rows on the last of its sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title in sheets:
        sheet = book.create_sheet(title)
    for row in rows:
        sheet.append([cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell for cell in row])
    path = folder / f"{name}.xlsx"
    book.save(path)
    return path


def table_map(text: str = MAP) -> TableMap:
    """A mapping, checked against the events of the services."""
    return read_map(text.encode(), shapes())


def converter(text: str = MAP) -> Converter:
    """What makes events of rows by it."""
    return Converter(table_map(text), shapes())
