"""Problems as defined by RFC 9457: one exception with a stable code, and the bytes a client gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from candor.web.http.codes import CODES
from candor.web.http.public import public_path

MEDIA_TYPE: Final = "application/problem+json"
_encoder: Final = msgspec.json.Encoder()


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One error: in the body (`pointer`, RFC 6901) or in a query, path or header `parameter`."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that is not a success; `detail` is for the caller and never contains a secret or an address.

    Raises KeyError for a code that is not in the registry.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        kind = CODES[code]
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = kind.status
        self.title = kind.title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})
        self.found: Any = None
        """What is wrong, for whoever may see it; no answer has it, and nothing stores it."""

    @classmethod
    def invalid_field(cls, pointer: str, detail: str, found: Any = None) -> Self:
        """Return a 422 for the value at a JSON pointer of the body; `found` may be shown at a try."""
        problem = cls("invalid_field", detail, errors=[FieldError(detail, pointer=pointer)])
        problem.found = found
        return problem

    @classmethod
    def limit_reached(cls, pointer: str, detail: str, limit: int) -> Self:
        """Return a 422 for one too many of what is at a JSON pointer of the body; `limit` is how many there may be."""
        return cls("limit_reached", detail, errors=[FieldError(detail, pointer=pointer)], extensions={"limit": limit})

    @classmethod
    def invalid_parameter(cls, parameter: str, detail: str) -> Self:
        """Return a 422 for a query, path or header parameter."""
        return cls("invalid_field", detail, errors=[FieldError(detail, parameter=parameter)])

    @classmethod
    def not_found(cls, detail: str = "") -> Self:
        """Return a 404."""
        return cls("not_found", detail)

    @classmethod
    def conflict(cls, code: str = "conflict", detail: str = "") -> Self:
        """Return a 409 with a code of the registry."""
        return cls(code, detail)

    @classmethod
    def unavailable(
        cls, code: str = "store_unavailable", *, retry_after: int = 2, extensions: Mapping[str, Any] | None = None
    ) -> Self:
        """Return a 503 with Retry-After in seconds."""
        return cls(code, headers={"Retry-After": str(retry_after)}, extensions=extensions)

    def body(self) -> bytes:
        """Return the problem document."""
        document: dict[str, Any] = {
            "type": public_path(f"/problems/{self.code}"),
            "title": self.title,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = self.errors
        return _encoder.encode(document | self.extensions)

    def response(self) -> Response:
        """Return the problem as an HTTP response."""
        return Response(self.body(), self.status, self.headers, MEDIA_TYPE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.response()(scope, receive, send)


def forget_way(error: BaseException) -> None:
    """Let go of the frames through which an answered error came, and those of what it came of.

    Some of them hold the error, and so all of its request would wait for a garbage collection, which stops the process
    the longer the more was refused.
    """
    seen: BaseException | None = error
    while seen is not None and seen.__traceback__ is not None:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__


def pointer(path: Iterable[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
