"""The API keys of `candor env`: one for each terminal and role, so that no shell takes another one's key away."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psutil

from candor.local.secret_files import SecretPaths, add_key, write_private

if TYPE_CHECKING:
    from candor.web.security.auth import Role

_ours: Final = re.compile(r"shell-[a-z]+-(\d+)")


def shell_key(paths: SecretPaths, role: Role) -> tuple[str, str]:
    """Return name and key for this terminal and role, made anew; keys of terminals that are closed end."""
    _forget_closed(paths)
    name = f"shell-{role.name.lower()}-{os.getsid(0)}"
    return name, add_key(paths, name, role, ())


def _forget_closed(paths: SecretPaths) -> None:
    entries, open_ = json.loads(paths.api_keys.read_text())["keys"], _sessions()
    kept = [entry for entry in entries if not (found := _ours.fullmatch(entry["name"])) or int(found[1]) in open_]
    if len(kept) < len(entries):
        write_private(paths.api_keys, json.dumps({"keys": kept}, indent=2))


def _sessions() -> set[int]:
    """The sessions that a process still runs in; the one that began a session may have ended long before."""
    found = {os.getsid(0)}
    for pid in psutil.pids():
        with suppress(OSError):
            found.add(os.getsid(pid))
    return found
