"""A page of a list as CSV (RFC 4180) in which a spreadsheet finds text where there is text, and never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from candor.escaping import no_formula
from candor.web.http.pages import link_header

Format = Literal["json", "csv"]


def cell(value: Any) -> str | float | int:
    """A value as it stands in a cell: nothing for null, RFC 3339 for a time, text that is never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    text = value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
    return no_formula(text)


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows below the names of their columns, none of their cells a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def csv_page(
    request: Request, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], after: str | None
) -> Response:
    """The rows of a page below the names of their columns; the next page is in the `Link` header as for JSON."""
    headers = {**link_header(request, after), "Content-Disposition": "attachment"}
    return Response(csv_text(columns, rows), 200, headers, "text/csv; charset=utf-8")
