"""The page of a promise that was made a moment ago: the board has it within seconds, and until then it looks again."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from starlette.responses import HTMLResponse

from candor.web.http.plain_page import plain_page
from risk_svc.web.board.access import HOME

MADE: Final = "made"
"""Names, in the address, when the promise was made, in seconds of Unix time."""
WITHIN: Final = 60
AGAIN: Final = 2
TITLE: Final = "It is being taken in"
TEXT: Final = f"“{{}}” is saved, and the board shows it within seconds. This page looks again every {AGAIN} seconds."
_NUMBER: Final = re.compile(r"\d{1,12}")


def address(promise_id: str, now: float) -> str:
    """Where a promise that was made at `now` is shown, below the board's own address."""
    return f"/promises/{quote(promise_id, safe='')}?{MADE}={int(now)}"


def waiting(promise_id: str, made: str | None, now: float) -> HTMLResponse | None:
    """A page that looks again by itself, without script; None for a promise that was not made within a minute."""
    if made is None or not _NUMBER.fullmatch(made) or not 0 <= now - int(made) < WITHIN:
        return None
    back = HOME.rstrip("/") + address(promise_id, int(made))
    return plain_page(202, TITLE, TEXT.format(promise_id[:128]), ("Look now", back), again=AGAIN)
