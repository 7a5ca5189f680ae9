"""The API keys of `candor env`: one for each terminal and role, so that no shell takes another one's key away."""

from __future__ import annotations

import json
import os
import re
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
    entries = json.loads(paths.api_keys.read_text())["keys"]
    kept = [entry for entry in entries if not _closed(entry["name"])]
    if len(kept) < len(entries):
        write_private(paths.api_keys, json.dumps({"keys": kept}, indent=2))


def _closed(name: str) -> bool:
    found = _ours.fullmatch(name)
    return found is not None and not psutil.pid_exists(int(found[1]))
