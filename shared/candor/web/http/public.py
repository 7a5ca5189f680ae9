"""Where a request's app is reached from outside: what redirects, links and cookies must say behind a proxy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from starlette.types import Scope


class Public(NamedTuple):
    """Scheme and host as browsers know them, and the path prefix; both empty where no PUBLIC_URL is set."""

    origin: str = ""
    prefix: str = ""

    @classmethod
    def of(cls, url: str) -> Public:
        """Return the parts of a PUBLIC_URL."""
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{parts.netloc}" if url else "", parts.path.rstrip("/"))


NOWHERE: Final = Public()
_public: Final[ContextVar[Public]] = ContextVar("candor_public", default=NOWHERE)


@contextmanager
def reached_at(public: Public) -> Iterator[None]:
    """Within the block, addresses of our own are given as seen from there."""
    token = _public.set(public)
    try:
        yield
    finally:
        _public.reset(token)


def public_path(path: str) -> str:
    """Return one of our paths, which starts with a slash, as the outside must ask for it."""
    return _public.get().prefix + path


def within_prefix(scope: Scope) -> Scope:
    """Return a scope for a mounted app that makes links by itself: its path and root have the prefix again."""
    prefix = _public.get().prefix
    if not prefix:
        return scope
    return {**scope, "root_path": prefix + scope.get("root_path", ""), "path": prefix + scope["path"]}


def own_page(scope: Scope) -> bool:
    """Whether no page of another site gives an order: browsers say where it comes from, other programs do not."""
    site: bytes | None = dict(scope["headers"]).get(b"sec-fetch-site")
    # Where it is said it decides: a page that keeps its address to itself gives its orders with the Origin `null`.
    return own_origin(scope) if site is None else site in (b"none", b"same-origin")


def own_origin(scope: Scope) -> bool:
    """Whether a request has no Origin but ours; one that only follows a link has none, from wherever it comes."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    origin = headers.get(b"origin")
    if origin is None:
        return True
    asked, host = origin.decode("latin-1").lower(), headers.get(b"host", b"").decode("latin-1").lower()
    public = _public.get().origin
    try:
        place = urlsplit(asked).netloc
    except ValueError:
        # What cannot be read is nobody of ours.
        return False
    if public and place == urlsplit(public).netloc:
        return asked == public
    return place == host != ""
