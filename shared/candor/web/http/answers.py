"""Answers whose body is a document that is ready to be sent."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def shown(document: Any, headers: dict[str, str] | None = None) -> Response:
    """A document as JSON, status 200."""
    return Response(_encode(document), 200, headers, "application/json")
