"""The authorisation matrix, docs/reference/authorisation.md: every route of every process, and who may call it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI

from candor.web.routes import Access, accesses
from candor.web.security.auth import Role

WAY_IN: Final = {
    "/": 307,
    "/board": 307,
    "/signin": 401,
    "/signin/callback": 404,
    "/signout": 200,
    "/signout/everywhere": 200,
    "/signout/done": 404,
}
"""How the way in and out answers everybody, with nothing but who they are: no link, no company and no answer of one."""
STAFF: Final = "signed in"
CALLERS: Final = ("anonymous", "source", *(role.name.lower() for role in Role), STAFF)
HEAD: Final = """# Who may call what

`tests/component/services/test_authorisation.py` makes this page, calls every cell on running processes, and fails
for a route that is not here, also one of a mounted app. *anonymous* sends nothing, *source* a webhook's proof, the
next four an API key of that role; *signed in* is a person at the board, of any role. ✓: the route answers, though
perhaps that a body is wrong; ✗: 401 without a key or with another proof, 403 with too low a role; ○: the way in and
out, which answers everybody alike and opens nothing without a sign-in link or the company's provider.

`*` in place of a method is whatever a mounted app answers: files, and the sockets of open pages. A source may send
only the event types that its secrets file names.

`/answers/{token}` asks for a signed link in place of the token: without one it answers everybody 401. `/p/{token}`
likewise, and it is served at the host of `PAGE_URL` alone, where nothing else is. `/v1/callbacks/sms/{token}` asks for
Twilio's signature, `/v1/callbacks/mail` for the mail provider's.
"""


def may(access: Access, caller: str) -> bool:
    """Whether a caller gets past the guards of a route."""
    if access.open:
        return True
    if access.signed:
        return caller == "source"
    if access.session:
        return caller == STAFF
    return caller in CALLERS[2:-1] and access.role is not None and Role.of(caller) >= access.role


def table(apps: Mapping[str, FastAPI]) -> str:
    """The whole document."""
    lines = [HEAD]
    for process, app in apps.items():
        head = f"| method | path | {' | '.join(CALLERS)} |"
        lines += [f"## {process}", "", head, "|---|---|" + "---|" * len(CALLERS)]
        for access in accesses(app):
            marks = " | ".join(_mark(access, caller) for caller in CALLERS)
            # What NiceGUI serves is below its version, which changes more often than who may have it.
            path = re.sub(r"(?<=/_nicegui/)\d[^/]*", "{version}", access.path)
            lines.append(f"| {access.method} | `{path}` | {marks} |")
        lines.append("")
    return "\n".join(lines)


def _mark(access: Access, caller: str) -> str:
    if access.path in WAY_IN:
        return "○"
    return "✓" if may(access, caller) else "✗"
