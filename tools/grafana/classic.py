"""Makes a dashboard's JSON in Grafana's classic model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tools.grafana.panels import Dashboard, Panel, Query, Section

SCHEMA: Final = 39
COLUMNS: Final = 24
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
Json = dict[str, Any]


def made(dashboard: Dashboard) -> Json:
    """Return the dashboard as the JSON that Grafana reads from a file."""
    return {
        "uid": f"candor-{dashboard.name}",
        "title": dashboard.title,
        "description": dashboard.text,
        "tags": ["candor"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_datasource(), _docs()]},
        "annotations": {"list": []},
        "links": [
            {
                "type": "dashboards",
                "tags": ["candor"],
                "title": "Candor",
                "asDropdown": False,
                "includeVars": True,
                "keepTime": True,
                "targetBlank": False,
                "icon": "external link",
            }
        ],
        "panels": list(_placed(dashboard.sections)),
    }


def _datasource() -> Json:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "regex": "",
    }


def _docs() -> Json:
    return {
        "name": "docs",
        "label": "Address of docs/",
        "description": "Where your company shows the folder docs/ of Candor; links to runbooks begin with it.",
        "type": "textbox",
        "query": "docs",
        "current": {"text": "docs", "value": "docs"},
        "options": [{"text": "docs", "value": "docs", "selected": True}],
        "hide": 0,
    }


def _placed(sections: Sequence[Section]) -> Iterator[Json]:
    """Panels from left to right and from top to bottom, numbered."""
    number, top = 0, 0
    for section in sections:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": section.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
        }
        top, left, tallest = top + 1, 0, 0
        for panel in section.panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            number += 1
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest


def _panel(panel: Panel) -> Json:
    found: Json = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "targets": [_target(panel, n, query) for n, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
        "links": [],
    }
    if panel.runbook:
        found["links"] = [
            {
                "title": f"Runbook: {panel.runbook}" if panel.runbook != "README" else "Runbooks",
                "url": f"${{docs}}/runbooks/{panel.runbook}.md",
                "targetBlank": True,
            }
        ]
    return found


def _target(panel: Panel, number: int, query: Query) -> Json:
    now = panel.kind != "timeseries"
    return {
        "refId": chr(ord("A") + number),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": now,
        "range": not now,
    }


def _defaults(panel: Panel) -> Json:
    steps: list[Json] = [{"color": panel.base, "value": None}]
    steps += [{"color": colour, "value": limit} for limit, colour in panel.steps]
    found: Json = {
        "unit": panel.unit,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    known = {"min": panel.low, "max": panel.high, "decimals": panel.decimals}
    found |= {name: value for name, value in known.items() if value is not None}
    if panel.words:
        options = {str(value): {"text": text, "index": n} for n, (value, text) in enumerate(panel.words.items())}
        found["mappings"] = [{"type": "value", "options": options}]
    if panel.kind == "timeseries":
        found["custom"] = {
            "drawStyle": "line",
            "lineWidth": 2,
            "fillOpacity": 40 if panel.stacked else 5,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
        }
    return found


def _options(panel: Panel) -> Json:
    latest = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if panel.kind == "timeseries":
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    if panel.kind == "bargauge":
        return {"displayMode": "basic", "orientation": "horizontal", "reduceOptions": latest, "showUnfilled": True}
    return {"colorMode": "value", "graphMode": "none", "textMode": "value", "reduceOptions": latest}
