"""The read route of labels that no rule knew, with the line that would know them."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import yaml
from fastapi import APIRouter, Query
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.mapped.ids import as_id
from candor.intake.mapped.labels import LONGEST_NAME
from candor.intake.routes import intake_of, no_nul
from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.fields import OriginFilter
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Viewer
from delivery_svc.api.responses import UnknownLabelPage
from delivery_svc.api.routes.parked import FormatParameter
from delivery_svc.store.tables import UnknownLabelRow

COLUMNS: Final = ("source", "label", "value", "seen", "last_seen", "rule")
Label = Annotated[str | None, Query(max_length=LONGEST_NAME, description="Only labels of this name.")]
router: Final = APIRouter(tags=["delivery"])


@router.get("/v1/labels/unknown", responses={200: {"model": UnknownLabelPage}})
async def unknown(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: OriginFilter = None,
    label: Label = None,
    format: FormatParameter = "json",
) -> Response:
    """Labels of incidents that no rule of sources.yaml knew, by name; `rule` is a line for it to begin from."""
    no_nul(source=source, label=label)
    query = matching(select(UnknownLabelRow), (UnknownLabelRow.source, source), (UnknownLabelRow.label, label))
    order = ((UnknownLabelRow.source, str), (UnknownLabelRow.label, str), (UnknownLabelRow.value, str))
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(_label))
    if format == "csv":
        items = [msgspec.json.decode(item, type=dict[str, Any]) for item in found.items]
        return csv_page(request, COLUMNS, items, found.next)
    return shown(found.document(), link_header(request, found.next))


def _label(row: UnknownLabelRow) -> dict[str, Any]:
    rule = {"label": row.label, "value": row.value, "kind": as_id(row.label), "id": as_id(row.value)}
    line: str = yaml.safe_dump([rule], default_flow_style=True, sort_keys=False, width=1 << 30, allow_unicode=True)
    return row.model_dump() | {"rule": f"- {line.strip()[1:-1]}"}
