"""The HTML of a page of the board, made once for all who ask for it: only the page's id and title differ."""

from __future__ import annotations

import struct
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

from nicegui import Client, ui
from starlette.requests import Request
from starlette.responses import Response

MOST: Final = 32
"""Addresses whose HTML is kept, some 40 KB each; the one not asked for longest goes."""
GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
TITLE: Final = (b"<title>", b"</title>")
Listeners = Mapping[int, Sequence[str]]


class Piece(NamedTuple):
    """A part of the HTML that is the same for all, as it is and packed for a gzip stream."""

    plain: bytes
    packed: bytes


class Shell:
    """The HTML of one address. `listeners`: by element, under which ids the browser reports its events."""

    def __init__(self, html: bytes, page_id: str, listeners: Listeners) -> None:
        head, opened, rest = html.partition(TITLE[0])
        self.title, closed, rest = rest.partition(TITLE[1])
        middle, found, tail = rest.partition(page_id.encode())
        if not found or page_id.encode() in tail:
            raise ValueError("the page's id is not in its HTML exactly once")
        self.listeners = listeners
        self._head, self._middle = _piece(head + opened), _piece(closed + middle)
        self._tail = _piece(tail, last=True)

    def response(self, page_id: str, title: str | None, *, zipped: bool) -> Response:
        """The page for one browser, with its own id, and its own title if there is one."""
        titled = self.title if title is None else escape(title).encode()
        own = page_id.encode()
        plain = b"".join((self._head.plain, titled, self._middle.plain, own, self._tail.plain))
        headers = {"cache-control": "no-store", "vary": "Accept-Encoding"}
        if not zipped:
            return Response(plain, media_type="text/html", headers=headers)
        packed = (self._head.packed, _stored(titled), self._middle.packed, _stored(own), self._tail.packed)
        end = struct.pack("<LL", zlib.crc32(plain), len(plain))
        headers["content-encoding"] = "gzip"
        return Response(b"".join((GZIP_HEAD, *packed, end)), media_type="text/html", headers=headers)


class Shells:
    """The shells in use, by what decides how they look."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, Shell] = OrderedDict()

    def of(self, key: Hashable, make: Callable[[], Shell]) -> Shell:
        """The shell of a key, made if it is not there."""
        shell = self._made.get(key) or make()
        self._made[key] = shell
        self._made.move_to_end(key)
        if len(self._made) > self._most:
            self._made.popitem(last=False)
        return shell

    def forget(self) -> None:
        """Make every shell anew when it is next asked for."""
        self._made.clear()


def drawn(route: ui.page, request: Request, draw: Callable[[], object]) -> Shell:
    """Draw a page that nobody opens, for its HTML."""
    client = Client(route, request=request)
    try:
        with client:
            draw()
        html = bytes(client.build_response(request).body)
        return Shell(html, client.id, listeners_of(client))
    finally:
        client.delete()


def listeners_of(client: Client) -> Listeners:
    """The ids of what listens to each element, in the order in which they were added."""
    found = {number: [one.id for one in each._event_listeners.values()] for number, each in client.elements.items()}
    return {number: ids for number, ids in found.items() if ids}


def _piece(plain: bytes, *, last: bool = False) -> Piece:
    # Packed by itself and ended on a whole byte, so that pieces join to one stream whatever stands between them.
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Piece(plain, packer.compress(plain) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH))


def _stored(plain: bytes) -> bytes:
    """A block that is not compressed; at most 65,535 bytes."""
    return struct.pack("<BHH", 0, len(plain), len(plain) ^ 0xFFFF) + plain
