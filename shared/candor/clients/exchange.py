"""What holds of every request to another system: no proxy of the environment, nothing followed, an end."""

from __future__ import annotations

from ssl import SSLContext
from urllib.parse import SplitResult

import httpx


def client(trust: SSLContext, seconds: float) -> httpx.AsyncClient:
    """Return a client of one request, of which each step may take `seconds`; the caller bounds them together."""
    return httpx.AsyncClient(verify=trust, trust_env=False, follow_redirects=False, timeout=seconds)


async def bounded(response: httpx.Response, most: int) -> bytes | None:
    """Return a streamed answer's bytes as they came; None if there are more than `most`."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def check_plain(parts: SplitResult) -> None:
    """Raises ValueError for an address with a user, a query or a fragment in it."""
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be an address without user, query and fragment")
