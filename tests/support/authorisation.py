"""The authorisation matrix, docs/reference/authorisation.md: every route of every process, and who may call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI

from candor.web.routes import Access, accesses
from candor.web.security.auth import Role

WAY_IN: Final = frozenset({"/", "/board", "/signin", "/signin/callback", "/signout", "/signout/everywhere"})
"""Open because somebody who is not signed in must reach them; what they do, they do for a session or a link alone."""
CALLERS: Final = ("anonymous", "source", *(role.name.lower() for role in Role))
HEAD: Final = """# Who may call what

`tests/component/services/test_authorisation.py` makes this page, calls every cell on running processes, and fails
for a route that is not here. *anonymous* sends nothing, *source* a webhook's proof, the others an API key of that
role. ✓: the route answers, though perhaps that a body is wrong; ✗: 401 without a key or with another proof, 403 with
too low a role.

Below `/board` all is for staff who are signed in, of any role: pages, scripts and sockets
(`tests/component/risk/web/test_board_access.py`, `test_sessions_end.py`). A source may send only the event types that
its secrets file names.
"""


def may(access: Access, caller: str) -> bool:
    """Whether a caller gets past the guards of a route."""
    if access.open:
        return True
    if access.signed:
        return caller == "source"
    return caller in CALLERS[2:] and access.role is not None and Role.of(caller) >= access.role


def table(apps: Mapping[str, FastAPI]) -> str:
    """The whole document."""
    lines = [HEAD]
    for process, app in apps.items():
        head = f"| method | path | {' | '.join(CALLERS)} |"
        lines += [f"## {process}", "", head, "|---|---|" + "---|" * len(CALLERS)]
        for access in accesses(app):
            marks = " | ".join("✓" if may(access, caller) else "✗" for caller in CALLERS)
            lines.append(f"| {access.method} | `{access.path}` | {marks} |")
        lines.append("")
    return "\n".join(lines)
