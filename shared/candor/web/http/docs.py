"""The API reference as one page without script: works offline, and under a policy that allows no scripts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from candor.web.http.codes import CODES
from candor.web.http.public import public_path

STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h2{font-size:1.1rem;margin-top:2rem;border-top:1px solid #ddd;padding-top:1rem}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f5f5f5;padding:.75rem;overflow:auto}
.method{font-weight:700}table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left}
summary{cursor:pointer}
"""
_hash: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def router(guards: Sequence[Any] = ()) -> APIRouter:
    """Return the routes `/openapi.json` and `/docs`; `guards` are dependencies that let callers in."""
    routes = APIRouter(include_in_schema=False, dependencies=guards)

    @routes.get("/openapi.json")
    async def openapi(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    @routes.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(page(request.app.openapi()), headers={"content-security-policy": POLICY})

    return routes


def page(document: dict[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    title = escape(document["info"]["title"])
    operations = [
        _operation(method, path, operation)
        for path, operations in document.get("paths", {}).items()
        for method, operation in operations.items()
    ]
    schemas = document.get("components", {}).get("schemas", {})
    return "".join(
        [
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width">',
            f"<style>{STYLE}</style></head><body><h1>{title}</h1>",
            f'<p>The machine-readable form is <a href="{public_path("/openapi.json")}">/openapi.json</a>.</p>',
            *operations,
            "<h2>Schemas</h2>",
            *(_details(name, schema) for name, schema in sorted(schemas.items())),
            "<h2>Problem codes</h2><table><tr><th>Status<th>Code<th>Title</tr>",
            *(f"<tr><td>{kind.status}<td><code>{code}</code><td>{escape(kind.title)}" for code, kind in CODES.items()),
            "</table></body></html>",
        ]
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    needs = "an API key" if operation.get("security") else "no key"
    parts = [
        f'<h2><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h2>',
        f"<p>{escape(operation.get('description') or operation.get('summary', ''))} <em>Needs {needs}.</em></p>",
    ]
    for parameter in operation.get("parameters", []):
        name, place = escape(parameter["name"]), escape(parameter["in"])
        parts.append(f"<p><code>{name}</code> ({place}) {escape(parameter.get('description', ''))}</p>")
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(_details(f"Body: {media_type}", content.get("schema", {})))
        if "example" in content:
            parts.append(_details("Example", content["example"]))
    answers = operation.get("responses", {}).get("200", {}).get("content", {}).values()
    parts += [_details("Example of an answer", one["example"]) for one in answers if "example" in one]
    return "".join(parts)


def _details(name: str, schema: dict[str, Any]) -> str:
    text = escape(json.dumps(schema, indent=2))
    return f"<details><summary><code>{escape(name)}</code></summary><pre>{text}</pre></details>"
